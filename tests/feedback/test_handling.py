import pytest

from dashboard.inbox_history import history_of, words_of_rating
from feedback.handling import add_note, assign, move_to
from feedback.models import FeedbackEvent, FeedbackItem, Status
from tests.factories import NOW, make_feedback

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(shop):
    return make_feedback(shop)


def told(item, *members):
    return [(one.what, one.who) for one in history_of(item, members)]


class TestMoveTo:
    def test_writes_what_it_was_and_what_it_is(self, item, ben):
        move_to(item, Status.CLOSED, by=ben, now=NOW)

        assert item.events.get().details == {"was": "new", "now": "closed"}

    def test_writes_nothing_when_nothing_changes(self, item, ben):
        assert move_to(item, Status.NEW, by=ben, now=NOW) is False
        assert not item.events.exists()


class TestAssign:
    def test_to_oneself_is_a_claim(self, item, ben):
        assign(item, ben, by=ben, now=NOW)

        assert (item.assignee, item.assigned_at) == (ben, NOW)
        assert item.events.get().kind == FeedbackEvent.Kind.CLAIMED

    def test_to_another_is_a_handing_over_with_its_reason(self, item, ben, ada):
        assign(item, ada, by=ben, now=NOW, because="You know the checkout")

        event = item.events.get()
        assert (event.kind, event.text) == (FeedbackEvent.Kind.HANDED_OVER, "You know the checkout")
        assert ("Handed over to Ada", "Ben") in told(item, ada, ben)

    def test_to_nobody_puts_it_back(self, item, ben):
        assign(item, ben, by=ben, now=NOW)
        assign(item, None, by=ben, now=NOW)

        assert (item.assignee, item.assigned_at) == (None, None)

    def test_to_whoever_has_it_changes_nothing(self, item, ben):
        assign(item, ben, by=ben, now=NOW)

        assert assign(item, ben, by=ben, now=NOW) is False
        assert item.events.count() == 1


class TestANote:
    def test_is_kept_with_its_author(self, item, ben):
        add_note(item, "  Known since \x00 May ", by=ben, now=NOW)

        assert item.events.get().text == "Known since \ufffd May"

    def test_without_words_is_none(self, item, ben):
        assert add_note(item, " \n", by=ben, now=NOW) is None


class TestHistory:
    def test_of_old_feedback_says_what_its_row_knows(self, item, ben):
        item.mark_seen(by=ben, now=NOW)

        assert told(item) == [("Received", ""), ("First seen", "Ben")]

    def test_says_how_a_rating_was_given(self, item):
        FeedbackItem.objects.update(rating=2.2, rating_given=3, rating_scale="nps")
        item.refresh_from_db()

        assert words_of_rating(item) == "given as 3 (NPS)"
