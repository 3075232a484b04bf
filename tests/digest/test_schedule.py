from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.windows import Window
from digest.schedule import Plan, Rhythm, next_due, rhythm_of, week_ending, weekly

SUNDAY, MONDAY = 6, 0
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
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
        plan = weekly(MONDAY, 8, ZoneInfo("UTC"))

        due = plan.latest_due(first=utc("2026-03-02T08:00"), now=utc("2026-03-18T12:00"))

        assert due == utc("2026-03-16T08:00")

    def test_is_the_first_if_no_other_has_come(self):
        first = utc("2026-03-16T08:00")

        assert weekly(MONDAY, 8, ZoneInfo("UTC")).latest_due(first=first, now=first) == first


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


def daily(hour: int, zone: str) -> Plan:
    return Plan(Rhythm.DAILY, MONDAY, 1, hour, ZoneInfo(zone))


def monthly(monthday: int, hour: int, zone: str) -> Plan:
    return Plan(Rhythm.MONTHLY, MONDAY, monthday, hour, ZoneInfo(zone))


def dues(plan: Plan, after: str, count: int) -> list[datetime]:
    """Return the next so many moments at which one is due."""
    found = [utc(after)]
    for _ in range(count):
        found.append(plan.next_due(after=found[-1]))
    return found[1:]


class TestDaily:
    @pytest.mark.parametrize(
        ("zone", "after", "expected"),
        [
            # The clock goes forward over the hour: the day's comes when it goes on.
            (
                BERLIN,
                "2026-03-28T00:00",
                ["2026-03-28T01:00", "2026-03-29T01:00", "2026-03-30T00:00"],
            ),
            (
                NEW_YORK,
                "2026-03-07T06:00",
                ["2026-03-07T07:00", "2026-03-08T07:00", "2026-03-09T06:00"],
            ),
            (
                LORD_HOWE,
                "2026-10-02T15:00",
                ["2026-10-02T15:30", "2026-10-03T15:30", "2026-10-04T15:00"],
            ),
            # It goes back over the hour: the day's comes the first time, and not again.
            (
                BERLIN,
                "2026-10-24T12:00",
                ["2026-10-25T00:00", "2026-10-26T01:00", "2026-10-27T01:00"],
            ),
            (
                NEW_YORK,
                "2026-10-31T12:00",
                ["2026-11-01T07:00", "2026-11-02T07:00", "2026-11-03T07:00"],
            ),
            (
                LORD_HOWE,
                "2026-04-03T16:00",
                ["2026-04-04T15:30", "2026-04-05T15:30", "2026-04-06T15:30"],
            ),
        ],
    )
    def test_comes_once_a_day_through_both_changes_of_the_clock(self, zone, after, expected):
        assert dues(daily(2, zone), after, 3) == [utc(due) for due in expected]

    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
    def test_days_follow_each_other_without_gap_or_overlap(self, zone, hour):
        plan = daily(hour, zone)
        due = plan.next_due(after=utc("2026-01-01T00:00"))
        for _ in range(400):
            following = plan.next_due(after=due)
            assert plan.period(due=following) == Window(due, following)
            assert following.astimezone(ZoneInfo(zone)).date() == (
                due.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
            )
            due = following

    def test_a_day_that_a_place_left_out_brings_no_second_one(self):
        # Samoa went from Thursday 29 to Saturday 31 December 2011.
        samoa = dues(daily(8, "Pacific/Apia"), "2011-12-28T20:00", 3)

        assert len(set(samoa)) == 3
        assert samoa == sorted(samoa)


class TestMonthly:
    @pytest.mark.parametrize(
        ("zone", "after", "due"),
        [
            (BERLIN, "2026-03-02T00:00", "2026-04-01T06:00"),
            (BERLIN, "2026-10-02T00:00", "2026-11-01T07:00"),
            (NEW_YORK, "2026-03-02T00:00", "2026-04-01T12:00"),
            (NEW_YORK, "2026-11-01T00:00", "2026-11-01T13:00"),  # the day of the change
            (LORD_HOWE, "2026-03-02T00:00", "2026-03-31T21:00"),
            (LORD_HOWE, "2026-10-02T00:00", "2026-10-31T21:00"),
            ("UTC", "2026-12-20T00:00", "2027-01-01T08:00"),
        ],
    )
    def test_comes_on_its_day_at_its_hour_on_the_readers_clock(self, zone, after, due):
        assert monthly(1, 8, zone).next_due(after=utc(after)) == utc(due)

    def test_tells_of_the_calendar_month_before_whatever_its_day(self):
        month = Window(utc("2026-02-28T23:00"), utc("2026-03-31T22:00"))

        for day in (1, 15, 28):
            plan = monthly(day, 8, BERLIN)
            assert plan.period(due=plan.next_due(after=utc("2026-04-01T00:00"))) == month

    def test_one_at_midnight_of_the_first_tells_of_the_month_that_ends_there(self):
        plan = monthly(1, 0, "UTC")

        assert plan.period(due=utc("2026-03-01T00:00")) == Window(
            utc("2026-02-01T00:00"), utc("2026-03-01T00:00")
        )

    @pytest.mark.parametrize("zone", ZONES)
    def test_comes_twelve_times_a_year(self, zone):
        found = dues(monthly(28, 2, zone), "2026-01-01T00:00", 12)

        assert [due.astimezone(ZoneInfo(zone)).month for due in found] == [*range(1, 13)]
        assert {due.astimezone(ZoneInfo(zone)).day for due in found} == {28}


class TestRhythmOf:
    @pytest.mark.parametrize(
        ("hours", "rhythm"),
        [(23, Rhythm.DAILY), (25, Rhythm.DAILY), (167, Rhythm.WEEKLY), (169, Rhythm.WEEKLY),
         (28 * 24 - 1, Rhythm.MONTHLY), (31 * 24 + 1, Rhythm.MONTHLY)],
    )  # fmt: skip
    def test_follows_from_the_length(self, hours, rhythm):
        end = utc("2026-03-01T00:00")

        assert rhythm_of(Window(end - timedelta(hours=hours), end)) == rhythm


class TestAnHourThatComesTwice:
    @pytest.mark.parametrize(
        ("zone", "hour", "after", "first", "second"),
        [
            (BERLIN, 2, "2026-10-24T12:00", "2026-10-25T00:00", "2026-10-26T01:00"),
            (NEW_YORK, 1, "2026-10-31T12:00", "2026-11-01T05:00", "2026-11-02T06:00"),
            # Here the clock goes back by half an hour, from 2:00 to 1:30: 1:00 comes once.
            (LORD_HOWE, 1, "2026-04-04T12:00", "2026-04-04T14:00", "2026-04-05T14:30"),
        ],
    )
    def test_is_due_the_first_time_and_not_again(self, zone, hour, after, first, second):
        assert dues(daily(hour, zone), after, 2) == [utc(first), utc(second)]
