"""Whether a phrase turned with this ship, not before it or only with a later one. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RECENT = timedelta(days=7)  # the time just before a ship that must look like all the time before
ENOUGH = 5  # texts in a stretch, for its share to mean anything
HALF = 0.5
THIRD = 1 / 3


@dataclass(frozen=True, slots=True)
class Spoken:
    """When anything was said, and when the phrase was; both ascending, before and after a ship."""

    all_at: Sequence[datetime]
    uses_at: Sequence[datetime]

    def share(self, start: datetime, end: datetime) -> float | None:
        """Return the phrase's share from `start` up to `end`; None if too little was said."""
        said = bisect_left(self.all_at, end) - bisect_left(self.all_at, start)
        used = bisect_left(self.uses_at, end) - bisect_left(self.uses_at, start)
        return used / said if said >= ENOUGH else None


def turned_here(
    spoken: Spoken, *, rose: bool, start: datetime, shipped_at: datetime, end: datetime,
    later_ships: Sequence[datetime],
) -> bool:  # fmt: skip
    """Return True unless the phrase had turned before the ship, or turned only after a later one.

    A rise had begun if its share in the week before was over half of that after. It began with a
    later ship if its share until then was under a third of that from then on. What fell must have
    been said in the week before, and no more in the time before a later ship.
    """
    before, after = spoken.share(start, shipped_at), spoken.share(shipped_at, end)
    recent = spoken.share(max(start, shipped_at - RECENT), shipped_at)
    if before is None or after is None:
        return True
    if recent is not None and (recent > HALF * after if rose else recent < HALF * before):
        return False
    for later in later_ships:
        until, since = spoken.share(shipped_at, later), spoken.share(later, end)
        if until is None or since is None:
            continue
        if until < THIRD * since if rose else until > HALF * before:
            return False
    return True
