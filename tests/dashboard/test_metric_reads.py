from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.windows import DAY
from dashboard.reads.metrics import metric_page, metric_rows
from engagement.intake import record_samples
from engagement.rolling import roll_up
from tests.factories import NOW, make_metric, make_samples

FIVE = timedelta(minutes=5)


def asked(read):
    """Return the queries that `read` makes."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        read()
    return [query["sql"] for query in queries.captured_queries]


def measured(shop, key, *, days=3, **facts):
    metric = make_metric(shop, key, resolution=FIVE, **facts)
    make_samples(metric, NOW - days * DAY, [1.0] * (days * 288))
    return metric


class TestTheListOfMetrics:
    @pytest.mark.parametrize("rolled", [True, False])
    def test_takes_as_many_queries_for_many_as_for_one(self, shop, rolled):
        measured(shop, "first")
        if rolled:
            roll_up()
        few = asked(lambda: metric_rows(shop, now=NOW))
        for n in range(6):
            measured(shop, f"m{n}")
        while rolled and roll_up():
            pass

        assert len(asked(lambda: metric_rows(shop, now=NOW))) == len(few)

    def test_adds_no_samples_up_once_they_are_rolled_up(self, shop):
        measured(shop, "orders")
        roll_up()

        adding = [sql for sql in asked(lambda: metric_rows(shop, now=NOW)) if "SUM(" in sql]
        assert adding == []

    def test_shows_the_same_before_and_after_rolling_up(self, shop):
        measured(shop, "orders")
        before = metric_rows(shop, now=NOW)[0].days
        roll_up()

        assert metric_rows(shop, now=NOW)[0].days == before == [1.0] * 3

    def test_shows_what_came_a_moment_ago(self, shop):
        metric = measured(shop, "orders")
        roll_up()
        late = {"metric": "orders", "at": (NOW - DAY).isoformat(), "value": 289.0}
        record_samples(project=shop, rows=[late], now=NOW)

        assert metric_rows(shop, now=NOW)[0].days == [1.0, 1.0, 2.0]
        assert metric.rollups_due.exists()


class TestAMetricsPage:
    def test_adds_no_samples_up_once_they_are_rolled_up(self, shop):
        metric = measured(shop, "orders")
        roll_up()

        sums = [sql for sql in asked(lambda: metric_page(metric, now=NOW)) if "SUM(" in sql]
        assert len(sums) == 1
        assert "engagement_metricsample" not in sums[0]

    def test_weighs_the_days_of_a_share_by_its_denominators(self, shop):
        rows = [(NOW - DAY, 1, 10), (NOW - DAY + timedelta(hours=1), 45, 90)]
        sent = [
            {"metric": "rate", "at": at.isoformat(), "numerator": above, "denominator": below}
            for at, above, below in rows
        ]
        record_samples(project=shop, rows=sent, now=NOW)
        chart = metric_page(shop.metrics.get(), now=NOW).chart

        assert chart.data["observed"] == [pytest.approx(0.46)]

    def test_shows_days_of_its_reader(self, shop):
        metric = measured(shop, "orders", days=2)
        roll_up()
        with timezone.override("Asia/Tokyo"):
            told = metric_page(metric, now=NOW).chart.data["told"]

        assert all(moment.endswith("00:00") for moment in told)
