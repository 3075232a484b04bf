"""Stretches of time. The one home of "before" and "after"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
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
