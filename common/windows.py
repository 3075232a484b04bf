"""Stretches of time. The one home of "before" and "after"."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """The time from `start` up to, but not including, `end`; both aware."""

    start: datetime
    end: datetime

    @classmethod
    def before(cls, moment: datetime, length: timedelta) -> Self:
        """Return the window of `length` that ends at `moment`."""
        return cls(moment - length, moment)

    @classmethod
    def after(cls, moment: datetime, length: timedelta) -> Self:
        """Return the window of `length` that starts at `moment`."""
        return cls(moment, moment + length)

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def length(self) -> timedelta:
        """How long the window is."""
        return self.end - self.start


def month_of(moment: datetime) -> datetime:
    """Return the first midnight of the moment's month, both in UTC."""
    start = moment.astimezone(UTC)
    return start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def days_by_month(first: datetime, last: datetime) -> list[tuple[datetime, Window]]:
    """Return the days of UTC from that of `first` to that of `last`, cut by (month, its days)."""
    start = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = last.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    parts = []
    while start < end:
        month = month_of(start)
        until = min(end, month_of(month + 32 * DAY))
        parts.append((month, Window(start, until)))
        start = until
    return parts
