from datetime import timedelta

import pytest

from dashboard.reads.sums import sums_on
from deployments.models import DeploymentStatus
from learning.models import ImpactEstimate
from tests.factories import NOW, make_deployment, make_metric

DAY = timedelta(days=1)


@pytest.fixture
def metric(shop):
    return make_metric(shop)


def give(shop, metric, effect, *, ago=DAY, is_real=True, **facts):
    ship = make_deployment(shop, shipped_at=NOW - ago)
    ImpactEstimate.objects.create(
        checkup=ship.checkups.first(), deployment=ship, metric=metric, word="estimated",
        effect=effect, low=effect - 0.02, high=effect + 0.02, is_real=is_real, method="t",
        window_start_at=ship.shipped_at, window_end_at=NOW, estimated_at=NOW, **facts,
    )  # fmt: skip
    return ship


class TestTheSumOverTime:
    def test_counts_each_ship_in_the_stretches_that_it_went_out_in(self, shop, metric):
        for ago in (10, 100, 200, 500):
            give(shop, metric, 0.1, ago=ago * DAY)

        found = [period.every.ships for period in sums_on(metric, now=NOW)]

        assert found == [1, 3, 4]

    def test_sets_those_that_moved_it_apart(self, shop, metric):
        give(shop, metric, 0.1)
        give(shop, metric, 0.01, is_real=False)

        period = sums_on(metric, now=NOW)[0]

        assert (period.every.ships, period.real.ships) == (2, 1)

    def test_leaves_out_what_was_taken_back(self, shop, metric):
        give(shop, metric, 0.1)
        give(shop, metric, 0.1)
        gone = give(shop, metric, 0.5)
        gone.status, gone.rolled_back_at = DeploymentStatus.ROLLED_BACK, NOW
        gone.save()

        assert sums_on(metric, now=NOW)[-1].every.ships == 2

    def test_is_one_query(self, shop, metric, django_assert_num_queries):
        for _ship in range(5):
            give(shop, metric, 0.1)

        with django_assert_num_queries(1):
            sums_on(metric, now=NOW)


class TestTheMetricsPage:
    def test_shows_both_sums_and_says_which_is_which(self, shop, metric, as_vic):
        give(shop, metric, 0.1)
        give(shop, metric, 0.1)

        page = as_vic.get(f"/p/shop/metrics/{metric.key}/").content.decode()

        assert "+21%" in page
        assert "as measured" in page
        assert "shrunk for the winner’s curse" in page

    def test_says_what_is_missing_where_there_is_nothing_to_add_up(self, shop, metric, as_vic):
        give(shop, metric, 0.1)

        page = as_vic.get(f"/p/shop/metrics/{metric.key}/").content.decode()

        assert "Two ships must have been measured" in page
