from datetime import timedelta

import pytest

from deployments.intake import HORIZONS, record_deployment
from deployments.models import Checkup, Deployment
from deployments.ship import Expectation, Person, Ship, ShippedChange
from tests.factories import NOW, make_deployment

HOUR = timedelta(hours=1)


def record(project, version="1.0", *, at=NOW, **facts):
    ship = Ship(version=version, shipped_at=at, said_when=True, **facts)
    return record_deployment(project=project, ship=ship, now=NOW)


class TestCheckups:
    def test_a_live_ship_makes_its_appointments(self, shop):
        ship = record(shop).deployment

        assert [c.horizon for c in ship.checkups.order_by("due_at")] == list(HORIZONS)

    def test_a_ship_that_is_not_live_makes_none(self, shop):
        record(shop, status="pending")

        assert not Checkup.objects.exists()

    def test_a_hypothesis_with_its_own_window_makes_one_more(self, shop):
        ship = record(shop, expectation=Expectation("orders", "up", 0.02, timedelta(days=14)))

        assert ship.deployment.checkups.filter(horizon=timedelta(days=14)).exists()


class TestSameShip:
    def test_a_retry_is_the_same_ship(self, shop):
        assert record(shop).deployment == record(shop, at=NOW + HOUR).deployment

    def test_a_retry_of_an_older_ship_is_that_ship(self, shop):
        first = record(shop, "1.0", at=NOW - 3 * HOUR).deployment
        record(shop, "1.1", at=NOW - 2 * HOUR)
        record(shop, "1.0", at=NOW - HOUR)

        assert record(shop, "1.0", at=NOW - 3 * HOUR).deployment == first

    def test_a_version_that_comes_back_after_another_is_a_new_ship(self, shop):
        record(shop, "1.0", at=NOW - 2 * HOUR)
        record(shop, "1.1", at=NOW - HOUR)

        assert record(shop, "1.0", at=NOW).created

    def test_history_may_come_in_newest_first(self, shop):
        record(shop, "1.0", at=NOW)
        record(shop, "1.1", at=NOW - HOUR)

        assert record(shop, "1.0", at=NOW - 2 * HOUR).created

    def test_two_ships_of_the_same_second_can_be_retried(self, shop):
        record(shop, "1.0")
        record(shop, "1.1")

        assert not record(shop, "1.0").created

    def test_the_same_version_of_another_commit_is_another_ship(self, shop):
        first = record(shop, sha="aaa").deployment
        second = record(shop, sha="bbb").deployment

        assert first != second

    def test_the_same_version_elsewhere_is_another_ship(self, shop):
        record(shop, environment="a/b")
        record(shop, environment="a", service="b")
        record(shop, environment="a")

        assert Deployment.objects.count() == 3

    def test_taking_a_ship_back_finds_it_though_others_shipped_since(self, shop):
        first = record(shop, "1.0", at=NOW - 2 * HOUR).deployment
        record(shop, "1.1", at=NOW - HOUR)

        assert record(shop, "1.0", at=NOW, status="rolled_back").deployment == first

    def test_another_projects_ship_is_never_found(self, shop, cleo):
        record(shop, external_id="ci-1")

        assert record(cleo.projects.get(), external_id="ci-1").created


class TestNews:
    @pytest.mark.parametrize(
        "states",
        [
            ("pending", "in_progress", "succeeded"),
            ("succeeded", "in_progress", "pending"),
            ("in_progress", "succeeded", "failed"),
            ("failed", "succeeded"),
        ],
    )
    def test_whatever_the_order_a_ship_that_succeeded_is_live(self, shop, states):
        for state in states:
            record(shop, external_id="7", status=state)

        assert Deployment.objects.get().is_live

    def test_it_went_live_when_it_succeeded_not_when_it_began(self, shop):
        record(shop, external_id="7", status="in_progress", at=NOW - HOUR)
        record(shop, external_id="7", status="succeeded", at=NOW)

        assert Deployment.objects.get().shipped_at == NOW

    def test_taking_it_back_does_not_change_when_it_went_live(self, shop):
        record(shop, external_id="7", at=NOW - HOUR)
        record(shop, external_id="7", at=NOW, status="rolled_back")

        assert Deployment.objects.get().shipped_at == NOW - HOUR

    def test_a_later_call_adds_what_was_not_known(self, shop):
        record(shop, areas=("cart",))
        change = ShippedChange("commit", "abc", "Fix the cart")
        record(shop, areas=("search",), title="Cart", changes=(change,))

        ship = Deployment.objects.get()
        assert (ship.title, ship.areas) == ("Cart", ["cart", "search"])
        assert ship.changes.get().summary == "Fix the cart"


class TestPeople:
    def test_a_shipper_who_is_a_member_is_known_as_one(self, shop, ben):
        ship = record(shop, people=(Person("ben@example.com"),)).deployment

        assert ship.shippers.get().user == ben

    def test_a_stranger_with_an_account_is_not(self, shop, cleo):
        ship = record(shop, people=(Person("cleo@example.com"),)).deployment

        assert ship.shippers.get().user is None


class TestHypothesis:
    def test_one_that_cannot_be_kept_does_not_lose_the_ship(self, shop):
        recorded = record(shop, expectation=Expectation("!!!", "up", 0.02))

        assert recorded.created
        assert "hypothesis.metric" in recorded.problems[0]

    def test_once_looked_at_it_is_frozen(self, shop):
        ship = make_deployment(shop, "1.0", expectation=Expectation("orders", "up", 0.02))
        ship.hypothesis.frozen_at = NOW
        ship.hypothesis.save()

        record(shop, at=ship.shipped_at, expectation=Expectation("orders", "up", 0.5))

        ship.hypothesis.refresh_from_db()
        assert ship.hypothesis.min_effect == 0.02
