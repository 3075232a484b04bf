"""Ways through lists that change while they are read, so that nothing is lost between two visits.

Reading a thing twice is harmless, since it is stored by its id; missing one is not. So both ways
read a little again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from common.errors import BadInput
from common.values import read_moment


def moment_of(value: Any, now: datetime) -> datetime | None:
    """Return the aware time that a place wrote, or None if it cannot be one."""
    try:
        return read_moment(value, field="time", now=now, zone=UTC)
    except BadInput:
        return None


@dataclass(frozen=True, slots=True)
class Climb:
    """A way up a list that is sorted by when things changed, the longest unchanged first.

    Each call asks for what changed at or after `since`, and takes the last change seen as the
    next `since`. So nothing is missed when things change meanwhile and move to the list's end.
    Pages are counted only within one second, for which there may be more than one.
    """

    since: datetime
    page: int = 1

    @classmethod
    def resumed(cls, kept: Any, first: datetime, now: datetime) -> Self:
        """Return the way as kept() left it, or a new one from `first`."""
        kept = kept if isinstance(kept, Mapping) else {}
        page = kept.get("page")
        since = moment_of(kept.get("since"), now)
        return cls(since or first, page if since and isinstance(page, int) and page > 0 else 1)

    def after(self, changes: Sequence[datetime | None], *, is_full: bool) -> "Climb":
        """Return where to go on after a page of which things changed at these times."""
        # The last, not the latest: what changes while the page is made shows its new time already,
        # at its old place.
        last = next((change for change in reversed(changes) if change), self.since)
        last = last.replace(microsecond=0)  # some places compare whole seconds
        if last > self.since:
            return replace(self, since=last, page=1)
        return replace(self, page=self.page + 1 if is_full else 1)

    def kept(self) -> dict[str, Any]:
        """Return it in a form for the cursor."""
        return {"since": written(self.since), "page": self.page}


@dataclass(frozen=True, slots=True)
class Descent:
    """A way down a list that shows the newest first, to what the last whole descent began with.

    `floor` is how far down to go, `top` the newest seen on this descent, and `place` what the
    place needs to show the next page; None at the beginning. A descent that is cut short goes on
    from its place, and the floor rises only when one is over.
    """

    floor: datetime
    top: datetime | None = None
    place: Any = None

    @classmethod
    def resumed(cls, kept: Any, first: datetime, now: datetime) -> Self:
        """Return the descent as kept() left it, or a new one down to `first`."""
        kept = kept if isinstance(kept, Mapping) else {}
        floor, top = moment_of(kept.get("floor"), now), moment_of(kept.get("top"), now)
        return cls(floor or first, top, kept.get("place") if floor else None)

    def after(
        self,
        times: Sequence[datetime | None],
        next_place: Any,
        *,
        overlap: timedelta = timedelta(0),
        is_sure: bool = True,
    ) -> "Descent":
        """Return where to go on after a page with things of these times.

        `next_place` is None where the list ends. The next descent goes down `overlap` further than
        this one began, for what is shown late. An end that is not `is_sure` raises no floor.
        """
        known = [time for time in times if time]
        top = max([*known, *([self.top] if self.top else [])], default=None)
        is_down = bool(known) and min(known) < self.floor
        if next_place is not None and not is_down:
            return Descent(self.floor, top, next_place)
        if top is None or not (is_sure or is_down):
            return Descent(self.floor)
        return Descent(max(self.floor, top - overlap))

    @property
    def is_over(self) -> bool:
        """True if the next call starts at the top again."""
        return self.place is None

    def kept(self) -> dict[str, Any]:
        """Return it in a form for the cursor."""
        top = written(self.top) if self.top else None
        return {"floor": written(self.floor), "top": top, "place": self.place}


def written(time: datetime) -> str:
    """Return a time as APIs and cursors have it: 2026-03-01T14:05:00Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
