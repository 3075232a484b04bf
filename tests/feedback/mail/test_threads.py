"""Mails that answer mails."""

import pytest

from feedback.models import Connection, FeedbackEvent, FeedbackItem, Status
from feedback.taking import take
from feedback.threads import answer_id, answered_by, with_threads
from tests.factories import NOW, make_feedback, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(shop) -> Connection:
    return Connection.objects.create(project=shop, kind="mailbox", name="Support", created_at=NOW)


def a_row(known_by: str, *answers: str) -> dict:
    thread = {"in_reply_to": list(answers)} if answers else {}
    return {"id": known_by, "text": f"This is {known_by}", **thread}


def item(known_by: str) -> FeedbackItem:
    return FeedbackItem.objects.get(external_id=known_by)


class TestAnAnswer:
    def test_belongs_to_what_the_conversation_began_with(self, mailbox):
        take(mailbox, [a_row("a@x")], now=NOW)
        take(mailbox, [a_row("b@x", "a@x")], now=NOW)
        take(mailbox, [a_row("c@x", "b@x", "a@x")], now=NOW)

        assert item("c@x").extra["thread"] == item("a@x").pk

    def test_is_known_too_if_it_comes_in_the_same_page(self, mailbox):
        take(mailbox, [a_row("a@x"), a_row("b@x", "a@x")], now=NOW)

        assert item("b@x").extra["thread"] == item("a@x").pk

    def test_to_what_went_out_from_here_belongs_to_what_that_answered(self, mailbox, shop):
        asked = make_feedback(shop, source="widget")

        take(mailbox, [a_row("b@x", answer_id(asked, 7))], now=NOW)

        assert item("b@x").extra["thread"] == asked.pk

    @pytest.mark.parametrize("status", [Status.ANSWERED, Status.CLOSED])
    def test_opens_what_was_done_again(self, mailbox, shop, status):
        asked = make_feedback(shop)
        FeedbackItem.objects.update(status=status)

        take(mailbox, [a_row("b@x", answer_id(asked, 7))], now=NOW)

        asked.refresh_from_db()
        assert asked.status == Status.NEW
        assert FeedbackEvent.objects.get(feedback=asked).details["feedback"] == item("b@x").pk

    def test_opens_it_only_when_it_comes_the_first_time(self, mailbox, shop):
        asked = make_feedback(shop)
        FeedbackItem.objects.update(status=Status.ANSWERED)
        row = a_row("b@x", answer_id(asked, 7))
        take(mailbox, [row], now=NOW)
        FeedbackItem.objects.update(status=Status.CLOSED)

        take(mailbox, [row], now=NOW.replace(hour=20))

        asked.refresh_from_db()
        assert asked.status == Status.CLOSED
        assert FeedbackEvent.objects.count() == 1

    def test_reads_the_same_however_often_it_comes(self, mailbox):
        rows = [a_row("a@x"), a_row("b@x", "a@x")]
        take(mailbox, rows, now=NOW)

        again = take(mailbox, rows, now=NOW.replace(hour=20))

        assert again.unchanged == 2

    def test_cannot_be_to_what_another_project_heard(self, mailbox):
        theirs = make_feedback(make_project("Bakery"), id="a@x")

        take(mailbox, [a_row("b@x", "a@x", answer_id(theirs, 7))], now=NOW)

        assert "thread" not in item("b@x").extra

    def test_asks_the_database_as_often_for_many_as_for_one(
        self, mailbox, django_assert_max_num_queries
    ):
        take(mailbox, [a_row(f"a{n}@x") for n in range(20)], now=NOW)

        with django_assert_max_num_queries(2):
            with_threads(mailbox, [a_row(f"b{n}@x", f"a{n}@x") for n in range(20)])


class TestTheIdOfAnAnswer:
    def test_says_what_it_answers(self, shop):
        asked = make_feedback(shop)

        assert answered_by(answer_id(asked, 7), shop) == asked.pk

    def test_cannot_be_made_by_anybody_else(self, shop):
        asked, other = make_feedback(shop), make_feedback(shop)
        forged = answer_id(asked, 7).replace(f".{asked.pk}.", f".{other.pk}.")

        assert answered_by(forged, shop) is None

    def test_is_of_one_project(self, shop):
        assert answered_by(answer_id(make_feedback(shop), 7), make_project("Bakery")) is None

    @pytest.mark.parametrize("text", ["", "answer.1.2.x@h", "answer.9" * 90, "<answer.1.1.a@b>"])
    def test_is_nothing_else(self, shop, text):
        assert answered_by(text, shop) is None
