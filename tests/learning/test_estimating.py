from datetime import timedelta

import pytest

from deployments.ship import Expectation
from learning.estimating import estimate_checkup
from learning.impact import Estimate
from tests.factories import NOW, make_deployment, make_metric

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
