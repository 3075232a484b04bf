"""Gathering metrics: every full bucket once, history first, nothing lost, failures in words."""

from datetime import timedelta

import pytest

from common.places import AskedToWait, ConnectionFault
from config.celery import app
from engagement import gather
from engagement.gather import SETTLED, gather_part, hurry
from engagement.models import Feed, MetricSample
from engagement.sources.registry import SOURCES
from learning.source_tasks import gather_due_feeds, versions_for
from tests.engagement.gauges import KIND, Gauges, make_feed, make_source
from tests.factories import NOW as NOON
from tests.factories import make_deployment

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = NOON + 30 * MINUTE  # the hour before is full and settled


@pytest.fixture
def gauges(monkeypatch) -> Gauges:
    gauges = Gauges()
    monkeypatch.setitem(SOURCES, KIND, gauges.kind(most_buckets=100))
    return gauges


@pytest.fixture
def feed(shop, gauges) -> Feed:
    return make_feed(make_source(shop))


def claimed(feed: Feed, now=NOW) -> Feed:
    assert feed.claim(now)
    feed.refresh_from_db()
    return feed


def gather_all(feed: Feed, now=NOW) -> None:
    claimed(feed, now)
    while gather_part(feed, now=now, versions=versions_for):
        pass
    feed.refresh_from_db()


def last_full(feed: Feed, now=NOW):
    return feed.metric.bucket(now - SETTLED)


class TestGathering:
    def test_fills_all_full_buckets_of_the_history(self, feed):
        gather_all(feed)

        times = sorted(MetricSample.objects.values_list("taken_at", flat=True))
        assert times[0] == feed.metric.bucket(NOW - 7 * DAY)
        assert times[-1] == last_full(feed) - HOUR
        assert len(times) == 7 * 24

    def test_asks_for_a_long_history_in_parts(self, feed, gauges):
        gather_all(feed)

        assert [one.window.length / HOUR for one in gauges.asked] == [100, 68]

    def test_goes_on_with_the_part_that_was_not_stored(self, feed, gauges, monkeypatch):
        claimed(feed)
        assert gather_part(feed, now=NOW, versions=versions_for)
        gauges.fault = ConnectionFault("It is down.")
        assert not gather_part(feed, now=NOW, versions=versions_for)
        gauges.fault = None

        feed.refresh_from_db()
        gather_all(feed, now=NOW + HOUR)

        assert MetricSample.objects.count() == 7 * 24 + 1
        assert [one.window.length / HOUR for one in gauges.asked] == [100, 68, 69]

    def test_asks_for_the_last_buckets_again_and_corrects_them(self, feed, gauges):
        gather_all(feed)
        gauges.value = lambda _at: 7.0
        gauges.asked.clear()

        gather_all(feed, now=NOW + HOUR)

        [asked] = gauges.asked
        assert asked.window.length == 3 * HOUR
        assert MetricSample.objects.filter(value=7.0).count() == 3
        assert feed.received_count == 7 * 24 + 3

    def test_leaves_gaps_where_nothing_was_measured(self, feed, gauges):
        gauges.value = lambda at: None if at.hour == 3 else 1.0

        gather_all(feed)

        assert MetricSample.objects.count() == 7 * 23

    def test_makes_a_share_of_two_queries_and_none_of_nobody(self, shop, gauges):
        feed = make_feed(make_source(shop), options={"query": "q", "denominator": "all"})
        gauges.value = lambda _at: 25.0

        gather_all(feed)

        sample = MetricSample.objects.first()
        assert (sample.value, sample.exposure) == (0.25, 100.0)

    def test_is_due_again_when_the_next_bucket_is_full(self, feed):
        gather_all(feed)

        assert feed.next_due_at > last_full(feed) + HOUR
        assert feed.next_due_at < last_full(feed) + HOUR + SETTLED + 2 * MINUTE
        assert feed.claimed_at is None

    def test_keeps_what_the_place_warned_of(self, feed, gauges):
        gauges.notes = ("One store did not answer.",)

        gather_all(feed)

        assert feed.note == "One store did not answer."

    def test_throws_away_what_came_for_a_feed_that_was_changed_meanwhile(self, feed, gauges):
        claimed(feed)
        Feed.objects.update(claimed_at=None)

        assert not gather_part(feed, now=NOW, versions=versions_for)
        assert MetricSample.objects.count() == 0


class TestAQueryWithTheVersion:
    def test_is_asked_for_each_version_as_long_as_it_was_live(self, shop, gauges):
        feed = make_feed(make_source(shop), options={"query": 'a{v="{{ version }}"}'})
        make_deployment(shop, "1.0", shipped_at=NOW - 3 * DAY)
        make_deployment(shop, "2.0", shipped_at=NOW - DAY)

        gather_all(feed)

        asked = [(one.words["version"], one.window) for one in gauges.asked]
        old = [window for version, window in asked if version == "1.0"]
        new = [window for version, window in asked if version == "2.0"]
        assert old[0].start - (NOW - 3 * DAY) < HOUR
        assert (old[-1].end, new[-1].end) == (new[0].start, last_full(feed))

    def test_is_not_asked_before_anything_was_live(self, shop, gauges):
        feed = make_feed(make_source(shop), options={"query": 'a{v="{{ version }}"}'})

        gather_all(feed)

        assert gauges.asked == []
        assert "No version was live" in feed.note

    def test_looks_at_its_own_environment(self, shop, gauges):
        feed = make_feed(make_source(shop), options={"query": 'a{v="{{ version }}"}'})
        make_deployment(shop, "1.0", shipped_at=NOW - 3 * DAY, environment="staging")

        gather_all(feed)

        assert gauges.asked == []


class TestAFailure:
    def test_is_said_with_its_mend_and_without_secrets(self, feed, gauges):
        gauges.fault = ConnectionFault("It refused t0p-secret-token.", "Enter another.")

        gather_all(feed)

        assert "t0p-secret-token" not in feed.problem
        assert feed.problem.endswith("Enter another.")
        assert (feed.failures, feed.failing_since, feed.cursor) == (1, NOW, {})
        assert feed.next_due_at > NOW

    def test_of_one_metric_leaves_the_others(self, shop, feed, gauges):
        other = make_feed(feed.source, "visits")
        gauges.fault = ConnectionFault("It is down.")
        gather_all(feed)
        gauges.fault = None

        gather_all(other)

        assert other.failures == 0
        assert other.metric.samples.count() == 7 * 24

    def test_is_none_if_the_place_only_asks_to_wait(self, feed, gauges):
        gauges.fault = AskedToWait("Too many calls.", retry_after=40 * MINUTE)

        gather_all(feed)

        assert (feed.failures, feed.problem) == (0, "")
        assert feed.rest_until == NOW + 40 * MINUTE
        assert feed.next_due_at >= NOW + 40 * MINUTE

    def test_of_wake_itself_is_told_in_its_log(self, feed, gauges, caplog):
        gauges.fault = RuntimeError("token is t0p-secret-token")

        gather_all(feed)

        assert "RuntimeError" in feed.problem
        assert "RuntimeError" in caplog.text
        assert "t0p-secret-token" not in caplog.text


class TestHurrying:
    def test_makes_due_what_was_not(self, shop, feed):
        gather_all(feed)

        assert hurry(shop, now=NOW + 6 * MINUTE) == 1
        assert Feed.objects.due(NOW + 6 * MINUTE).get() == feed

    def test_leaves_other_projects(self, cleo, feed):
        gather_all(feed)

        assert hurry(cleo.projects.get(), now=NOW + 6 * MINUTE) == 0


class TestTheBell:
    def test_gathers_what_is_due_and_leaves_what_is_paused(self, feed):
        paused = make_feed(feed.source, "visits", is_active=False)

        app.conf.task_always_eager = True
        try:
            gather_due_feeds()
        finally:
            app.conf.task_always_eager = False

        feed.refresh_from_db()
        assert feed.worked_at is not None
        assert paused.metric.samples.count() == 0


def test_a_source_that_this_wake_does_not_know_says_so(shop):
    feed = make_feed(make_source(shop, kind="abacus"))

    gather_all(feed)

    assert "knows no “abacus”" in feed.problem
    assert gather.hurry(shop, now=NOW) == 0
