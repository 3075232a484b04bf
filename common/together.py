"""Writing together what comes at the same moment, so that many calls share one transaction.

Databases call it group commit. Whoever comes first writes; who comes meanwhile waits, and is
written by the next together with all that waits by then. Each call still answers for itself, and
only once what it brought is stored. Alone, a call is written at once.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import connection

Brought = TypeVar("Brought")
Stored = TypeVar("Stored")


@dataclass(eq=False, slots=True)
class _Waiting(Generic[Brought, Stored]):
    brought: Brought
    group: Hashable
    key: Hashable
    woken: threading.Event = field(default_factory=threading.Event)
    stored: "Stored | None" = None
    error: Exception | None = None
    taken: "list[_Waiting[Brought, Stored]]" = field(default_factory=list)


class Together(Generic[Brought, Stored]):
    """Calls of one process, of which a few at a time write for all the others."""

    def __init__(
        self,
        write: Callable[[Sequence[Brought]], Sequence[Stored]],
        *,
        writers: Callable[[], int],
        most: int = 100,
    ) -> None:
        """`write` stores all it is given, in one transaction, and returns a result for each.

        `writers` says how many may write at a time, each in a transaction of its own.
        """
        self._write = write
        self._writers = writers
        self._most = most
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[Brought, Stored]] = deque()
        self._writing = 0
        self._keys: set[tuple[Hashable, Hashable]] = set()

    def __len__(self) -> int:
        """Return how many wait to be written."""
        return len(self._queue)

    def store(self, brought: Brought, *, group: Hashable, key: Hashable) -> Stored:
        """Return what `write` returns for it, or raise what it raises for it alone.

        Only what is of one `group` is written together, and of the same `key` one at a time.
        """
        if connection.in_atomic_block:
            # What others bring must not depend on how the caller's transaction ends.
            return self._write([brought])[0]
        own = _Waiting[Brought, Stored](brought, group, key)
        with self._lock:
            self._queue.append(own)
            self._call_writers()
        own.woken.wait()
        if own.taken:
            try:
                self._store_all(own.taken)
            finally:
                self._end(own.taken)
        if own.error is not None:
            raise own.error
        return own.stored  # type: ignore[return-value]

    def _call_writers(self) -> None:
        # The lock is held. The first of those that are taken writes for the rest of them.
        while self._writing < self._writers() and (taken := self._take()):
            self._writing += 1
            taken[0].taken = taken
            taken[0].woken.set()

    def _take(self) -> list[_Waiting[Brought, Stored]]:
        taken: list[_Waiting[Brought, Stored]] = []
        left = deque[_Waiting[Brought, Stored]]()
        for one in self._queue:
            known = (one.group, one.key)
            fits = not taken or (one.group == taken[0].group and len(taken) < self._most)
            if fits and known not in self._keys:
                self._keys.add(known)
                taken.append(one)
            else:
                left.append(one)
        self._queue = left
        return taken

    def _end(self, taken: list[_Waiting[Brought, Stored]]) -> None:
        with self._lock:
            self._writing -= 1
            self._keys -= {(one.group, one.key) for one in taken}
            self._call_writers()
        for one in taken[1:]:
            one.woken.set()

    def _store_all(self, taken: list[_Waiting[Brought, Stored]]) -> None:
        try:
            for one, stored in zip(taken, self._write([w.brought for w in taken]), strict=True):
                one.stored = stored
        except Exception as error:
            if len(taken) == 1:
                taken[0].error = error
                return
            # One that cannot be stored must not take the others with it.
            for one in taken:
                self._store_all([one])
