from datetime import timedelta

import pytest

from deployments.ship import Expectation
from learning.intake import confirm_learning
from learning.models import Learning
from outbound.models import Event, Message
from outbound.news import KEPT, LOOK_BACK, forget_old_messages, note_news
from tests.factories import NOW, make_deployment
from tests.outbound.conftest import make_hook

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
BET = Expectation("orders", "up", 0.02)


@pytest.fixture
def hook(shop):
    return make_hook(shop, "https://hook.test")


def ship_an_hour_later(shop, **facts):
    return make_deployment(shop, shipped_at=NOW + HOUR, now=NOW + HOUR, **facts)


def judge(ship, verdict, *, at=NOW + HOUR):
    """Look at a ship, as a checkup does, and draft or bring up to date what was learned."""
    checkup = ship.checkups.order_by("due_at").first()
    checkup.finished_at = at
    checkup.save()
    learning, _ = Learning.objects.update_or_create(
        deployment=ship,
        defaults={
            "project": ship.project, "checkup": checkup, "verdict": verdict, "method": "m",
            "headline": "Orders rose", "drafted_at": at, "due_at": at,
        },
    )  # fmt: skip
    return learning


def told(event):
    return Message.objects.filter(event=event)


class TestAShip:
    def test_that_went_live_is_told_once_however_often_the_bell_rings(self, shop, hook):
        ship = ship_an_hour_later(shop, expectation=BET)

        assert [note_news(now=NOW + 2 * HOUR) for _ in range(3)] == [1, 0, 0]

        data = Message.objects.get().body["data"]
        assert data["project"] == "shop"
        assert (data["ship"]["id"], data["ship"]["version"]) == (ship.pk, ship.version)
        assert data["ship"]["hypothesis"]["metric"] == "orders"
        assert data["ship"]["shippers"] == [{"email": "ada@example.com", "name": ""}]

    def test_that_is_not_live_yet_is_told_when_it_is(self, shop, hook):
        facts = {"version": "1.0.0", "external_id": "a"}
        ship_an_hour_later(shop, status="pending", **facts)
        assert note_news(now=NOW + 2 * HOUR) == 0

        ship_an_hour_later(shop, status="succeeded", **facts)

        assert note_news(now=NOW + 2 * HOUR) == 1

    def test_from_before_the_hook_was_made_is_no_news(self, shop, hook):
        make_deployment(shop, shipped_at=NOW - HOUR)

        assert note_news(now=NOW) == 0

    def test_from_long_ago_is_history(self, shop, hook):
        ship_an_hour_later(shop)

        assert note_news(now=NOW + 2 * HOUR + LOOK_BACK) == 0

    def test_is_told_to_each_hook_of_its_own_project_alone(self, shop, hook, cleo):
        make_hook(shop, "https://second.test")
        make_hook(cleo.projects.get(), "https://bakery.test")
        ship_an_hour_later(shop)

        note_news(now=NOW + 2 * HOUR)

        told_to = sorted(Message.objects.values_list("hook__url", flat=True))
        assert told_to == ["https://hook.test", "https://second.test"]

    @pytest.mark.parametrize("facts", [{"is_on": False}, {"events": [Event.VERDICT_REACHED]}])
    def test_is_not_told_to_who_does_not_want_to_know(self, shop, facts):
        make_hook(shop, "https://hook.test", **facts)
        ship_an_hour_later(shop)

        assert note_news(now=NOW + 2 * HOUR) == 0

    def test_is_not_told_again_when_its_message_is_forgotten(self, shop, hook):
        ship_an_hour_later(shop)
        note_news(now=NOW + 2 * HOUR)

        later = NOW + 2 * HOUR + KEPT + HOUR
        forget_old_messages(now=later)

        assert (Message.objects.count(), note_news(now=later)) == (0, 0)


class TestAVerdict:
    def test_is_told_with_its_word_and_its_learning(self, shop, hook):
        ship = ship_an_hour_later(shop, expectation=BET)
        learning = judge(ship, "supported")

        note_news(now=NOW + 2 * HOUR)

        data = told(Event.VERDICT_REACHED).get().body["data"]
        assert (data["verdict"], data["verdict_label"]) == ("supported", "Supported")
        assert data["learning"]["url"].endswith(f"/p/shop/learnings/{learning.pk}/")

    def test_that_changes_at_a_later_look_is_told_again(self, shop, hook):
        ship = ship_an_hour_later(shop, expectation=BET)
        for verdict in ("insufficient_data", "insufficient_data", "supported"):
            judge(ship, verdict)
            note_news(now=NOW + 2 * HOUR)

        versions = told(Event.VERDICT_REACHED).order_by("pk").values_list("version", flat=True)
        assert list(versions) == ["insufficient_data", "supported"]

    @pytest.mark.parametrize("word", ["too_early", "no_hypothesis"])
    def test_that_is_none_is_not_told(self, shop, hook, word):
        judge(ship_an_hour_later(shop), word)

        note_news(now=NOW + 2 * HOUR)

        assert not told(Event.VERDICT_REACHED).exists()


class TestALearning:
    def test_is_told_once_it_is_confirmed(self, shop, hook, ada):
        learning = judge(ship_an_hour_later(shop, expectation=BET), "supported")
        note_news(now=NOW + 2 * HOUR)
        assert not told(Event.LEARNING_CONFIRMED).exists()

        confirm_learning(learning, by=ada, headline="", takeaway="Ask less.", now=NOW + HOUR)
        for _ in range(2):
            note_news(now=NOW + 2 * HOUR)

        said = told(Event.LEARNING_CONFIRMED).get().body["data"]["learning"]
        assert (said["takeaway"], said["confirmed_by"]) == ("Ask less.", "Ada")


class TestTheBell:
    def test_costs_as_many_queries_for_many_old_ships_as_for_none(
        self, shop, hook, django_assert_max_num_queries
    ):
        for _ in range(5):
            ship_an_hour_later(shop)
        note_news(now=NOW + 2 * HOUR)

        with django_assert_max_num_queries(5):
            note_news(now=NOW + 2 * HOUR)
