"""A metric as numbers on a regular grid, and the blocks of it that a ship is judged by. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Known = NDArray[np.bool_]

DAY = 86_400
# A block is a day, or the largest of these parts of one that fits the window.
PARTS_OF_A_DAY = (1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 144, 288)
MOST_DAY_BLOCKS = 120
MOST_SHORT_BLOCKS = 336
FEWEST_BLOCKS = 5
OUTLIER = 5.0  # in robust standard deviations


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
class Blocks:
    """Means of whole blocks, on a scale where an effect is a shift: `before`, then `after`.

    Blocks are counted from the ship, so that day blocks all start at the same time of day.
    """

    before: Floats
    after: Floats
    period: int  # blocks after which the season repeats; 1 where there is none
    is_root: bool  # on the scale of a square root, else of a logarithm
    floor: float  # the least variance that a mean of the blocks after the ship can have
    filled: int  # blocks before the ship that were missing

    def to_scale(self, shift: float, level: float) -> float:
        """Return a shift from `level` as a relative effect; never less than -1."""
        if self.is_root:
            return float(max(level + shift, 0.0) ** 2 / level**2 - 1)
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


def in_blocks(series: Series, *, before: int, after: int, count: int) -> Blocks:
    """Cut a series into blocks around a ship.

    Buckets below `before` are wholly before the ship, the `count` buckets from `after` on wholly
    after it; the one between, if any, holds the ship and belongs to neither side.
    Raises NotEstimable where too little is known.
    """
    # Blocks that start with the ship's own bucket, and do without it, waste no other: the day after
    # a ship at twenty past two is then one whole block. Very short blocks would miss too much.
    start, length = before, block_length(count + after - before, series.interval)
    if length < 3:
        start, length = after, block_length(count, series.interval)
    per_day = max(1, round(DAY / (length * series.interval)))
    period = per_day if per_day > 1 else max(1, round(7 * DAY / (length * series.interval)))
    many_after = (count + after - start) // length
    values = series.values.copy()
    values[before:after] = np.nan
    seen = np.flatnonzero(np.isfinite(values[:start]))
    most = MOST_DAY_BLOCKS if per_day == 1 else MOST_SHORT_BLOCKS // per_day * per_day
    many_before = min((start - int(seen[0])) // length, most) if len(seen) else 0
    if many_before < FEWEST_BLOCKS:
        raise NotEstimable(
            f"There is too little history: {many_before} comparable stretches before the ship, and "
            f"at least {FEWEST_BLOCKS} are needed."
        )
    part = slice(start - many_before * length, start + many_after * length)
    grid = values[part].reshape(-1, length)
    weights = None if series.exposure is None else series.exposure[part].reshape(-1, length)
    if weights is not None:
        grid = np.where(weights > 0, grid, np.nan)
    _check_known(np.isfinite(grid).max(axis=1), many_before)
    level, filled = _block_means(grid, weights, many_before, per_day, series.kind)
    return _scaled(level, filled, many_before, length, period, series.kind)


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


def _profile(grid: Floats, many_before: int, per_day: int) -> Floats:
    """Return the usual values of each block of a day, from the blocks before the ship."""
    length = grid.shape[1]
    # The rows just before the ship end a day; the first day may be incomplete.
    lead = -many_before % per_day
    table = np.vstack([np.full((lead, length), np.nan), grid[:many_before]])
    usual = column_medians(table.reshape(-1, per_day * length))
    mean = float(np.nanmean(usual))
    if not mean > 0:
        mean = float(np.nanmean(table))  # mostly zeros: the median hides the few that are not
    if not mean > 0:
        raise NotEstimable(
            "The metric was zero or below before the ship, so there is nothing that a change could "
            "be a share of."
        )
    usual = np.maximum(np.where(np.isfinite(usual), usual, mean), 0.02 * mean)
    rows = (np.arange(len(grid)) + lead) % per_day
    return usual.reshape(per_day, length)[rows]


def _block_means(
    grid: Floats, weights: Floats | None, many_before: int, per_day: int, kind: str
) -> tuple[Floats, int]:
    """Return each block's mean, with missing blocks filled in, and how many of them before."""
    known = np.isfinite(grid)
    usual = _profile(grid, many_before, per_day)
    present = np.where(known, usual, 0).sum(axis=1)
    whole = usual.sum(axis=1)
    if grid.shape[1] >= 6 and (kind != "count" or usual.mean() >= 8):
        grid = _without_outliers(grid, usual, many_before)
    with np.errstate(divide="ignore", invalid="ignore"):
        if weights is None:
            level = np.where(known, grid, 0).sum(axis=1) / present * whole / grid.shape[1]
        else:
            shown = np.where(known, weights, 0)
            hits = np.where(known, grid, 0) * shown
            overall = max(hits[:many_before].sum() / shown[:many_before].sum(), 1e-9)
            level = (hits.sum(axis=1) + 0.5) / (shown.sum(axis=1) + 0.5 / overall)
    level = np.where(present >= 0.4 * whole, level, np.nan)
    missing = ~np.isfinite(level)
    _check_known(~missing, many_before)
    places = np.arange(len(level))
    level[missing] = np.interp(places[missing], places[~missing], level[~missing])
    return level, int(missing[:many_before].sum())


def _check_known(known: Known, many_before: int) -> None:
    """Raise NotEstimable if too many blocks are missing before or after the ship."""
    if known[:many_before].mean() < 0.6:
        raise NotEstimable("Too much of the history is missing.")
    if not known[many_before:].any():
        raise NotEstimable("No samples came in after the ship.")
    if known[many_before:].mean() < 0.5:
        raise NotEstimable("Most samples after the ship are missing.")


def _without_outliers(grid: Floats, usual: Floats, many_before: int) -> Floats:
    """Replace single wild buckets, unless they are so many that they may be the effect."""
    ratio = grid / usual
    middle = column_medians(ratio.T)[:, None]
    spread = 1.4826 * column_medians(np.abs(ratio - middle)[:many_before])
    typical = np.nanmedian(spread)
    if not typical > 0:
        return grid
    level = np.nan_to_num(middle / max(np.nanmedian(middle[:many_before]), 1e-9))
    scale = np.maximum(np.nan_to_num(spread), 0.7 * typical) * np.sqrt(np.maximum(level, 0.2))
    wild = np.abs(ratio - middle) > OUTLIER * scale
    wild &= wild.mean(axis=1, keepdims=True) <= 0.1
    return np.where(wild, usual * middle, grid)


def _scaled(
    level: Floats, filled: int, many_before: int, length: int, period: int, kind: str
) -> Blocks:
    """Put block means on the scale where an effect shifts them all alike."""
    before = level[:many_before]
    if (level < 0).any() or not before.mean() > 0:
        raise NotEstimable("The metric falls below zero, so a change has no percentage.")
    many_after = len(level) - many_before
    is_count = kind == "count"
    is_root = bool(
        (level <= 0).any()
        or np.quantile(before, 0.02) < 0.02 * np.median(before)
        or (is_count and before.mean() * length < 20)
    )
    if is_root:
        scaled = np.sqrt(level * length + 0.375 if is_count else level / before.mean())
        floor = 0.25 / many_after if is_count else 1e-8
    else:
        scaled = np.log(level + 0.5 / length if is_count else level)
        floor = 1 / (before.mean() * length * many_after) if is_count else 1e-8
    return Blocks(scaled[:many_before], scaled[many_before:], period, is_root, float(floor), filled)
