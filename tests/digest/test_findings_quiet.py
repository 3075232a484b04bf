from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from digest.findings_quiet import first_waking_moment, is_quiet

BERLIN, KATHMANDU, UTC_ZONE = (ZoneInfo(n) for n in ("Europe/Berlin", "Asia/Kathmandu", "UTC"))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestQuietHours:
    @pytest.mark.parametrize(
        ("hour", "start", "end", "quiet"),
        [
            (20, 20, 8, True), (7, 20, 8, True), (8, 20, 8, False), (19, 20, 8, False),
            (13, 12, 14, True), (14, 12, 14, False), (3, 8, 8, False), (8, 8, 8, False),
        ],
    )  # fmt: skip
    def test_run_from_one_hour_until_the_other(self, hour, start, end, quiet):
        assert is_quiet(hour, start, end) is quiet


class TestFirstWakingMoment:
    @pytest.mark.parametrize(
        ("now", "zone", "due"),
        [
            ("2026-03-18T12:30", UTC_ZONE, "2026-03-18T12:30"),  # by day, at once
            ("2026-03-18T20:00", UTC_ZONE, "2026-03-19T08:00"),
            ("2026-03-18T07:59", UTC_ZONE, "2026-03-18T08:00"),
            ("2026-03-18T19:30", BERLIN, "2026-03-19T07:00"),  # half past eight there
            ("2026-03-18T01:00", KATHMANDU, "2026-03-18T02:15"),  # a quarter to seven there
            ("2026-03-28T22:00", BERLIN, "2026-03-29T06:00"),  # the night is an hour shorter
            ("2026-10-24T22:00", BERLIN, "2026-10-25T07:00"),  # ... and longer
        ],
    )
    def test_is_the_end_of_the_night_on_the_readers_own_clock(self, now, zone, due):
        found = first_waking_moment(at(now), zone, quiet_from=20, quiet_until=8)

        assert found == at(due)
