"""When a digest is due, on a reader's own clock, and what it tells of. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import TextChoices

from common.windows import DAY, Window

# Every month has this day.
LAST_MONTHDAY = 28


class Rhythm(TextChoices):
    """How often a digest comes."""

    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Once a week"
    MONTHLY = "monthly", "Once a month"


@dataclass(frozen=True, slots=True)
class Plan:
    """When one reader's digests come.

    `weekday` 0 is Monday, and counts for a weekly one; `monthday` is 1 to 28, for a monthly one.
    An hour that a change of the clock skips is due when the clock goes on; an hour that comes
    twice is due the first time.
    """

    rhythm: Rhythm
    weekday: int
    monthday: int
    hour: int
    zone: ZoneInfo

    def next_due(self, *, after: datetime) -> datetime:
        """Return the first moment after `after` at which a digest is due, aware, in UTC."""
        days = self._days(after.astimezone(self.zone).date())
        return next(
            due for due in (_moment(day, self.hour, self.zone) for day in days) if due > after
        )

    def latest_due(self, *, first: datetime, now: datetime) -> datetime:
        """Return the last time due from `first` to `now`: after an outage one mail is enough."""
        due = first
        while (later := self.next_due(after=due)) <= now:
            due = later
        return due

    def period(self, *, due: datetime) -> Window:
        """Return what a digest due at `due` tells of.

        A daily and a weekly one tell of the time since the one before was due: without gap or
        overlap, an hour shorter or longer where the clock changes. A monthly one tells of the
        calendar month before.
        """
        if self.rhythm == Rhythm.MONTHLY:
            first = due.astimezone(self.zone).date().replace(day=1)
            before = (first - DAY).replace(day=1)
            return Window(_moment(before, 0, self.zone), _moment(first, 0, self.zone))
        longer = timedelta(hours=36) if self.rhythm == Rhythm.DAILY else 8 * DAY
        return Window(self.next_due(after=due - longer), due)

    def _days(self, today: date) -> Iterator[date]:
        """Return the days from today on which a digest comes, first ones only, in order."""
        if self.rhythm == Rhythm.MONTHLY:
            first = today.replace(day=1)
            for _ in range(3):
                yield first.replace(day=self.monthday)
                first = (first + 32 * DAY).replace(day=1)
        elif self.rhythm == Rhythm.DAILY:
            yield from (today + days * DAY for days in range(4))
        else:
            coming = today + timedelta(days=(self.weekday - today.weekday()) % 7)
            yield from (coming + 7 * weeks * DAY for weeks in range(3))


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    # Without a fold, zoneinfo reads a time by the offset before the change: both rules follow.
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def weekly(weekday: int, hour: int, zone: ZoneInfo) -> Plan:
    """Return the plan of a digest that comes once a week."""
    return Plan(Rhythm.WEEKLY, weekday, 1, hour, zone)


def next_due(weekday: int, hour: int, zone: ZoneInfo, *, after: datetime) -> datetime:
    """Return when a weekly digest is due first after `after`."""
    return weekly(weekday, hour, zone).next_due(after=after)


def week_ending(weekday: int, hour: int, zone: ZoneInfo, *, due: datetime) -> Window:
    """Return the week that a weekly digest due at `due` tells of."""
    return weekly(weekday, hour, zone).period(due=due)


def rhythm_of(window: Window) -> Rhythm:
    """Return what rhythm a stretch of time is of, by its length."""
    if window.length <= timedelta(hours=30):
        return Rhythm.DAILY
    return Rhythm.WEEKLY if window.length <= 10 * DAY else Rhythm.MONTHLY
