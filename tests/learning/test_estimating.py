from datetime import timedelta

import pytest

from deployments.models import Deployment
from deployments.ship import Expectation
from learning.estimating import estimate_checkup
from learning.impact import Estimate
from tests.factories import NOW, make_deployment, make_metric, make_samples

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
