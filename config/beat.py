"""The scheduler of beat, which may be told to stop at any moment.

Celery's own opens its schedule file once more when SIGTERM or SIGINT comes while it is opening it,
and dies of that. Here what comes meanwhile is taken at the first tick.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery.beat import PersistentScheduler

STOPPING = (signal.SIGTERM, signal.SIGINT)


class Scheduler(PersistentScheduler):
    """Celery's scheduler, started without being disturbed."""

    _delayed: "Delayed | None" = None

    def setup_schedule(self) -> None:
        """Open the schedule."""
        self._delayed = Delayed()
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until the next is."""
        delayed, self._delayed = self._delayed, None
        if delayed:
            delayed.take()
        seconds: float = super().tick(*args, **kwargs)
        return seconds


class Delayed:
    """Signals to stop that came before they could be taken.

    They are not blocked by a mask: that is each thread's own, and libraries have threads.
    """

    def __init__(self) -> None:
        """Note from now on which come, without taking them."""
        self._came: list[int] = []
        self._handlers: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {
            one: signal.signal(one, self._note) for one in STOPPING
        }

    def _note(self, came: int, _frame: FrameType | None) -> None:
        self._came.append(came)

    def take(self) -> None:
        """Take those that came, and from now on each when it comes."""
        for one, handler in self._handlers.items():
            signal.signal(one, handler)
        if self._came:
            signal.raise_signal(signal.Signals(self._came[0]))
