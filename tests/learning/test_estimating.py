from datetime import timedelta

import pytest

from deployments.models import Deployment
from deployments.ship import Expectation
from engagement.models import Role
from learning.estimating import estimate_checkup
from learning.impact import Estimate
from learning.inputs import Inputs, span_of
from learning.models import Untouched
from tests.factories import NOW, make_deployment, make_metric, make_project, make_samples

BET = Expectation("m0", "up", 0.02)


def estimated(p_value: float) -> Estimate:
    return Estimate("estimated", 0.05, 0.001, 0.1, p_value, 0.08, "", 0, "test")


@pytest.fixture
def metrics(shop):
    return [make_metric(shop, f"m{number}") for number in range(5)]


class TestWhatCountsAsReal:
    def test_the_metric_that_was_bet_on_is_judged_alone_and_the_others_together(
        self, shop, metrics, monkeypatch
    ):
        deployment = make_deployment(shop, expectation=BET)
        values = iter([0.04, 0.04, 0.5, 0.5, 0.5])
        monkeypatch.setattr("learning.estimating.estimate", lambda *a, **k: estimated(next(values)))

        rows = estimate_checkup(deployment.checkups.get(horizon=timedelta(days=7)), now=NOW)

        assert [row.is_real for row in rows] == [True, False, False, False, False]


class TestAShipThatWasRolledBack:
    """From four to two days ago, at noon, the orders were twice as many."""

    BEGAN = NOW - timedelta(days=4)

    @pytest.fixture
    def orders(self, shop):
        metric = make_metric(shop, "orders")
        make_samples(metric, NOW - timedelta(days=32), [100 + n % 5 for n in range(24 * 28)])
        make_samples(metric, self.BEGAN, [200 + n % 5 for n in range(48)])
        make_samples(metric, self.BEGAN + timedelta(days=2), [100 + n % 5 for n in range(48)])
        return metric

    def estimate(self, shop, ended_at, horizon=timedelta(days=7)):
        make_deployment(shop, "1.0", shipped_at=NOW - timedelta(days=31))
        taken = make_deployment(shop, "1.1", shipped_at=self.BEGAN)
        make_deployment(shop, "1.0", shipped_at=ended_at)
        checkup = Deployment.objects.get(pk=taken.pk).checkups.get(horizon=horizon)
        return estimate_checkup(checkup, now=NOW)[0]

    def test_is_measured_until_then_and_no_longer(self, shop, orders):
        ended_at = self.BEGAN + timedelta(days=2)

        row = self.estimate(shop, ended_at)

        assert row.window_end_at == ended_at
        assert row.effect == pytest.approx(1, abs=0.1)
        assert row.note.startswith("It was rolled back")

    def test_is_measured_as_any_other_by_a_look_before_that(self, shop, orders):
        row = self.estimate(shop, self.BEGAN + timedelta(days=2), timedelta(days=1))

        assert row.window_end_at == self.BEGAN + timedelta(days=1)
        assert "rolled back" not in row.note

    def test_is_never_too_early_to_judge_once_it_is_over(self, shop, orders):
        row = self.estimate(shop, self.BEGAN + timedelta(minutes=20))

        assert (row.word, row.effect) == ("insufficient_data", None)


class TestGuardrails:
    def test_are_judged_among_themselves(self, shop, metrics, monkeypatch):
        metrics[0].role = Role.GUARDRAIL
        metrics[0].save()
        deployment = make_deployment(shop)
        values = iter([0.04, 0.04, 0.5, 0.5, 0.5])
        monkeypatch.setattr("learning.estimating.estimate", lambda *a, **k: estimated(next(values)))

        rows = estimate_checkup(deployment.checkups.get(horizon=timedelta(days=7)), now=NOW)

        assert [row.is_real for row in rows] == [True, False, False, False, False]


class TestShipsBeside:
    """Two ships, three days apart, and a metric that rises by a half with the second."""

    FIRST, SECOND = NOW - timedelta(days=8), NOW - timedelta(days=5)

    @pytest.fixture
    def orders(self, shop):
        metric = make_metric(shop, "orders")
        make_samples(metric, NOW - timedelta(days=40), [100 + n % 7 for n in range(35 * 24)])
        make_samples(metric, self.SECOND, [150 + n % 7 for n in range(5 * 24)])
        return metric

    @pytest.fixture
    def ships(self, shop):
        return [
            make_deployment(shop, "1.0", shipped_at=self.FIRST, areas=("checkout",)),
            make_deployment(shop, "1.1", shipped_at=self.SECOND, areas=("search",)),
        ]

    def look(self, ship):
        return estimate_checkup(ship.checkups.get(horizon=timedelta(days=7)), now=NOW)[0]

    def test_are_named(self, orders, ships):
        row = self.look(ships[0])

        assert row.beside == [ships[1].pk]
        assert "In its window: 1.1." in row.note
        assert row.window_end_at == self.SECOND

    def test_are_looked_past_if_a_person_said_that_they_cannot_touch_the_metric(
        self, shop, orders, ships, ada
    ):
        Untouched.objects.create(
            project=shop, metric=orders, deployment=ships[1], by=ada, stated_at=NOW
        )

        row = self.look(ships[0])

        assert row.beside == []
        assert row.window_end_at == self.FIRST + timedelta(days=7)

    def test_are_looked_past_if_all_of_their_areas_cannot(self, shop, orders, ships):
        Untouched.objects.create(project=shop, metric=orders, area="Search", stated_at=NOW)

        assert self.look(ships[0]).beside == []

    def test_have_no_effect_on_what_they_cannot_touch(self, shop, orders, ships, ada):
        Untouched.objects.create(
            project=shop,
            metric=orders,
            deployment=ships[1],
            because="it only changes the search page.",
            by=ada,
            stated_at=NOW,
        )

        row = self.look(ships[1])

        assert (row.word, row.effect) == ("insufficient_data", None)
        assert "said that this ship cannot touch it: it only changes the search page." in row.note

    def test_in_another_project_hold_for_that_one_alone(self, orders, ships):
        other = make_project()
        metric = make_metric(other, "orders")
        Untouched.objects.create(project=other, metric=metric, area="search", stated_at=NOW)

        assert self.look(ships[0]).beside == [ships[1].pk]


class TestTheDigestOfTheInputs:
    def test_is_the_same_for_the_same_and_another_for_more_samples(self, shop):
        metric = make_metric(shop, "orders")
        make_samples(metric, NOW - timedelta(days=40), [100 + n % 7 for n in range(35 * 24)])
        checkup = make_deployment(shop).checkups.get(horizon=timedelta(days=7))

        first, second = (estimate_checkup(checkup, now=NOW)[0] for _ in range(2))
        make_samples(metric, NOW - timedelta(days=5), [100.0])
        third = estimate_checkup(checkup, now=NOW)[0]

        assert len(first.inputs_digest) == 64
        assert first.inputs_digest == second.inputs_digest != third.inputs_digest


class TestInputsSharedByManyShips:
    def test_give_what_each_ship_would_read_by_itself(self, shop):
        for key in ("orders", "errors"):
            metric = make_metric(shop, key)
            make_samples(metric, NOW - timedelta(days=90), [50 + n % 11 for n in range(90 * 24)])
        ships = [make_deployment(shop, shipped_at=NOW - timedelta(days=9 * n)) for n in (1, 2, 3)]
        week = timedelta(days=7)
        shared = Inputs(shop.pk, span_of(ships, longest=week, now=NOW))

        for ship in ships:
            checkup = ship.checkups.get(horizon=week)
            alone = estimate_checkup(checkup, now=NOW)
            together = estimate_checkup(checkup, now=NOW, inputs=shared)
            assert [row.inputs_digest for row in together] == [row.inputs_digest for row in alone]
