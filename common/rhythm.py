"""How long a place is silent as a rule, and so when its silence means something. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

# Kept are the days on which something came, each with the longest silence that ended on it, so
# that quiet nights and weekends are part of what is usual.
DAYS_KEPT = 14
DAYS_NEEDED = 5
WITHOUT_RHYTHM = timedelta(days=3)
AT_LEAST = timedelta(hours=6)

Rhythm = Sequence[Sequence[str | float]]  # [day as 2026-03-18, seconds], newest last


def heard_again(
    rhythm: Rhythm, *, before: datetime | None, now: datetime
) -> list[list[str | float]]:
    """Return the rhythm once something came `now`, after what came `before`."""
    kept: list[list[str | float]] = [list(one) for one in rhythm]
    if before is None or now < before:
        return kept
    day, silence = now.date().isoformat(), (now - before).total_seconds()
    if kept and kept[-1][0] == day:
        kept[-1][1] = max(float(kept[-1][1]), silence)
    else:
        kept.append([day, silence])
    return kept[-DAYS_KEPT:]


def silent_after(rhythm: Rhythm) -> timedelta:
    """Return how long a silence must be to mean something.

    Twice the longest of the last days on which something came, six hours at least; three days
    while there are fewer than DAYS_NEEDED such days.
    """
    if len(rhythm) < DAYS_NEEDED:
        return WITHOUT_RHYTHM
    longest = max(float(seconds) for _day, seconds in rhythm)
    return max(2 * timedelta(seconds=longest), AT_LEAST)
