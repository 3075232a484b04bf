"""How often events happened, and to how many users, whatever comes late, twice or at once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.db.models import Sum

from common.windows import DAY
from engagement import counting, counting_sql
from engagement.counting import begin, count_day, count_now, due, finish, take_up
from engagement.event_intake import record_events
from engagement.models import Counting, Event, EventCount, SameUser, VersionUse
from engagement.segment import Spelling
from tests.factories import make_project

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
PLAIN = Spelling({}, {})
HOUR = timedelta(hours=1)


def did(project, user, event="Opened", *, at=NOW, now=None, version="", **facts):
    """Let a user do something; `now` is when it came."""
    now = now or at
    message = {
        "type": "track", "event": event, "timestamp": at.isoformat(),
        "context": {"app": {"version": version}}, **facts,
    }  # fmt: skip
    if user:
        message["userId"] = user
    report = record_events(project.pk, [message], spelling=PLAIN, now=now)
    assert not report.errors, report.errors


def counts(span="day", name="Opened", **where):
    """Return {bucket: (events, users)}."""
    rows = EventCount.objects.filter(span=span, name=name, **where)
    return {row.starts_at: (row.events, row.users) for row in rows}


MIDNIGHT = NOW.replace(hour=0)


@pytest.mark.django_db
class TestACount:
    def test_is_of_events_and_of_users_by_hour_and_day(self, shop):
        for user, hours in (("kim", 3), ("kim", 3), ("kim", 1), ("sam", 1)):
            did(
                shop, user, at=NOW - hours * HOUR, messageId=f"{user}{hours}{Event.objects.count()}"
            )
        count_now(shop, now=NOW)
        assert counts("hour") == {NOW - 3 * HOUR: (2, 1), NOW - HOUR: (2, 2)}
        assert counts("day") == {MIDNIGHT: (4, 2)}

    def test_of_any_event_counts_a_user_once(self, shop):
        did(shop, "kim", "Opened")
        did(shop, "kim", "Saved")
        count_now(shop, now=NOW)
        assert counts("day", "") == {MIDNIGHT: (2, 1)}

    def test_is_kept_apart_by_version(self, shop):
        did(shop, "kim", version="1", at=NOW - HOUR)
        did(shop, "kim", version="2")
        count_now(shop, now=NOW)
        assert counts(version="1") == counts(version="2") == {MIDNIGHT: (1, 1)}

    def test_takes_what_comes_late_into_the_day_it_belongs_to(self, shop):
        did(shop, "kim")
        count_now(shop, now=NOW + timedelta(minutes=5))
        late = NOW + timedelta(hours=5)
        did(shop, "sam", at=NOW - 3 * DAY, now=late)
        assert count_now(shop, now=late) == [(NOW - 3 * DAY).date()]
        assert counts() == {MIDNIGHT: (1, 1), MIDNIGHT - 3 * DAY: (1, 1)}

    def test_may_be_made_again(self, shop):
        did(shop, "kim")
        for minutes in (0, 1, 2):
            count_now(shop, now=NOW + timedelta(minutes=minutes))
        assert counts() == {MIDNIGHT: (1, 1)}
        assert VersionUse.objects.filter(span="day").count() == 1

    def test_sees_no_other_project(self, shop):
        other = make_project("Bakery")
        did(shop, "kim")
        did(other, "kim")
        count_now(shop, now=NOW)
        assert not EventCount.objects.filter(project=other).exists()

    def test_takes_two_ids_of_one_user_for_one(self, shop):
        did(shop, "", anonymousId="a-1", at=NOW - HOUR)
        did(shop, "kim", at=NOW - HOUR)
        count_now(shop, now=NOW)
        assert counts() == {MIDNIGHT: (2, 2)}

        later = NOW + HOUR
        message = {"type": "identify", "userId": "kim", "anonymousId": "a-1"}
        record_events(shop.pk, [message], spelling=PLAIN, now=later)
        assert due(later).filter(project=shop).exists()
        count_now(shop, now=later)
        assert counts() == {MIDNIGHT: (2, 1)}

    def test_settles_a_day_once_it_is_over(self, shop):
        """Who turned out to be one after midnight was one before."""
        did(shop, "", anonymousId="a-1")
        did(shop, "kim")
        count_now(shop, now=NOW)
        SameUser.objects.create(project=shop, anonymous_id="a-1", user_id="kim", learned_at=NOW)
        did(shop, "kim", at=NOW + DAY)
        count_now(shop, now=NOW + DAY)
        assert counts()[MIDNIGHT] == (2, 1)

    def test_follows_a_bounded_number_of_names(self, shop, monkeypatch):
        monkeypatch.setattr(counting_sql, "MOST_NAMES", 2)
        for number in range(5):
            did(shop, "kim", f"Made up {number}")
            did(shop, "kim", "Opened", messageId=str(number))
        count_now(shop, now=NOW)
        names = EventCount.objects.filter(span="day").values_list("name", flat=True)
        assert sorted(names) == ["", "Made up 0", "Opened"]
        assert counts("day", "") == {MIDNIGHT: (10, 1)}

    def test_follows_a_bounded_number_of_versions(self, shop, monkeypatch):
        monkeypatch.setattr(counting_sql, "MOST_PLACES", 1)
        for number in range(3):
            did(shop, "kim", version="1.0", messageId=f"a{number}")
            did(shop, "kim", version=f"0.{number}", messageId=f"b{number}")
        count_now(shop, now=NOW)
        assert counts(version="1.0") == counts(version="") == {MIDNIGHT: (3, 1)}

    def test_of_a_day_that_is_partly_dropped_stays(self, shop, settings):
        did(shop, "kim", at=NOW - 20 * DAY, now=NOW)
        count_now(shop, now=NOW)
        settings.EVENT_RETENTION_DAYS = 10
        Event.objects.all().delete()
        did(shop, "kim")
        Counting.objects.update(counted_until=None)
        count_now(shop, now=NOW)
        assert counts()[MIDNIGHT - 20 * DAY] == (1, 1)


@pytest.mark.django_db
class TestTheVersionInUse:
    def test_is_the_last_one_a_user_was_seen_on(self, shop):
        did(shop, "kim", version="1", at=NOW - 2 * HOUR)
        did(shop, "kim", version="2", at=NOW - HOUR)
        did(shop, "sam", version="1", at=NOW - HOUR)
        count_now(shop, now=NOW)
        day = VersionUse.objects.filter(span="day").order_by("version")
        assert [(row.version, row.users) for row in day] == [("1", 1), ("2", 1)]
        hours = VersionUse.objects.filter(span="hour", version="1").order_by("starts_at")
        assert [row.users for row in hours] == [1, 1]

    def test_is_not_lost_by_an_event_that_says_none(self, shop):
        did(shop, "kim", version="2", at=NOW - HOUR)
        did(shop, "kim")
        count_now(shop, now=NOW)
        assert [one.version for one in VersionUse.objects.filter(span="day")] == ["2"]

    def test_sums_to_all_users(self, shop):
        for number in range(30):
            for step in range(number % 3 + 1):
                version = ["", "1", "2"][step]
                did(shop, f"u{number}", version=version, at=NOW - (3 - step) * HOUR)
        count_now(shop, now=NOW)
        total = VersionUse.objects.filter(span="day").aggregate(n=Sum("users"))["n"]
        assert total == 30


@pytest.mark.django_db
class TestATurn:
    def test_is_due_only_after_something_came(self, shop):
        did(shop, "kim")
        assert take_up(NOW) == 1
        assert due(NOW).count() == 1
        count_now(shop, now=NOW + timedelta(minutes=3))
        later = NOW + timedelta(minutes=5)
        assert not due(later).exists()
        did(shop, "kim", at=later)
        assert due(later).count() == 1

    def test_looks_again_at_what_came_in_the_last_minutes(self, shop):
        """Its transaction may have ended after the count looked."""
        count_now(shop, now=NOW)
        did(shop, "kim", at=NOW - timedelta(seconds=40))
        later = NOW + timedelta(minutes=1)
        assert due(later).exists()
        count_now(shop, now=later)
        assert counts() == {MIDNIGHT: (1, 1)}

    def test_belongs_to_one_worker(self, shop):
        did(shop, "kim")
        take_up(NOW)
        number = Counting.objects.get().pk
        first = begin(number, now=NOW)
        assert begin(number, now=NOW) is None
        assert count_day(first, NOW.date(), now=NOW)
        finish(first, now=NOW)
        assert Counting.objects.get().claimed_at is None

    def test_of_a_worker_that_died_is_taken_over(self, shop):
        did(shop, "kim")
        take_up(NOW)
        number = Counting.objects.get().pk
        dead = begin(number, now=NOW)
        later = NOW + HOUR
        assert begin(number, now=later) is not None
        assert not count_day(dead, NOW.date(), now=later)
        assert not EventCount.objects.exists()

    def test_that_took_long_is_followed_by_a_long_rest(self, shop):
        did(shop, "kim")
        take_up(NOW)
        turn = begin(Counting.objects.get().pk, now=NOW)
        finish(turn, now=NOW + timedelta(seconds=30))
        assert Counting.objects.get().next_due_at == NOW + timedelta(seconds=30 + 600)

    def test_takes_few_queries_a_day(self, shop, django_assert_max_num_queries):
        for number in range(200):
            did(shop, f"u{number % 7}", f"Event {number % 5}", messageId=str(number))
        with django_assert_max_num_queries(16):
            count_now(shop, now=NOW)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_lose_and_double_nothing(self, shop, database_on_disk):
        """Six senders repeat each other's batches while two workers count all the time."""
        start = datetime.now(UTC) - timedelta(seconds=1)
        done = threading.Event()
        faults: list[BaseException] = []

        def sending(number: int) -> None:
            for turn in range(12):
                batch = [
                    {"type": "track", "userId": f"u{i % 17}", "anonymousId": f"a{i % 23}",
                     "event": "Opened", "messageId": f"{turn}-{i}"}
                    for i in range(40)
                ]  # fmt: skip
                if number % 2:
                    batch.reverse()
                record_events(shop.pk, batch, spelling=PLAIN, now=datetime.now(UTC))

        def working(_: int) -> None:
            while not done.is_set():
                count_now(shop, now=datetime.now(UTC))
                done.wait(0.02)

        def guarded(what, number):
            try:
                what(number)
            except BaseException as fault:
                faults.append(fault)
            finally:
                connections.close_all()

        senders = [threading.Thread(target=guarded, args=(sending, n)) for n in range(6)]
        workers = [threading.Thread(target=guarded, args=(working, n)) for n in range(2)]
        for thread in (*senders, *workers):
            thread.start()
        for thread in senders:
            thread.join(120)
        done.set()
        for thread in workers:
            thread.join(120)
        assert faults == []

        count_now(shop, now=datetime.now(UTC) + counting.LEAST_REST)
        assert Event.objects.count() == 12 * 40
        days = EventCount.objects.filter(span="day", name="Opened", starts_at__gte=start - DAY)
        assert days.aggregate(n=Sum("events"))["n"] == 480
        if start.date() == datetime.now(UTC).date():
            assert days.get().users == 17
