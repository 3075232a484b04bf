"""Quiet hours: when a mail may come, on the reader's own clock. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def is_quiet(hour: int, quiet_from: int, quiet_until: int) -> bool:
    """Return True if that hour is quiet; 20 to 8 runs through the night, 8 to 8 is never."""
    if quiet_from <= quiet_until:
        return quiet_from <= hour < quiet_until
    return hour >= quiet_from or hour < quiet_until


def first_waking_moment(
    now: datetime, zone: ZoneInfo, *, quiet_from: int, quiet_until: int
) -> datetime:
    """Return `now`, or in quiet hours the moment at which they end; aware, in UTC.

    Where a change of the clock skips that hour, they end when the clock goes on.
    """
    local = now.astimezone(zone)
    if not is_quiet(local.hour, quiet_from, quiet_until):
        return now.astimezone(UTC)
    date = local.date()
    if local.hour >= quiet_until:
        date += timedelta(days=1)
    return datetime.combine(date, time(quiet_until), tzinfo=zone).astimezone(UTC)
