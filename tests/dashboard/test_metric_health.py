"""What a metric's page says of its samples: the last, the gaps, and who feeds it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboard.reads.metric_health import GAPS_SHOWN, metric_health
from deployments.models import Checkup
from engagement.models import EventMetric, NoData, SampleWay, Way
from tests.dashboard.test_untouched import looked_at
from tests.engagement.gauges import make_feed, make_source
from tests.engagement.telemetry import follow
from tests.factories import NOW, make_metric, make_samples

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def orders(shop):
    return make_metric(shop, "orders")


@pytest.fixture
def measured(shop):
    """Return a ship with looks at a metric behind it, and the metric."""
    metric = make_metric(shop, "sales")
    make_samples(metric, NOW - 40 * DAY, [100 + n % 7 + n % 24 for n in range(24 * 40)])
    return looked_at(shop, "1.0", 8 * DAY), metric


def fill(metric, *hours_ago: int, now=NOW) -> None:
    for hours in hours_ago:
        metric.samples.create(taken_at=now - hours * HOUR, value=2, received_at=now)


class TestFreshness:
    @pytest.mark.parametrize(
        ("ago", "missing", "is_late", "is_silent"),
        [(1, 0, False, False), (2, 1, False, False), (3, 2, True, False), (30, 29, True, True)],
    )
    def test_counts_the_values_that_should_have_come(
        self, orders, ago, missing, is_late, is_silent
    ):
        fill(orders, ago)

        health = metric_health(orders, now=NOW + timedelta(minutes=20))

        assert (health.missing, health.is_late, health.is_silent) == (missing, is_late, is_silent)

    def test_knows_nothing_of_an_empty_metric(self, orders):
        health = metric_health(orders, now=NOW)

        assert (health.last_at, health.is_late, health.is_silent, health.gaps) == (
            None, False, False, [],
        )  # fmt: skip


class TestGaps:
    def test_are_listed_newest_first(self, orders):
        fill(orders, 20, 19, 15, 14, 9, 8)

        found = metric_health(orders, now=NOW).gaps

        assert [(NOW - gap.start, NOW - gap.end, gap.buckets) for gap in found] == [
            (13 * HOUR, 9 * HOUR, 4),
            (18 * HOUR, 15 * HOUR, 3),
        ]

    def test_reach_back_no_further_than_four_weeks(self, orders):
        fill(orders, 24 * 40, 24 * 27, 24 * 27 - 1)

        (gap,) = metric_health(orders, now=NOW).gaps

        assert (gap.start, gap.end) == (NOW - 28 * DAY, NOW - 27 * DAY)

    def test_begin_with_the_first_sample(self, orders):
        fill(orders, 5, 4)

        assert metric_health(orders, now=NOW).gaps == []

    def test_are_counted_where_there_are_many(self, orders):
        fill(orders, *range(1, 61, 2))

        health = metric_health(orders, now=NOW)

        assert (len(health.gaps), health.more_gaps, health.empty) == (GAPS_SHOWN, 21, 29)

    def test_cost_as_many_queries_whatever_there_is(self, orders, django_assert_num_queries):
        fill(orders, *range(1, 400))

        with django_assert_num_queries(7):
            metric_health(orders, now=NOW)


class TestThePage:
    def page(self, client, shop, key="orders") -> str:
        return client.get(reverse("metric", args=[shop.slug, key])).content.decode()

    def test_says_since_when_a_metric_is_silent(self, as_vic, shop, orders):
        fill(orders, 48, now=orders.bucket(timezone.now()))

        page = self.page(as_vic, shop)

        assert "so 47 values are missing" in " ".join(page.split())

    def test_leads_to_the_source_that_feeds_it(self, as_vic, shop, orders):
        feed = make_feed(make_source(shop), "orders")

        page = self.page(as_vic, shop)

        assert reverse("settings_source", args=[shop.slug, feed.source_id]) in page
        assert "The cellar" in page

    def test_names_the_instrument_the_events_and_the_ways(self, as_vic, shop, orders):
        follow(shop, "heat")
        EventMetric.objects.create(metric=orders, measure="users", event="Paid", changed_at=NOW)
        SampleWay.objects.create(metric=orders, way=Way.FILE, last_at=NOW)

        assert "<code>heat</code>" in self.page(as_vic, shop, "heat")
        page = self.page(as_vic, shop)
        assert "How many users did it" in page and "A file that was imported" in page

    def test_says_how_gaps_are_taken(self, as_vic, shop, orders):
        fill(orders, 9, 3, now=timezone.now())
        assert "Estimates treat them as not known" in self.page(as_vic, shop)

        orders.no_data = NoData.ZERO
        orders.save()

        assert "They count as zero" in self.page(as_vic, shop)

    def test_lets_a_member_say_what_an_empty_bucket_means(self, as_ben, shop, orders):
        sent = {"name": "Orders", "kind": "count", "good_direction": "up", "role": "goal"}

        as_ben.post(reverse("metric", args=[shop.slug, "orders"]), {**sent, "no_data": "zero"})

        orders.refresh_from_db()
        assert orders.no_data == NoData.ZERO

    def test_refuses_a_zero_for_a_share(self, as_ben, shop, orders):
        sent = {"name": "Orders", "kind": "ratio", "good_direction": "up", "role": "goal"}

        answer = as_ben.post(
            reverse("metric", args=[shop.slug, "orders"]), {**sent, "no_data": "zero"}
        )

        assert "A share of nothing is not zero, but unknown." in answer.content.decode()

    def test_looks_again_at_ships_when_it_means_something_else(self, as_ben, shop, measured):
        ship, metric = measured
        done = Checkup.objects.filter(deployment=ship, finished_at__isnull=False).count()
        assert done
        facts = {"name": "Orders", "kind": "count", "good_direction": "up", "role": "goal"}
        url = reverse("metric", args=[shop.slug, metric.key])

        as_ben.post(url, {**facts, "no_data": "unknown"})
        assert Checkup.objects.filter(deployment=ship, finished_at__isnull=False).count() == done
        as_ben.post(url, {**facts, "no_data": "zero"})

        assert Checkup.objects.filter(deployment=ship, finished_at__isnull=False).count() < done
