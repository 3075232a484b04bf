"""What customers named lately, held against what the curve of adoption says. Pure.

The share h(k) of a ship is a beta prior worth PRIOR customers. Of those who named their version,
the ones on ship k speak for it, and the ones on older ships against it, less the longer ago it was.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PRIOR = 8.0  # customers that the curve is worth, next to those who named their version
GROWN = 4.0  # days


@dataclass(frozen=True, slots=True)
class Memory:
    """In how many days what customers ran is half forgotten.

    `newest` while the newest ship is younger than GROWN, then `grown`; `second` and `older` for
    those behind it. `since_shipped` says that who spoke before ship k was out says nothing of h(k).
    """

    newest: float
    grown: float
    second: float
    older: float
    since_shipped: bool = True


# docs/methods.md says how they do on the first half of each app's customers.
MEMORY = Memory(newest=1, grown=1, second=4, older=4)
MEMORY_V4 = Memory(newest=0.5, grown=1, second=4, older=30, since_shipped=False)


def corrected(
    ratios: Floats, ages: Floats, days: Floats, at: NDArray[np.int64], memory: Memory
) -> Floats:
    """Return the h(k) of a train's ships, the newest first, after what its customers named.

    `ages` of the ships, and `days` since each customer named the ship at place `at`.
    """
    found = ratios.copy()
    newest = memory.newest if ages[0] < GROWN else memory.grown
    parts = [(slice(0, 1), newest), (slice(1, 2), memory.second), (slice(2, None), memory.older)]
    if memory.second == memory.older:
        parts[1:] = [(slice(1, None), memory.older)]
    for part, half in parts:
        weights = 0.5 ** (days / half)
        counts = _added_up(at, weights, len(ages))
        if memory.since_shipped:
            reached = np.maximum(_asked(ages, days, at, weights), counts)
        else:  # customers of this ship and of all older ones
            reached = counts[::-1].cumsum()[::-1]
        found[part] = (PRIOR * ratios[part] + counts[part]) / (PRIOR + reached[part])
    return np.clip(found, 1e-4, 1 - 5e-4)


def _asked(ages: Floats, days: Floats, at: NDArray[np.int64], weights: Floats) -> Floats:
    """Return how many customers of each ship, and of all older ones, spoke since it was out."""
    count = len(ages)
    by_age = np.sort(ages)
    spoke = np.searchsorted(by_age, days)  # so many ships came after that
    table = _added_up(at * (count + 1) + spoke, weights, count * (count + 1))
    table = table.reshape(count, count + 1)[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)
    asked: Floats = table[np.arange(count), np.searchsorted(by_age, ages, side="right") - 1]
    return asked


def _added_up(at: NDArray[np.int64], weights: Floats, count: int) -> Floats:
    return np.bincount(at, weights, count).astype(np.float64)
