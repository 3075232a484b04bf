"""Two workers at one place, and calls that come at the same moment."""

import pytest
from django.test import Client
from django.utils import timezone

from feedback.connectors.registry import CONNECTORS
from feedback.gather import gather_page
from feedback.models import Call, Connection, FeedbackItem
from tests.factories import NOW
from tests.feedback.places import KIND, Place, make_connection, said
from tests.threads import TIMES, at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("database_on_disk"),
]


@pytest.fixture
def place(monkeypatch) -> Place:
    place = Place(said(*range(20)), page=5)
    monkeypatch.setitem(CONNECTORS, KIND, place.connector())
    return place


class TestWorkersThatReachForOnePlace:
    def test_do_not_both_get_it(self, shop, place):
        box = make_connection(shop)

        won = at_once(lambda n: Connection.objects.get(pk=box.pk).claim(NOW))

        assert sorted(won) == [False] * (TIMES - 1) + [True]

    def test_store_a_page_once_even_if_each_believes_it_holds_the_claim(self, shop, place):
        """As when a worker was taken for dead: the page of the one that lost is thrown away."""
        box = make_connection(shop)
        box.claim(NOW)
        box.refresh_from_db()

        at_once(lambda n: gather_page(Connection.objects.get(pk=box.pk), now=NOW))

        box.refresh_from_db()
        known = set(FeedbackItem.objects.values_list("external_id", flat=True))
        assert len(known) == FeedbackItem.objects.count() == box.cursor["at"]
        assert box.received_count == len(known)

    def test_gather_all_of_it_between_them(self, shop, place):
        box = make_connection(shop)

        def work(number):
            mine = Connection.objects.get(pk=box.pk)
            if mine.claim(NOW):
                mine.refresh_from_db()
                while gather_page(mine, now=NOW):
                    pass

        at_once(work)

        assert FeedbackItem.objects.count() == 20


class TestACallThatComesSeveralTimesAtOnce:
    def test_is_kept_and_stored_once(self, shop):
        secret = "a-secret-of-some-length"
        survey = make_connection(
            shop, "webhook", next_due_at=None, options={}, secrets={"hook_secret": secret},
            created_at=timezone.now(),
        )  # fmt: skip

        def send(number):
            return (
                Client()
                .post(
                    f"/hooks/feedback/{survey.key}/",
                    {"id": "1", "text": "Twice"},
                    content_type="application/json",
                    headers={"X-Wake-Token": secret, "Idempotency-Key": "c-1"},
                )
                .status_code
            )

        assert set(at_once(send)) == {201}
        assert (Call.objects.count(), FeedbackItem.objects.count()) == (1, 1)
