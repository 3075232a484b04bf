from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.schedule import latest_due, next_due, week_ending

SUNDAY, MONDAY = 6, 0
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestNextDue:
    @pytest.mark.parametrize(
        ("zone", "after", "due"),
        [
            # The same hour on the reader's clock, before and after each change of the clock.
            ("Europe/Berlin", "2026-03-23T12:00", "2026-03-30T06:00"),
            ("Europe/Berlin", "2026-03-22T12:00", "2026-03-23T07:00"),
            ("Europe/Berlin", "2026-10-24T12:00", "2026-10-26T07:00"),
            ("America/New_York", "2026-03-07T12:00", "2026-03-09T12:00"),
            ("America/New_York", "2026-10-31T12:00", "2026-11-02T13:00"),
            ("Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-05T21:30"),
            ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-04T21:00"),
        ],
    )
    def test_is_monday_at_eight_on_the_readers_clock(self, zone, after, due):
        assert next_due(MONDAY, 8, ZoneInfo(zone), after=utc(after)) == utc(due)

    @pytest.mark.parametrize(
        ("zone", "after", "due"),
        [
            ("Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
            ("America/New_York", "2026-03-07T12:00", "2026-03-08T07:00"),
            ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T15:30"),
        ],
    )
    def test_an_hour_that_the_clock_skips_is_due_when_it_goes_on(self, zone, after, due):
        assert next_due(SUNDAY, 2, ZoneInfo(zone), after=utc(after)) == utc(due)

    def test_an_hour_that_comes_twice_is_due_once(self):
        zone = ZoneInfo("Europe/Berlin")

        first = next_due(SUNDAY, 2, zone, after=utc("2026-10-24T12:00"))

        assert first == utc("2026-10-25T00:00")
        assert next_due(SUNDAY, 2, zone, after=first) == utc("2026-11-01T01:00")

    def test_is_later_today_if_the_hour_is_still_to_come(self):
        assert next_due(MONDAY, 8, ZoneInfo("UTC"), after=utc("2026-03-16T07:59")) == utc(
            "2026-03-16T08:00"
        )

    def test_is_never_the_moment_itself(self):
        assert next_due(MONDAY, 8, ZoneInfo("UTC"), after=utc("2026-03-16T08:00")) == utc(
            "2026-03-23T08:00"
        )

    @given(
        zone=st.sampled_from(ZONES),
        weekday=st.integers(0, 6),
        hour=st.integers(0, 23),
        after=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    )
    def test_is_always_within_the_next_week_and_on_that_weekday(self, zone, weekday, hour, after):
        after = after.replace(tzinfo=UTC)

        due = next_due(weekday, hour, ZoneInfo(zone), after=after)

        assert timedelta() < due - after <= timedelta(days=7, hours=1)
        assert due.astimezone(ZoneInfo(zone)).weekday() == weekday


class TestLatestDue:
    def test_skips_what_was_missed_in_a_long_outage(self):
        due = latest_due(
            MONDAY, 8, ZoneInfo("UTC"), first=utc("2026-03-02T08:00"), now=utc("2026-03-18T12:00")
        )

        assert due == utc("2026-03-16T08:00")

    def test_is_the_first_if_no_other_has_come(self):
        first = utc("2026-03-16T08:00")

        assert latest_due(MONDAY, 8, ZoneInfo("UTC"), first=first, now=first) == first


class TestWeekEnding:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("hour", [2, 8])
    def test_weeks_follow_each_other_without_gap_or_overlap(self, zone, hour):
        here = ZoneInfo(zone)
        due = next_due(SUNDAY, hour, here, after=utc("2026-01-01T00:00"))
        for _ in range(60):
            following = next_due(SUNDAY, hour, here, after=due)
            assert week_ending(SUNDAY, hour, here, due=following).start == due
            due = following
