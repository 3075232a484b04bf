"""What a chart draws of a metric that is measured more often than there is room for."""

from datetime import timedelta

import numpy as np
import pytest

from common.windows import DAY, HOUR, Window
from engagement.intake import record_samples
from engagement.models import Kind, MetricSample, NoData
from engagement.rolling import roll_up
from learning.inputs import drawn_series_for, series_for
from tests.factories import NOW, make_metric

pytestmark = pytest.mark.django_db
FIVE = timedelta(minutes=5)
START = NOW.replace(minute=0) - 2 * DAY
WINDOW = Window(START, START + DAY)


@pytest.fixture
def orders(shop):
    return make_metric(shop, "orders", resolution=FIVE, kind=Kind.COUNT)


def record(metric, *rows):
    sent = [{"metric": metric.key, "at": at.isoformat(), **said} for at, said in rows]
    report = record_samples(project=metric.project, rows=sent, now=NOW)
    assert not report.errors


def fill(metric, hours=24, *, skip=()):
    """Give each of `hours` twelve values: its own number, plus 0 to 11."""
    record(
        metric,
        *(
            (START + hour * HOUR + n * FIVE, {"value": hour + n})
            for hour in range(hours)
            for n in range(12)
            if hour not in skip
        ),
    )


def values(metric, window=WINDOW) -> list[float | None]:
    found = drawn_series_for(metric, window).values
    return [None if np.isnan(value) else float(value) for value in found]


class TestWhatIsDrawn:
    @pytest.mark.parametrize("rolled", [True, False])
    def test_are_the_means_of_its_hours(self, orders, rolled):
        fill(orders)
        if rolled:
            roll_up()

        series = drawn_series_for(orders, WINDOW)

        assert series.interval == 3600
        assert series.values.tolist() == [hour + 5.5 for hour in range(24)]

    def test_takes_in_what_came_since_it_was_added_up(self, orders):
        fill(orders)
        roll_up()
        record(orders, (START + HOUR, {"value": 121}))

        assert values(orders)[:3] == [5.5, 16.5, 7.5]

    def test_reads_no_samples_once_they_are_added_up(self, orders):
        fill(orders)
        roll_up()
        MetricSample.objects.all().delete()

        assert values(orders)[0] == 5.5

    def test_weighs_a_share_by_its_denominators(self, shop):
        rate = make_metric(shop, "rate", resolution=FIVE, kind=Kind.RATIO)
        record(
            rate,
            (START, {"value": 0.1, "denominator": 30}),
            (START + FIVE, {"value": 0.5, "denominator": 10}),
        )
        roll_up()

        series = drawn_series_for(rate, WINDOW)

        assert series.values[0] == pytest.approx(0.2)
        assert series.exposure is not None and series.exposure[0] == 40

    def test_has_gaps_where_nothing_was_measured(self, orders):
        fill(orders, skip=(1,))

        assert values(orders)[:3] == [5.5, None, 7.5]

    def test_counts_empty_buckets_where_they_mean_zero(self, orders):
        orders.no_data = NoData.ZERO
        orders.save()
        fill(orders, hours=1)
        record(orders, (START + 2 * HOUR, {"value": 24}))

        assert values(orders)[:4] == [5.5, 0, 2, 0]

    def test_begins_with_the_hour_that_its_window_begins_in(self, orders):
        fill(orders)

        assert values(orders, Window(START + 7 * FIVE, START + 2 * HOUR)) == [5.5, 6.5]

    def test_is_what_was_sent_of_a_metric_by_the_hour(self, shop):
        visits = make_metric(shop, "visits")
        record(visits, *((START + hour * HOUR, {"value": hour}) for hour in range(24)))

        drawn, whole = drawn_series_for(visits, WINDOW), series_for(visits, WINDOW)

        assert drawn.values.tolist() == whole.values.tolist()
