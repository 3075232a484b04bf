"""What only a connector may say of a row, and whose it then is."""

import pytest

from feedback.intake import submit_feedback
from feedback.models import Connection, FeedbackItem
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ROW = {"id": "7", "text": "It crashed", "answer_to": {"issue": 7}}


@pytest.fixture
def tracker(shop):
    return Connection.objects.create(project=shop, kind="github", name="Ours", created_at=NOW)


class TestARowOfAConnector:
    def test_belongs_to_its_connection_and_says_how_to_answer(self, shop, tracker):
        submit_feedback(project=shop, rows=[ROW], now=NOW, connection=tracker)

        item = FeedbackItem.objects.get()
        assert (item.connection, item.answer_to, item.extra) == (tracker, {"issue": 7}, {})

    def test_is_taken_over_by_the_connection_that_finds_it_again(self, shop, tracker):
        submit_feedback(project=shop, rows=[ROW], now=NOW, connection=tracker)
        tracker.delete()
        again = Connection.objects.create(project=shop, kind="github", name="B", created_at=NOW)

        report = submit_feedback(project=shop, rows=[ROW], now=NOW, connection=again)

        assert report.unchanged == 1
        assert FeedbackItem.objects.get().connection == again

    def test_stays_with_the_connection_it_has(self, shop, tracker):
        submit_feedback(project=shop, rows=[ROW], now=NOW, connection=tracker)
        other = Connection.objects.create(project=shop, kind="github", name="B", created_at=NOW)

        submit_feedback(project=shop, rows=[ROW], now=NOW, connection=other)

        assert FeedbackItem.objects.get().connection == tracker

    def test_may_tell_a_new_way_to_answer(self, shop, tracker):
        submit_feedback(project=shop, rows=[ROW], now=NOW, connection=tracker)
        moved = {**ROW, "answer_to": {"issue": 8}}

        submit_feedback(project=shop, rows=[moved], now=NOW, connection=tracker)

        assert FeedbackItem.objects.get().answer_to == {"issue": 8}


class TestACallerOfTheApi:
    def test_cannot_say_how_to_answer(self, api):
        api.post("/api/v1/feedback/", ROW, content_type="application/json")

        item = FeedbackItem.objects.get()
        assert (item.connection, item.answer_to) == (None, {})
