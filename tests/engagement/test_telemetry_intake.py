"""Points of OpenTelemetry become samples: each once, in its bucket, in whatever order they come."""

import threading
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from django.db import connection

from engagement.models import MetricSample, SeenInstrument, StreamPart, StreamPoint
from engagement.telemetry_intake import KEPT, drop_old_points, record_points
from engagement.telemetry_points import instruments_in
from engagement.telemetry_taken import Taken
from tests.engagement.telemetry import follow, request_of
from tests.factories import NOW

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = NOW - 2 * HOUR


def take(shop, request, now: datetime = NOW) -> Taken:
    return record_points(shop, list(instruments_in(request)), now=now)


def values(shop, key: str = "orders") -> dict[datetime, float]:
    samples = MetricSample.objects.filter(metric__project=shop, metric__key=key)
    return dict(samples.values_list("taken_at", "value"))


def total(minutes: int, value: float, since: datetime = START, **more) -> dict:
    return {"at": START + minutes * MINUTE, "since": since, "value": value, **more}


class TestACounterThatTellsItsTotal:
    def test_adds_what_was_counted_to_its_bucket(self, shop):
        follow(shop)

        take(shop, request_of("orders", [total(10, 4), total(50, 9), total(70, 11)]))

        assert values(shop) == {START: 9, START + HOUR: 2}

    def test_adds_what_was_counted_up_to_the_very_end_of_a_bucket(self, shop):
        follow(shop)

        take(shop, request_of("orders", [total(50, 4), total(60, 9), total(61, 9)]))

        assert values(shop) == {START: 9, START + HOUR: 0}

    def test_counts_from_nothing_when_it_begins_again(self, shop):
        follow(shop)
        again = START + 30 * MINUTE

        take(shop, request_of("orders", [total(20, 7), total(40, 3, again), total(50, 5, again)]))

        assert values(shop) == {START: 12}

    def test_counts_from_nothing_when_it_falls_without_saying_so(self, shop):
        follow(shop)

        take(shop, request_of("orders", [total(20, 7), total(40, 3)]))

        assert values(shop) == {START: 10}

    def test_tells_nothing_by_its_first_point_if_it_began_long_ago(self, shop):
        follow(shop)
        ago = START - DAY

        take(shop, request_of("orders", [total(10, 1_000, ago), total(20, 1_002, ago)]))

        assert values(shop) == {START: 2}

    def test_leaves_out_what_happened_nobody_knows_when(self, shop):
        follow(shop, resolution=5 * MINUTE)

        take(shop, request_of("orders", [total(1, 1), total(2, 2), total(100, 900)]))

        assert values(shop) == {START: 2}

    @pytest.mark.parametrize("order", list(permutations(range(4))))
    def test_gives_the_same_in_whatever_order_it_comes(self, shop, order):
        follow(shop)
        again = START + 40 * MINUTE
        points = [total(10, 4), total(30, 9), total(50, 2, again), total(70, 6, again)]

        for place in order:
            take(shop, request_of("orders", [points[place]]))

        assert values(shop) == {START: 11, START + HOUR: 4}

    def test_is_not_confused_by_two_that_look_the_same(self, shop):
        follow(shop)
        other = START + MINUTE

        for minutes in (10, 20, 30):
            take(shop, request_of("orders", [total(minutes, minutes)]))
            late = {"at": START + minutes * MINUTE + timedelta(seconds=5), "since": other}
            take(shop, request_of("orders", [{**late, "value": minutes * 2}]))

        assert values(shop) == {START: 90}


class TestACounterThatTellsWhatWasAdded:
    def added(self, minutes: int, value: float, **more) -> dict:
        at = START + minutes * MINUTE
        return {"at": at, "since": at - MINUTE, "value": value, **more}

    def test_adds_up_over_calls_and_attributes(self, shop):
        follow(shop)
        for minutes in (10, 20, 30):
            points = [self.added(minutes, 2, attributes={"shop": shop}) for shop in "ab"]
            take(shop, request_of("orders", points, is_delta=True))

        assert values(shop) == {START: 12}

    def test_counts_a_point_that_is_sent_again_once(self, shop):
        follow(shop)
        request = request_of("orders", [self.added(10, 2), self.added(20, 3)], is_delta=True)

        first, again = take(shop, request), take(shop, request)

        assert (first.new, first.known, again.new, again.known) == (2, 0, 0, 2)
        assert values(shop) == {START: 5}

    def test_counts_what_comes_late_and_out_of_order(self, shop):
        follow(shop)
        for minutes in (30, 10, 70, 20):
            take(shop, request_of("orders", [self.added(minutes, 1)], is_delta=True))

        assert values(shop) == {START: 3, START + HOUR: 1}


class TestOtherInstruments:
    def test_give_the_mean_of_a_gauge(self, shop):
        follow(shop, shape="gauge", take="mean")

        take(shop, request_of("orders", [total(10, 4), total(50, 8), total(70, 1)], told="gauge"))

        assert values(shop) == {START: 6, START + HOUR: 1}

    def test_give_the_levels_of_all_instances_added_up(self, shop):
        follow(shop, shape="level", take="level")
        points = [
            total(minutes, value, attributes={"host": host})
            for host, minutes, value in (("a", 10, 5), ("a", 50, 7), ("b", 40, 2))
        ]

        take(shop, request_of("orders", points, is_monotonic=False))

        assert values(shop) == {START: 9}

    @pytest.mark.parametrize(("how", "value"), [("count", 10), ("sum", 900), ("mean", 90)])
    @pytest.mark.parametrize("told", ["histogram", "exponential_histogram", "summary"])
    def test_give_count_sum_or_mean_of_what_was_measured(self, shop, how, value, told):
        follow(shop, shape="histogram", take=how)
        points = [total(10, 100, count=2), total(50, 900, count=10), total(59, 900, count=10)]

        take(shop, request_of("orders", points, told=told))

        assert values(shop) == {START: value}

    def test_give_no_mean_of_nothing(self, shop):
        follow(shop, shape="histogram", take="mean")
        points = [total(10, 100, count=2), total(59, 100, count=2), total(90, 100, count=2)]

        take(shop, request_of("orders", points, told="histogram"))

        assert values(shop) == {START: 50}

    def test_are_refused_if_they_are_another_kind_than_before(self, shop):
        follow(shop)

        taken = take(shop, request_of("orders", [total(10, 4)], told="gauge"))

        assert (taken.refused, taken.why) == (1, ["orders is now a gauge."])


class TestWhatIsNoNumber:
    def test_is_left_out_and_named(self, shop):
        follow(shop, shape="gauge", take="mean")
        points = [total(10, float("nan")), total(20, float("inf")), total(30, 4)]

        taken = take(shop, request_of("orders", points, told="gauge"))

        assert taken.refused == 2
        assert values(shop) == {START: 4}

    def test_is_no_fault_where_it_says_that_nothing_was_recorded(self, shop):
        follow(shop, shape="gauge", take="mean")
        points = [total(10, None, flags=1), total(30, 4)]

        taken = take(shop, request_of("orders", points, told="gauge"))

        assert (taken.refused, values(shop)) == (0, {START: 4})

    def test_is_refused_where_it_is_too_old_or_from_the_future(self, shop):
        follow(shop)

        taken = take(shop, request_of("orders", [total(-3 * 1440, 4), total(3 * 1440, 4)]))

        assert taken.refused == 2
        assert values(shop) == {}


class TestAPlace:
    def test_tells_which_points_are_meant(self, shop):
        follow(shop, environment="production", service="web", version="2.0")
        for place in (
            {"service.name": "web", "service.version": "2.0"},
            {"deployment.environment": "staging", "service.name": "web", "service.version": "2.0"},
            {"deployment.environment": "production", "service.name": "api"},
        ):
            take(shop, request_of("orders", [total(10, 4)], place=place))
        assert values(shop) == {}

        take(shop, request_of("orders", [total(10, 4)]))

        assert values(shop) == {START: 4}

    def test_may_be_named_by_the_newer_convention(self, shop):
        follow(shop, environment="production")
        place = {"deployment.environment.name": "production"}

        take(shop, request_of("orders", [total(10, 4)], place=place))

        assert values(shop) == {START: 4}


class TestWhatIsNotFollowed:
    def test_is_counted_and_named_and_nothing_of_it_is_stored(self, shop):
        for minutes in (10, 20):
            points = [total(minutes, 4, attributes={"customer": "ben@example.com"})]
            taken = take(shop, request_of("orders", points))

        seen = SeenInstrument.objects.get()
        assert (taken.unfollowed, seen.name, seen.points, seen.shape) == (1, "orders", 2, "sum")
        assert seen.places["service"] == ["web"]
        assert not StreamPoint.objects.exists() and not MetricSample.objects.exists()

    def test_does_not_grow_without_end(self, shop, monkeypatch):
        monkeypatch.setattr("engagement.telemetry_seen.MOST_SEEN", 3)

        for number in range(5):
            take(shop, request_of(f"flood.{number}", [total(10, 4)]))

        assert SeenInstrument.objects.count() == 3

    def test_is_what_another_project_follows(self, shop, cleo):
        bakery = cleo.memberships.get().project
        follow(bakery)

        take(shop, request_of("orders", [total(10, 4)]))

        assert values(bakery) == {}


class TestKeeping:
    def test_refuses_a_flood_of_attributes(self, shop, monkeypatch):
        monkeypatch.setattr("engagement.telemetry_intake.MOST_STREAMS", 3)
        row = follow(shop)
        points = [total(10, 1, attributes={"customer": str(number)}) for number in range(5)]

        taken = take(shop, request_of("orders", points))

        row.refresh_from_db()
        assert (taken.new, taken.refused, values(shop)) == (3, 2, {START: 3})
        assert "sets of attributes" in row.note

    def test_drops_points_that_nothing_is_compared_with_any_more(self, shop):
        row = follow(shop)
        take(shop, request_of("orders", [total(10, 4)]))

        drop_old_points(now=NOW + KEPT - 3 * HOUR)
        assert StreamPoint.objects.count() == 1
        drop_old_points(now=NOW + KEPT)

        assert not StreamPoint.objects.exists() and not StreamPart.objects.exists()
        assert row.streams.count() == 0
        assert values(shop) == {START: 4}

    def test_asks_no_more_for_many_streams_than_for_one(self, shop, django_assert_max_num_queries):
        follow(shop)
        points = [
            total(m, m, attributes={"route": str(r)}) for r in range(50) for m in (10, 20)
        ]  # fmt: skip

        with django_assert_max_num_queries(30):
            take(shop, request_of("orders", points))

        assert values(shop) == {START: 50 * 20}


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_lose_and_double_nothing(self, shop, database_on_disk):
        follow(shop)
        problems: list[Exception] = []

        def post(host: int) -> None:
            try:
                for minutes in (10, 20, 20, 30):
                    at = START + minutes * MINUTE
                    point = {"at": at, "since": at - MINUTE, "value": 1}
                    point["attributes"] = {"host": str(host // 2)}  # two send the same
                    take(shop, request_of("orders", [point], is_delta=True))
            except Exception as problem:
                problems.append(problem)
            finally:
                connection.close()

        threads = [threading.Thread(target=post, args=[host]) for host in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert problems == []
        assert values(shop) == {START: 4 * 3}
