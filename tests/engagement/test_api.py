import pytest

from accounts.models import Scope
from engagement.models import MetricSample
from tests.factories import make_key

URL = "/api/v1/metrics/samples/"


def post(api, body, url=URL):
    return api.post(url, body, content_type="application/json")


class TestSendSamples:
    def test_a_sample_is_stored_in_its_bucket(self, api, shop):
        post(api, [{"metric": "orders", "at": "2026-03-01T10:25:00Z", "value": 7}])

        sample = MetricSample.objects.get(metric__project=shop)
        assert (f"{sample.taken_at:%H:%M}", sample.value) == ("10:00", 7)

    def test_the_answer_names_the_metrics_that_are_new(self, api, shop):
        answer = post(api, {"samples": [{"metric": "orders", "at": 1772359200, "value": 7}]})

        assert answer.json()["new_metrics"] == ["orders"]


class TestMetrics:
    def test_a_metric_is_defined_and_listed(self, api, shop):
        post(api, {"key": "Orders", "kind": "count", "resolution": "1d"}, "/api/v1/metrics/")

        said = api.get("/api/v1/metrics/").json()["results"]
        assert [(row["key"], row["kind"], row["resolution_seconds"]) for row in said] == [
            ("orders", "count", 86400)
        ]

    def test_defining_it_again_answers_200(self, api, shop):
        post(api, {"key": "orders"}, "/api/v1/metrics/")

        assert post(api, {"key": "orders"}, "/api/v1/metrics/").status_code == 200


class TestListSamples:
    def test_oldest_first_within_the_times(self, api, shop):
        rows = [
            {"metric": "orders", "at": f"2026-03-0{day}T00:00:00Z", "value": day}
            for day in (4, 3, 2, 1)
        ]
        post(api, rows)

        said = api.get("/api/v1/metrics/orders/samples/?since=2026-03-02&until=2026-03-04").json()

        assert [row["value"] for row in said["results"]] == [2, 3]

    def test_more_rows_than_a_batch_holds_are_refused_with_the_limit(self, api, shop):
        answer = post(api, [{}] * 10_001)

        assert answer.status_code == 413
        assert "at most 10,000" in answer.json()["detail"]


class TestTheShortWayForSamples:
    body = [{"metric": "orders", "at": "2026-03-01T10:25:00Z", "value": 7}]

    @pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic abc"])
    def test_needs_a_key(self, client, db, key):
        headers = {"Authorization": key} if key else {}
        answer = client.post(URL, self.body, content_type="application/json", headers=headers)

        assert answer.status_code == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]

    def test_needs_the_scope(self, client, shop):
        headers = {"Authorization": f"Bearer {make_key(shop, Scope.READ)}"}
        answer = client.post(URL, self.body, content_type="application/json", headers=headers)

        assert answer.status_code == 403
        assert "metrics:write" in answer.json()["detail"]
        assert not MetricSample.objects.exists()

    @pytest.mark.parametrize("body", ["{", "[[1", '{"samples": 1}', '{"rows": []}', "7"])
    def test_says_what_is_wrong_with_a_body(self, api, body):
        answer = post(api, body)

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["mend"]

    def test_is_for_sending_alone(self, api):
        assert api.get(URL).status_code == 405

    def test_refuses_a_row_and_takes_the_others(self, api):
        answer = post(api, [*self.body, {"metric": [], "at": 1, "value": 1}]).json()

        assert (answer["created"], answer["refused"]) == (1, 1)
        assert answer["errors"][0]["index"] == 1

    def test_stores_in_the_project_of_the_key(self, api, shop, cleo):
        post(api, self.body)

        assert [one.metric.project for one in MetricSample.objects.all()] == [shop]
