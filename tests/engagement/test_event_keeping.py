"""Events are kept for as long as they are kept: room made ahead, what is old dropped."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from common.months import drop_months, make_months, month_after, months_of
from common.windows import DAY, month_of
from engagement import event_keeping
from engagement.counting_tasks import count_new_events, keep_events_in_bounds
from engagement.event_keeping import drop_what_is_old, make_room
from engagement.models import Event, EventCount, EventReceipt, RefusedEvent

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no partitions"
)
NOW = datetime(2031, 5, 18, 12, 0, tzinfo=UTC)
TABLE = "engagement_event"


def made(project, at):
    event = Event.objects.create(
        project=project, name="Opened", user_id="kim", occurred_at=at, received_at=at
    )
    connection.check_constraints()  # as the end of its transaction would
    return event


def part_of(event) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM engagement_event WHERE id = %s", [event.pk]
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db
class TestWhatIsOld:
    def test_is_dropped_and_what_is_not_stays(self, shop):
        make_room(NOW - 200 * DAY)
        make_room(NOW)
        days = (1, 80, 91, 95, 150, 200)
        for number in days:
            made(shop, NOW - number * DAY)
        drop_what_is_old(NOW)
        kept = Event.objects.order_by("-occurred_at").values_list("occurred_at", flat=True)
        assert [(NOW - at).days for at in kept] == [1, 80, 91]

    def test_is_dropped_in_bounded_turns(self, shop, monkeypatch):
        monkeypatch.setattr(event_keeping, "CHUNK", 2)
        monkeypatch.setattr(event_keeping, "MOST_CHUNKS", 2)
        for _ in range(7):
            made(shop, NOW - 200 * DAY)
        assert drop_what_is_old(NOW)["events"] == 4
        assert drop_what_is_old(NOW)["events"] == 3

    def test_leaves_what_was_counted(self, shop):
        EventCount.objects.create(
            project=shop, span="day", starts_at=NOW - 900 * DAY, events=3, users=2
        )
        drop_what_is_old(NOW)
        assert EventCount.objects.get().events == 3

    def test_is_also_what_remembers_and_what_was_refused(self, shop):
        for number in (1, 13, 15):
            at = NOW - number * DAY
            EventReceipt.objects.create(project=shop, message_id=str(number), received_at=at)
        for number in (1, 100):
            at = NOW - number * DAY
            RefusedEvent.objects.create(project=shop, call="track", body="{}", received_at=at)
        drop_what_is_old(NOW)
        assert EventReceipt.objects.count() == 2
        assert RefusedEvent.objects.count() == 1

    def test_is_as_old_as_the_setting_says(self, shop, settings):
        settings.EVENT_RETENTION_DAYS = 10
        made(shop, NOW - 20 * DAY)
        drop_what_is_old(NOW)
        assert not Event.objects.exists()


@on_postgresql
@pytest.mark.django_db
class TestAMonth:
    def test_is_made_ahead_and_back_to_what_may_still_come(self):
        make_room(NOW)
        months = [f"{month:%Y-%m}" for month in months_of(TABLE) if month.year == 2031]
        assert months == [f"2031-0{number}" for number in range(2, 8)]

    def test_is_made_once(self):
        assert make_room(NOW)
        assert make_room(NOW) == []

    def test_takes_its_events(self, shop):
        make_room(NOW)
        assert part_of(made(shop, NOW)) == "engagement_event_2031_05"

    def test_takes_over_what_lay_in_the_part_for_the_rest(self, shop):
        early = made(shop, NOW)
        other = made(shop, NOW - 400 * DAY)
        assert part_of(early) == part_of(other) == "engagement_event_rest"
        make_room(NOW)
        assert part_of(early) == "engagement_event_2031_05"
        assert part_of(other) == "engagement_event_rest"
        assert Event.objects.count() == 2

    def test_begins_and_ends_at_midnight_of_utc(self, shop):
        make_room(NOW)
        start = month_of(NOW)
        parts = [part_of(made(shop, at)) for at in (start - timedelta(microseconds=1), start)]
        assert parts == ["engagement_event_2031_04", "engagement_event_2031_05"]

    def test_is_dropped_whole(self, shop):
        make_room(NOW)
        made(shop, NOW)
        assert drop_months(TABLE, month_after(month_of(NOW))) != []
        assert not Event.objects.filter(occurred_at=NOW).exists()
        assert month_of(NOW) not in months_of(TABLE)

    def test_has_the_indexes_of_the_table(self):
        make_room(NOW)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_indexes WHERE tablename = 'engagement_event_2031_05'"
            )
            assert cursor.fetchone() == (4,)

    def test_lets_nobody_point_at_a_project_that_is_not_there(self):
        make_room(NOW)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_constraint WHERE contype = 'f' "
                "AND conrelid = 'engagement_event_2031_05'::regclass"
            )
            assert cursor.fetchone() == (1,)


@on_postgresql
@pytest.mark.django_db(transaction=True)
class TestABusyTable:
    def test_is_left_for_the_next_time(self, shop, monkeypatch):
        """A long read holds the table; nobody who sends events may wait behind us for it."""
        monkeypatch.setattr("common.months.PATIENCE", "200ms")
        other = connections.create_connection("default")
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("LOCK TABLE engagement_event_rest IN ACCESS SHARE MODE")
            assert make_months(TABLE, "occurred_at", month_of(NOW), month_of(NOW)) == []
            other.rollback()
        finally:
            other.close()
        assert make_months(TABLE, "occurred_at", month_of(NOW), month_of(NOW)) != []
        drop_months(TABLE, month_after(month_of(NOW), 12))


@pytest.mark.django_db
class TestTheBells:
    def test_count_what_came(self, shop, monkeypatch):
        made(shop, datetime.now(UTC))
        monkeypatch.setattr(
            "engagement.counting_tasks.count_events.apply_async",
            lambda kwargs, expires: count_events_now(**kwargs),
        )
        from engagement.counting_tasks import count_events

        def count_events_now(**kwargs):
            count_events.run(**kwargs)

        count_new_events.run()
        assert EventCount.objects.get(span="day", name="Opened").events == 1

    def test_keep_events_in_bounds(self, shop):
        made(shop, datetime.now(UTC) - 300 * DAY)
        made(shop, datetime.now(UTC))
        keep_events_in_bounds.run()
        assert Event.objects.count() == 1
