"""What is held back as spam or merged away counts nowhere."""

from datetime import timedelta

import pytest

from common.windows import WEEK, Window
from dashboard.inbox import InboxFilter, count_new
from dashboard.reads.deployment import words_on
from dashboard.reads.home import first_steps, waiting_for
from dashboard.speed import learning_speed
from dashboard.week_ships import lines_of, with_next_look
from dashboard.week_voices import voices_of
from deployments.models import Deployment
from feedback.holding import hold, release
from feedback.merging import merge
from feedback.models import FeedbackItem
from learning.checkup import customers_on
from learning.linking import link_feedback
from learning.models import Attribution
from tests.factories import NOW, make_deployment, make_feedback


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "2.4.0", shipped_at=NOW - timedelta(days=3), title="Address step")


@pytest.fixture(params=["held", "merged"])
def unheard(request, shop, ship, ada):
    """One thing said of the ship, linked to it, and then held back or merged away."""
    item = make_feedback(
        shop, "The address step fails", version="2.4.0", rating=1,
        created_at=NOW - timedelta(hours=5),
    )  # fmt: skip
    link_feedback(shop, now=NOW)
    assert Attribution.objects.get(is_best=True).deployment == ship
    if request.param == "held":
        hold(item, because="Spam", by=ada, now=NOW)
    else:
        other = make_feedback(shop, "Older words", created_at=NOW - timedelta(days=40))
        FeedbackItem.objects.filter(pk=other.pk).update(held_at=None, status="seen", seen_at=NOW)
        merge(item, into=other, by=ada, now=NOW)
    return item


class TestUnheard:
    def test_is_not_in_the_inbox(self, shop, ada, unheard):
        wanted = InboxFilter({"q": "address"}, project=shop, reader=ada)

        assert not wanted.items().exists()
        assert count_new(shop).number == 0

    def test_is_not_in_the_week(self, shop, unheard):
        voices = voices_of(shop, Window.before(NOW, WEEK))

        assert (voices.count, voices.quotes) == (0, ())

    def test_is_not_counted_for_its_ship(self, shop, ship, unheard):
        ships = list(with_next_look(Deployment.objects.all(), NOW))

        assert [line.feedback_count for line in lines_of(ships, NOW)] == [0]

    def test_is_not_on_the_page_of_its_ship(self, ship, unheard):
        words = words_on(ship, now=NOW)

        assert (words.rows, words.count) == ([], 0)

    def test_waits_for_nobody(self, shop, ada, unheard):
        assert waiting_for(ada, shop, now=NOW).unread_count == 0

    def test_makes_no_project_faster(self, shop, unheard):
        assert learning_speed(shop, now=NOW).time_to_feedback.median is None

    def test_is_quoted_in_no_learning(self, ship, unheard):
        assert customers_on(ship).count == 0

    def test_is_not_linked(self, shop, unheard):
        Attribution.objects.all().delete()
        FeedbackItem.objects.update(linked_at=None)
        link_feedback(shop, now=NOW)

        assert not Attribution.objects.filter(feedback=unheard).exists()

    def test_is_not_in_the_lists_of_the_api(self, api, unheard):
        found = api.get("/api/v1/feedback/?q=address").json()["results"]

        assert found == []

    def test_can_still_be_read_by_its_id(self, api, unheard):
        found = api.get(f"/api/v1/feedback/{unheard.pk}/").json()

        assert found["held_at"] or found["merged_into"]


class TestReleased:
    def test_counts_again_once_it_is_linked(self, shop, ship, ada):
        item = make_feedback(shop, "The address step fails", version="2.4.0")
        hold(item, because="Spam", by=ada, now=NOW)
        assert not first_steps(shop).feedback
        release(item, by=ada, now=NOW)
        link_feedback(shop, now=NOW)

        assert first_steps(shop).feedback
        assert words_on(ship, now=NOW).count == 1
