"""When a weekly digest is due, on a reader's own clock. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.windows import DAY, Window


def next_due(weekday: int, hour: int, zone: ZoneInfo, *, after: datetime) -> datetime:
    """Return the first moment after `after` at which the clock in `zone` shows that weekday, hour.

    `weekday` 0 is Monday. The moment is aware, in UTC. An hour that a change of the clock skips
    is due when the clock goes on; an hour that comes twice is due the first time.
    """
    today = after.astimezone(zone).date()
    date = today + timedelta(days=(weekday - today.weekday()) % 7)
    # Without a fold, zoneinfo reads a time by the offset before the change: both rules follow.
    due = datetime.combine(date, time(hour), tzinfo=zone).astimezone(UTC)
    if due > after:
        return due
    return datetime.combine(date + 7 * DAY, time(hour), tzinfo=zone).astimezone(UTC)


def latest_due(
    weekday: int, hour: int, zone: ZoneInfo, *, first: datetime, now: datetime
) -> datetime:
    """Return the last time due from `first` to `now`: after a long outage one mail is enough."""
    due = first
    while (later := next_due(weekday, hour, zone, after=due)) <= now:
        due = later
    return due


def week_ending(weekday: int, hour: int, zone: ZoneInfo, *, due: datetime) -> Window:
    """Return the week that a digest due at `due` tells of: from the time it was due before.

    Weeks follow each other without gap or overlap; one in which the clock changes is an hour
    shorter or longer.
    """
    return Window(next_due(weekday, hour, zone, after=due - 8 * DAY), due)
