import pytest

from common.windows import DAY
from deployments.models import Delivery, Deployment
from tests.factories import NOW, make_deployment

URL = "/api/v1/deployments/"


def post(api, body):
    return api.post(URL, body, content_type="application/json")


class TestReportDeployment:
    def test_a_ship_is_recorded(self, api, shop):
        answer = post(api, {"version": "1.2.3"})

        assert answer.status_code == 201
        assert Deployment.objects.get(project=shop).version == "1.2.3"

    def test_a_retry_is_no_error_and_stores_nothing_twice(self, api, shop):
        post(api, {"version": "1.2.3"})
        answer = post(api, {"version": "1.2.3"})

        assert (answer.status_code, answer.json()["created"]) == (200, False)
        assert Deployment.objects.filter(project=shop).count() == 1

    def test_a_body_that_is_not_json_is_refused_and_kept(self, api, shop):
        answer = post(api, '{"version": ')

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "body"
        kept = Delivery.objects.get(project=shop)
        assert (kept.outcome, bytes(kept.body)) == ("unreadable", b'{"version": ')

    def test_the_answer_says_where_to_look_and_when_wake_looks(self, api, shop):
        said = post(api, {"version": "1.2.3", "finished_at": "2026-03-01T10:00:00Z"}).json()

        ship = Deployment.objects.get()
        assert said["url"] == f"http://localhost:8000/p/shop/ships/{ship.pk}/"
        assert said["checkups_due"][:2] == ["2026-03-01T11:00:00Z", "2026-03-02T10:00:00Z"]

    def test_the_hypothesis_is_told_back_as_it_was_understood(self, api):
        wish = {"metric": "Checkout Conversion", "min_effect": "-2%", "window": "2w"}

        said = post(api, {"version": "1.2.3", "hypothesis": wish}).json()["hypothesis"]

        assert (said["metric"], said["direction"], said["min_effect"]) == (
            "checkout_conversion", "down", 0.02,
        )  # fmt: skip
        assert said["window_seconds"] == 14 * 24 * 3600

    def test_a_hypothesis_in_a_commit_is_read(self, api):
        commit = {"sha": "abc", "message": "Fix\n\nExpect: orders +2% within 7d"}

        said = post(api, {"version": "1.2.3", "commits": [commit]}).json()

        assert said["hypothesis"]["metric"] == "orders"

    def test_what_could_not_be_read_is_said(self, api):
        said = post(api, {"version": "1.2.3", "commits": [{"sha": "abc"}, 7]}).json()

        assert said["problems"] == ["commits[1]: must be an object."]

    def test_a_link_that_is_not_of_the_web_is_left_out(self, api):
        post(api, {"version": "1.2.3", "url": "javascript:alert(1)"})

        assert Deployment.objects.get().url == ""


class TestListDeployments:
    def versions(self, api, query=""):
        return [row["version"] for row in api.get(f"{URL}?{query}").json()["results"]]

    def test_newest_first(self, api, shop):
        make_deployment(shop, "1.0", shipped_at=NOW - 2 * DAY)
        make_deployment(shop, "1.1", shipped_at=NOW - DAY)

        assert self.versions(api) == ["1.1", "1.0"]

    @pytest.mark.parametrize(
        "query",
        [
            "environment=staging",
            "service=web",
            "status=failed",
            "version=2.0",
            "since=2026-03-15",
            "since=2026-03-15T00:00:00Z&until=2026-03-17",
        ],
    )
    def test_filters_keep_what_is_asked_for(self, api, shop, query):
        make_deployment(shop, "1.0", shipped_at=NOW - 9 * DAY)
        make_deployment(
            shop,
            "2.0",
            shipped_at=NOW - 2 * DAY,
            environment="staging",
            service="web",
            status="failed",
        )

        assert self.versions(api, query) == ["2.0"]

    def test_a_status_that_is_not_known_is_refused_with_those_that_are(self, api):
        answer = api.get(f"{URL}?status=odd")

        assert answer.status_code == 400
        assert "rolled_back" in answer.json()["detail"]

    def test_pages_follow_each_other_without_gap_or_repetition(self, api, shop):
        for n in range(7):
            make_deployment(shop, f"1.{n}", shipped_at=NOW - DAY)  # all at one moment

        seen, url = [], f"{URL}?page_size=3"
        while url:
            page = api.get(url).json()
            seen += [row["version"] for row in page["results"]]
            url = page["next"]

        assert seen == [f"1.{n}" for n in reversed(range(7))]

    def test_a_longer_list_costs_no_more_queries(self, api, shop, django_assert_max_num_queries):
        for n in range(5):
            make_deployment(shop, f"1.{n}")

        # the key, its use, the ships, their people; who came next, what was taken back, its names
        with django_assert_max_num_queries(8):
            api.get(URL)


class TestReadDeployment:
    def test_shows_what_went_out_and_what_else_was_sent(self, api, shop):
        pk = post(
            api,
            {
                "version": "1.0",
                "author": "ada@example.com",
                "commits": [{"sha": "abc", "message": "Fix the cart", "files": ["cart.py"]}],
                "pipeline": 7,
            },
        ).json()["id"]

        said = api.get(f"{URL}{pk}/").json()

        assert said["changes"][0]["files"] == ["cart.py"]
        assert said["shippers"] == [{"email": "ada@example.com", "name": ""}]
        assert said["extra"] == {"pipeline": 7}
        assert len(said["checkups"]) == 6
