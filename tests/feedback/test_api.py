import pytest

from feedback.models import FeedbackItem
from tests.factories import make_feedback

URL = "/api/v1/feedback/"


def post(api, body):
    return api.post(URL, body, content_type="application/json")


class TestSendFeedback:
    def test_one_thing_said_is_stored(self, api, shop):
        answer = post(api, {"text": "It is slow", "rating": 2})

        assert answer.status_code == 201
        assert FeedbackItem.objects.get(pk=answer.json()["id"]).text == "It is slow"

    def test_the_same_id_again_is_no_error(self, api, shop):
        post(api, {"id": "r1", "text": "It is slow"})
        answer = post(api, {"id": "r1", "text": "It is slow"})

        assert (answer.status_code, answer.json()["created"]) == (200, False)

    def test_a_batch_stores_the_good_rows_and_names_the_bad_ones(self, api, shop):
        answer = post(api, {"feedback": [{"text": "Good"}, {"rating": 9}]})

        report = answer.json()
        assert (report["created"], report["refused"]) == (1, 1)
        assert report["errors"][0]["index"] == 1

    def test_more_rows_than_a_batch_holds_are_refused_with_the_limit(self, api, shop):
        answer = post(api, [{"text": "Good"}] * 1001)

        assert answer.status_code == 413
        assert "at most 1,000" in answer.json()["detail"]


class TestListFeedback:
    def texts(self, api, query=""):
        return [row["text"] for row in api.get(f"{URL}?{query}").json()["results"]]

    @pytest.mark.parametrize(
        "query",
        [
            "rating_max=2",
            "rating_min=1&rating_max=1.5",
            "version=2.0",
            "source=play",
            "q=ADDRESS",
            "status=answered",
            "since=2026-03-15",
        ],
    )
    def test_filters_keep_what_is_asked_for(self, api, shop, query):
        make_feedback(shop, "Good", rating=5, created_at="2026-03-01T10:00:00Z")
        make_feedback(
            shop,
            "The address step",
            rating=1,
            version="2.0",
            source="play",
            reply_text="Sorry",
            created_at="2026-03-16T10:00:00Z",
        )

        assert self.texts(api, query) == ["The address step"]

    def test_newest_first(self, api, shop):
        make_feedback(shop, "Old", created_at="2026-03-01T10:00:00Z")
        make_feedback(shop, "New", created_at="2026-03-02T10:00:00Z")

        assert self.texts(api) == ["New", "Old"]


class TestReadFeedback:
    def test_shows_all_that_came_with_it(self, api, shop):
        item = make_feedback(shop, customer={"id": "c-1", "name": "Kim"}, device="phone")

        said = api.get(f"{URL}{item.pk}/").json()

        assert said["customer"] == {"id": "c-1", "name": "Kim", "email": ""}
        assert said["extra"] == {"device": "phone"}
