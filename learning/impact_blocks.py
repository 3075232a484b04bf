"""Cuts a metric into blocks counted from a ship, and puts them on a scale for effects. Pure."""

from dataclasses import dataclass

import numpy as np

from learning.impact_series import (
    DAY,
    Floats,
    Known,
    Look,
    NotEstimable,
    block_length,
    column_medians,
)

MOST_DAY_BLOCKS = 120
MOST_SHORT_BLOCKS = 336
FEWEST_BLOCKS = 5
OUTLIER = 5.0  # in robust standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The mean of each block, NaN where too much of it is missing; the first `before` are history.

    Blocks are counted from the ship, so that day blocks all start at the same time of day.
    """

    values: Floats
    before: int
    length: int  # buckets in a block
    seconds: int  # a block lasts
    start: int  # of the first block, in epoch seconds
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Blocks on a scale where an effect is a shift."""

    before: Floats
    after: Floats
    is_root: bool  # the scale is a square root, else a logarithm
    floor: float  # the least variance that a mean of the blocks after the ship can have


def block_levels(look: Look, *, whole_weeks: bool) -> Levels:
    """Return the metric in blocks around the ship; the history is cut to whole weeks if wished.

    Raises NotEstimable where too little is known.
    """
    series, before, after = look.series, look.before, look.after
    # Blocks that start with the ship's own bucket, and do without it, waste no other: the day after
    # a ship at twenty past two is then one whole block. Very short blocks would miss too much.
    start, length = before, block_length(look.count + after - before, series.interval)
    if length < 3:
        start, length = after, block_length(look.count, series.interval)
    seconds = length * series.interval
    per_day = max(1, round(DAY / seconds))
    many_after = (look.count + after - start) // length
    values = series.values.copy()
    values[before:after] = np.nan
    seen = np.flatnonzero(np.isfinite(values[:start]))
    many = (start - int(seen[0])) // length if len(seen) else 0
    many = _whole_history(many, per_day, whole_weeks)
    if many < FEWEST_BLOCKS:
        raise NotEstimable(
            f"There is too little history: {many} comparable stretches before the ship, and "
            f"at least {FEWEST_BLOCKS} are needed."
        )
    part = slice(start - many * length, start + many_after * length)
    grid = values[part].reshape(-1, length)
    weights = None if series.exposure is None else series.exposure[part].reshape(-1, length)
    if weights is not None:
        grid = np.where(weights > 0, grid, np.nan)
    _check_known(np.isfinite(grid).max(axis=1), many)
    level = _block_means(grid, weights, many, per_day, series.kind)
    first = int(series.times[0]) + (start - many * length) * series.interval
    return Levels(level, many, length, seconds, first, series.kind)


def _whole_history(many: int, per_day: int, whole_weeks: bool) -> int:
    """Return how many of `many` blocks of history to use."""
    most = MOST_DAY_BLOCKS if per_day == 1 else MOST_SHORT_BLOCKS // per_day * per_day
    many = min(many, most)
    if not whole_weeks:
        return many
    # Few distinct lengths keep the bank of models small; eight weeks and more spare some days.
    if per_day == 1:
        return many // 7 * 7 if many > 56 else many
    for whole in (7 * per_day, per_day):
        if many >= whole:
            return many // whole * whole
    return many


def _check_known(known: Known, many_before: int) -> None:
    """Raise NotEstimable if too many blocks are missing before or after the ship."""
    if known[:many_before].mean() < 0.6:
        raise NotEstimable("Too much of the history is missing.")
    if not known[many_before:].any():
        raise NotEstimable("No samples came in after the ship.")
    if known[many_before:].mean() < 0.5:
        raise NotEstimable("Most samples after the ship are missing.")


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
) -> Floats:
    """Return each block's mean, NaN where less than 40 % of what is usual is there."""
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
    _check_known(np.isfinite(level), many_before)
    return level


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


def scaled(levels: Levels, filled: Floats) -> Scaled:
    """Put block means, with the missing ones `filled` in, on the scale where effects are shifts."""
    many, length, is_count = levels.before, levels.length, levels.kind == "count"
    before = filled[:many]
    if (filled < 0).any() or not before.mean() > 0:
        raise NotEstimable("The metric falls below zero, so a change has no percentage.")
    many_after = len(filled) - many
    is_root = bool(
        (filled <= 0).any()
        or np.quantile(before, 0.02) < 0.02 * np.median(before)
        or (is_count and before.mean() * length < 20)
    )
    if is_root:
        values = np.sqrt(filled * length + 0.375 if is_count else filled / before.mean())
        floor = 0.25 / many_after if is_count else 1e-8
    else:
        values = np.log(filled + 0.5 / length if is_count else filled)
        floor = 1 / (before.mean() * length * many_after) if is_count else 1e-8
    return Scaled(values[:many], values[many:], is_root, float(floor))
