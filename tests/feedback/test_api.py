from feedback.models import FeedbackItem

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
