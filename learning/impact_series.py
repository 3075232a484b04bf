"""A metric as numbers on a regular grid, and the look that is taken at it around a ship. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Known = NDArray[np.bool_]

DAY = 86_400
# A block is a day, or the largest of these parts of one that fits the window.
PARTS_OF_A_DAY = (1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 144, 288)


class NotEstimable(Exception):
    """Why no effect can be given: a sentence for a person, and the word for it."""

    def __init__(self, reason: str, word: str = "insufficient_data") -> None:
        super().__init__(reason)
        self.word = word


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The values of a metric in consecutive buckets of `interval` seconds.

    `times` are the starts of the buckets in epoch seconds, `values` are NaN where nothing was
    recorded; `kind` is "count", "gauge" or "ratio"; `exposure` is a ratio's denominator.
    """

    times: NDArray[np.int64]
    values: Floats
    interval: int
    kind: str
    exposure: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A series around a ship: buckets below `before` are wholly before it.

    The `count` buckets from `after` on are wholly after it; the one between the two, if any, holds
    the ship and belongs to neither side. `earlier_ships` are in epoch seconds.
    """

    series: Series
    before: int
    after: int
    count: int
    earlier_ships: tuple[int, ...] = ()
    controls: tuple[Series, ...] = ()  # on the same buckets; metrics that the ship cannot touch


class Shift(NamedTuple):
    """What a method finds: a shift with its standard error, on a scale where an effect is a shift.

    `level` is where the metric would have been, and `usual` where it mostly was, on that scale:
    of a square root or else of a logarithm.
    """

    shift: float
    error: float
    freedom: int
    level: float
    usual: float
    is_root: bool
    blocks: int  # of history
    filled: int  # of them missing, and filled in
    other_steps: bool = False  # an earlier ship probably moved the metric, too
    control: int | None = None  # which of the controls it was compared with

    def relative(self, shift: float) -> float:
        """Return a shift as a relative effect; never less than -1."""
        if self.is_root:
            return float(max(self.level + shift, 0.0) ** 2 / self.level**2 - 1)
        return float(np.expm1(np.clip(shift, -12.0, 12.0)))


def make_series(
    rows: Sequence[tuple[float, float, float | None]],
    *,
    interval: int,
    kind: str,
    start: int,
    end: int,
) -> Series:
    """Lay rows of (epoch seconds, value, exposure) on the grid of buckets from `start` to `end`.

    Buckets are counted from the epoch; the first is the one `start` lies in, and `end` is
    exclusive. Rows outside are left out; of two rows in one bucket the later one counts.
    """
    first = int(start) // interval * interval
    size = max(0, -(-(int(end) - first) // interval))
    times = first + interval * np.arange(size, dtype=np.int64)
    values, exposure = np.full(size, np.nan), np.full(size, np.nan)
    for taken, value, weight in rows:
        place = int(taken - first) // interval
        if 0 <= place < size and taken >= first:
            values[place] = value if np.isfinite(value) else np.nan
            exposure[place] = np.nan if weight is None else weight
    has_exposure = kind == "ratio" and bool(np.isfinite(exposure).any())
    return Series(times, values, interval, kind, exposure if has_exposure else None)


def between(series: Series, start: int, end: int) -> Series:
    """Return the buckets from the one that `start` lies in to the last that starts before `end`."""
    first, last = np.searchsorted(series.times, [start // series.interval * series.interval, end])
    exposure = None if series.exposure is None else series.exposure[first:last]
    if exposure is not None and not np.isfinite(exposure).any():
        exposure = None
    return replace(
        series, times=series.times[first:last], values=series.values[first:last], exposure=exposure
    )


def block_length(count: int, interval: int) -> int:
    """Return how many buckets a block has, for `count` buckets after a ship."""
    a_day = DAY // interval if interval < DAY and DAY % interval == 0 else 1
    for part in PARTS_OF_A_DAY:
        length, rest = divmod(a_day, part)
        if not rest and 0 < length <= count and count // length * length >= 0.8 * count:
            return length
    return 1


def column_medians(table: Floats) -> Floats:
    """Return the median of each column without its NaNs; NaN where a column has nothing else."""
    ordered = np.sort(table, axis=0)  # NaNs go last
    known = np.isfinite(table).sum(axis=0)
    columns = np.arange(table.shape[1])
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    middle = (ordered[low, columns] + ordered[np.minimum(high, len(table) - 1), columns]) / 2
    return np.where(known > 0, middle, np.nan)
