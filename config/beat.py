"""The scheduler of beat, which may be told to stop at any moment.

Celery's own takes SIGTERM and SIGINT wherever they come. While its schedule file is being opened it
then opens it once more, and dies of that; while Redis confirms a message, the answer is cut off and
beat goes on as if nobody had told it. Here they are taken between two pieces of work.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from celery.beat import PersistentScheduler

STOPPING = (signal.SIGTERM, signal.SIGINT)
# Seconds that a piece of work may go on once beat has been told to stop: a broker that does not
# answer would hold it for minutes, and whoever runs it (Docker after 10 seconds) kills it then.
PATIENCE = 4


class Scheduler(PersistentScheduler):
    """Celery's scheduler, undisturbed at its work."""

    _delayed: "Delayed | None" = None

    def setup_schedule(self) -> None:
        """Open the schedule."""
        # Until the first tick, because only then does Celery know of this scheduler: told to stop
        # before, it would make another.
        self._delayed = Delayed()
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until the next is."""
        if self._delayed:
            self._delayed.take()
            self._delayed = None
        with self._undisturbed():
            seconds: float = super().tick(*args, **kwargs)
            return seconds
        return 0.0  # patience was lost

    def sync(self) -> None:
        """Write down what was sent when."""
        with self._undisturbed():
            super().sync()

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Take signals to stop at the end only, or when that is not reached in time."""
        if self._delayed:  # this work is part of another's
            yield
            return
        self._delayed = Delayed(PATIENCE)
        try:
            yield
        except OutOfPatienceError:
            pass
        finally:
            delayed, self._delayed = self._delayed, None
            delayed.take()


class OutOfPatienceError(BaseException):
    """The piece of work goes on for too long. No library takes this for an error to try again."""


class Delayed:
    """Signals to stop that came before they could be taken.

    They are not blocked by a mask: that is each thread's own, and libraries have threads.
    """

    def __init__(self, patience: float = 0) -> None:
        """Note from now on which come, without taking them; `patience` in seconds, 0 for no end."""
        self._patience = patience
        self._came: list[int] = []
        self._handlers: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {
            one: signal.signal(one, self._note) for one in STOPPING
        }

    def _note(self, came: int, _frame: FrameType | None) -> None:
        self._came.append(came)
        self._handlers.setdefault(
            signal.SIGALRM, signal.signal(signal.SIGALRM, self._lose_patience)
        )
        # Again and again: what is raised may be lost where a library tidies up after it.
        signal.setitimer(signal.ITIMER_REAL, self._patience, self._patience)

    def _lose_patience(self, _came: int, _frame: FrameType | None) -> None:
        raise OutOfPatienceError

    def take(self) -> None:
        """Take those that came, and from now on each when it comes."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for one, handler in self._handlers.items():
            signal.signal(one, handler)
        if self._came:
            signal.raise_signal(signal.Signals(self._came[0]))
