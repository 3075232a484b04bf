"""Writers of the same samples, and workers adding them up, at the same moment."""

from threading import Barrier, Thread

import pytest
from django.db import connections

from common.windows import HOUR
from engagement.models import Metric, MetricSample
from engagement.rolling import roll_up
from engagement.rolling_check import wrong_buckets
from tests.engagement.test_rollups import FIVE, NOON, day, orders, record
from tests.factories import make_metric

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("database_on_disk"),
]


def at_once(*calls):
    """Run the calls at the same time, each with a connection of its own."""
    gate, faults = Barrier(len(calls)), []

    def run(call):
        try:
            gate.wait()
            call()
        except Exception as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


class TestAtOnce:
    def test_writers_of_the_same_buckets_all_get_through(self, shop):
        rows = [(key, NOON + n * HOUR, {"value": 1}) for key in ("a", "b", "c") for n in range(40)]
        for key in ("a", "b", "c"):
            make_metric(shop, key)

        def write(order):
            for n in range(5):
                sent = [(key, at, {"value": n}) for key, at, _ in rows[::order]]
                record(shop, *sent)

        at_once(*(lambda order=order: write(order) for order in (1, -1, 1, -1)))

        assert MetricSample.objects.count() == 120

    def test_nothing_is_missed_that_comes_while_sums_are_made(self, shop):
        metric = make_metric(shop, "orders", resolution=FIVE)

        def write(first):
            for n in range(12):
                record(shop, orders(n, NOON + (first + n) * FIVE))

        def roll():
            for _ in range(15):
                roll_up()

        at_once(lambda: write(0), lambda: write(20), roll, roll)
        while roll_up():
            pass

        assert day(metric).samples == 24
        assert wrong_buckets(metric) == []

    def test_a_new_metric_is_made_once(self, shop):
        reports = []

        def write():
            reports.append(record(shop, orders(1), orders(2, NOON + HOUR)))

        at_once(write, write, write)

        assert Metric.objects.count() == 1
        assert sum(report.created for report in reports) == 2
