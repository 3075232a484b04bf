"""What an empty bucket means, and by which way samples come."""

from datetime import timedelta

import pytest
from django.db import transaction

from common.windows import Window
from engagement.models import EventMetric, Kind, NoData, SampleWay, Way
from engagement.no_data import FRESH, note_way, zeros_known
from learning.inputs import series_for
from tests.engagement.gauges import make_feed, make_source
from tests.factories import NOW, make_metric

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WINDOW = Window(NOW - 10 * HOUR, NOW)


@pytest.fixture
def orders(shop):
    metric = make_metric(shop, "orders")
    metric.kind, metric.no_data = Kind.COUNT, NoData.ZERO
    metric.save()
    for hours in (6, 5, 3):
        metric.samples.create(taken_at=NOW - hours * HOUR, value=2, received_at=NOW)
    return metric


def values(metric) -> list[float | None]:
    found = series_for(metric, WINDOW).values
    return [None if value != value else float(value) for value in found]


class TestAnEmptyBucket:
    def test_is_zero_from_the_first_sample_on(self, orders):
        assert values(orders) == [None] * 4 + [2, 2, 0, 2, 0, 0]

    def test_is_unknown_unless_somebody_said_otherwise(self, orders):
        orders.no_data = NoData.UNKNOWN

        assert values(orders) == [None] * 4 + [2, 2, None, 2, None, None]

    def test_is_unknown_where_wake_has_not_gathered_yet(self, shop, orders):
        until = (NOW - 2 * HOUR).isoformat()
        make_feed(make_source(shop), "orders", cursor={"until": until})

        assert values(orders) == [None] * 4 + [2, 2, 0, 2, None, None]

    def test_is_unknown_where_events_are_not_worked_out_yet(self, orders):
        EventMetric.objects.create(
            metric=orders, measure="users", changed_at=NOW, worked_out_until=NOW - 2 * HOUR
        )

        assert values(orders) == [None] * 4 + [2, 2, 0, 2, None, None]

    def test_is_unknown_for_a_share_whatever_was_said(self, orders):
        orders.kind = Kind.RATIO

        assert zeros_known(orders, WINDOW) is None

    def test_is_zero_only_if_anything_was_ever_measured(self, orders):
        orders.samples.all().delete()

        assert zeros_known(orders, WINDOW) is None


class TestSayingIt:
    def test_is_possible_by_the_api(self, api, shop):
        sent = {"key": "orders", "kind": "count", "no_data": "zero"}

        answer = api.post("/api/v1/metrics/", sent, content_type="application/json")

        assert answer.json()["no_data"] == "zero"
        assert shop.metrics.get().no_data == NoData.ZERO

    def test_is_refused_for_a_share(self, api):
        sent = {"key": "rate", "kind": "ratio", "no_data": "zero"}

        answer = api.post("/api/v1/metrics/", sent, content_type="application/json")

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "no_data"


class TestTheWay:
    def test_is_noted_once_for_each_door(self, api, shop):
        sample = {"metric": "Orders", "at": "2026-03-18T08:00:00Z", "value": 1}
        for value in (1, 2):
            sent = {"samples": [{**sample, "value": value}, {"metric": 7}, "nonsense"]}
            api.post("/api/v1/metrics/samples/", sent, content_type="application/json")

        assert SampleWay.objects.get().way == Way.API

    def test_is_written_again_only_after_an_hour(self, shop, django_assert_num_queries):
        orders = make_metric(shop, "orders")
        note_way([orders.pk], Way.API, now=NOW)

        with django_assert_num_queries(1):
            assert not note_way([orders.pk], Way.API, now=NOW + FRESH / 2)
        assert note_way([orders.pk], Way.API, now=NOW + 2 * FRESH)

        assert SampleWay.objects.get().last_at == NOW + 2 * FRESH

    def test_is_not_asked_for_again_once_it_is_committed(
        self, shop, django_capture_on_commit_callbacks, django_assert_num_queries
    ):
        orders = make_metric(shop, "orders")
        with django_capture_on_commit_callbacks(execute=True):
            note_way([orders.pk], Way.API, now=NOW)

        with django_assert_num_queries(0):
            assert not note_way([orders.pk], Way.API, now=NOW + FRESH / 2)
        assert note_way([orders.pk], Way.API, now=NOW + FRESH)
        assert note_way([orders.pk], Way.FILE, now=NOW)

    def test_is_asked_for_again_when_it_was_not_committed(self, shop):
        orders = make_metric(shop, "orders")
        with transaction.atomic():
            note_way([orders.pk], Way.API, now=NOW)
            transaction.set_rollback(True)

        assert note_way([orders.pk], Way.API, now=NOW)

    def test_is_noted_for_no_other_project(self, api, shop, cleo):
        make_metric(cleo.memberships.get().project, "orders")
        sent = [{"metric": "orders", "at": "2026-03-18T08:00:00Z", "value": 1}]

        api.post("/api/v1/metrics/samples/", sent, content_type="application/json")

        assert SampleWay.objects.get().metric.project == shop
