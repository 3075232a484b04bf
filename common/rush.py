"""Telling a rush, when many calls of one door come at once, from calls now and then."""

import threading
import time
from types import TracebackType

# As many calls at work in one process, and for so long after it was last so, in seconds.
MANY = 3
LASTS = 1.0


class Rush:
    """Counts the calls of a door that are at work in this process: `with rush as is_on:`."""

    def __init__(self, *, many: int = MANY, lasts: float = LASTS) -> None:
        """It is a rush once `many` are at work, and for `lasts` seconds after that was last so."""
        self._many, self._lasts = many, lasts
        self._lock = threading.Lock()
        self._at_work, self._until = 0, 0.0

    def __enter__(self) -> bool:
        """Count a call, and return whether it comes in a rush."""
        now = time.monotonic()
        with self._lock:
            self._at_work += 1
            if self._at_work >= self._many:
                self._until = now + self._lasts
            return now < self._until

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Count it as done."""
        with self._lock:
            self._at_work -= 1
