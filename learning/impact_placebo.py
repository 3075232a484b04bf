"""The method "placebo-v1": a ship's effect against what the same look finds on days without one.

Pure. The story and the formulas stand in docs/methods.md.
"""

import math
from functools import cache

import numpy as np

from learning.impact_blocks import Scaled, block_levels, scaled
from learning.impact_series import DAY, Floats, Look, Shift

LENGTHS = np.array([1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 168])
# How strongly the level wanders, next to the noise of single blocks; flat weights a priori.
WANDERINGS = np.array([0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])
OUTLIER = 5.0  # in robust standard deviations
MOST_OUTLIERS = 0.15
# What the fitted noise counts for next to placebo dates of the very same look, in dates.
FIT_COUNTS_FOR = 8
# Set on the public half of the yardstick, so that the intervals keep what they promise: a look-back
# chosen on the same history flatters itself, the more so the shorter the history.
WIDER, WIDER_WHEN_SHORT = 1.25, 6.0


def placebo_effect(look: Look) -> Shift:
    """Return the mean of the blocks after the ship less the mean of the last blocks before it.

    Both are without the season; the error is that of the same contrast at dates without a ship.
    """
    levels = block_levels(look, whole_weeks=False)
    missing = ~np.isfinite(levels.values)
    places = np.arange(len(levels.values))
    filled = levels.values.copy()
    filled[missing] = np.interp(places[missing], places[~missing], filled[~missing])
    blocks = scaled(levels, filled)
    per_day = max(1, round(DAY / levels.seconds))
    period = per_day if per_day > 1 else max(1, round(7 * DAY / levels.seconds))
    shift, error, level = _contrast_with_error(blocks, period)
    return Shift(
        shift,
        error,
        max(3, (levels.before - 1) // 2),
        level,
        float(blocks.before.mean()),
        blocks.is_root,
        levels.before,
        int(missing[: levels.before].sum()),
    )


def _contrast_with_error(blocks: Scaled, period: int) -> tuple[float, float, float]:
    """Return the shift, its standard error and the level without the ship."""
    season, doubt = _season(blocks.before, period)
    many, after = len(blocks.before), len(blocks.after)
    if after % period == 0:
        doubt = 0.0  # over whole weeks the season cancels out
    phases = np.arange(many, many + after) % period
    calm = _clipped(blocks.before - season[np.arange(many) % period])
    moved = blocks.after - season[phases]
    if after >= 5:
        moved = _clipped(moved)
    spans = LENGTHS[many >= LENGTHS]
    weights, noise = _wandering(calm)
    # The error of every look-back under every wandering, averaged: take the best look-back.
    errors = noise[:, None] * _contrast_variance(after, spans[None, :], WANDERINGS[:, None])
    span = int(spans[np.argmin(weights @ errors)])
    level = float(calm[-span:].mean())
    variance = float(weights @ errors[:, list(spans).index(span)])
    direct = _contrasts(calm, after, span)
    if len(direct):
        independent = (many - span) / after
        seen = float(np.mean(direct**2))
        variance = (FIT_COUNTS_FOR * variance + independent * seen) / (FIT_COUNTS_FOR + independent)
    variance = max(variance * WIDER * (1 + WIDER_WHEN_SHORT / many) * (1 + doubt), blocks.floor)
    expected = level + float(season[phases].mean())
    return float(moved.mean()) - level, math.sqrt(variance), expected


def _season(values: Floats, period: int) -> tuple[Floats, float]:
    """Return what each place of the season adds, and by how much that flatters the variance.

    It is shrunk towards nothing where it is not sure.
    """
    cycles = len(values) // period
    if period == 1 or cycles < 2:
        return np.zeros(period), 0.0
    # Whole cycles counted back from the ship; the local level is taken out before.
    level = np.convolve(values, np.ones(period) / period, "valid")
    lead = (period - 1) // 2
    level = np.pad(level, (lead, period - 1 - lead), "edge")
    part = slice(len(values) - cycles * period, None)
    table = (values - level)[part].reshape(cycles, period)
    usual = np.median(table, axis=0)
    usual -= usual.mean()
    noise = float(np.mean((table - usual) ** 2)) / (cycles - 1)
    signal = float(np.mean(usual**2))
    kept = max(0.0, 1 - noise / signal) if signal > 0 else 0.0
    # A season learned from few cycles takes some of their noise along, and brings its own.
    return np.roll(kept * usual, len(values) % period), kept / (cycles - 1)


def _clipped(values: Floats) -> Floats:
    """Pull single wild blocks in, unless there are so many that they are how the metric is."""
    width = min(7, len(values))
    ends = np.pad(values, (width // 2, width - 1 - width // 2), "edge")
    level = np.median(np.lib.stride_tricks.sliding_window_view(ends, width), axis=1)
    rest = values - level
    limit = OUTLIER * 1.4826 * float(np.median(np.abs(rest)))
    if limit == 0 or np.mean(np.abs(rest) > limit) > MOST_OUTLIERS:
        return values
    return level + np.clip(rest, -limit, limit)


def _wandering(values: Floats) -> tuple[Floats, Floats]:
    """Return how likely each wandering is, and the variance of a single block under it.

    Placebo dates are looked at with windows of many lengths: where the level wanders, the means
    of longer windows differ more than noise alone would let them.
    """
    lengths = LENGTHS[len(values) >= 2 * LENGTHS]
    seen = np.array([np.mean(_contrasts(values, n, n) ** 2) for n in lengths])
    seen = np.maximum(seen, 1e-12)
    looks = len(values) / (2.0 * lengths)
    shape = _contrast_variance(lengths[None, :], lengths[None, :], WANDERINGS[:, None])
    noise = (seen / shape) @ looks / looks.sum()
    ratio = seen / (noise[:, None] * shape)
    score = -0.5 * (ratio - 1 - np.log(ratio)) @ looks
    weights = np.exp(score - score.max())
    return weights / weights.sum(), noise


def _contrast_variance(after: Floats | int, before: Floats, wandering: Floats) -> Floats:
    """Return the variance of (mean of `after` blocks less mean of `before` blocks before them)."""
    steps = (after + 1) * (2 * after + 1) / (6 * after) + (before - 1) * (2 * before - 1) / (
        6 * before
    )
    return 1 / after + 1 / before + wandering * steps


def _contrasts(values: Floats, after: int, before: int) -> Floats:
    """Return the contrast at every earlier date that has room for it."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    dates = np.arange(before, len(values) - after + 1)
    if not len(dates):
        return np.zeros(0)
    return (total[dates + after] - total[dates]) / after - (
        total[dates] - total[dates - before]
    ) / before


@cache
def t_quantile(share: float, freedom: int) -> float:
    """Return the t below which `share` (0.5 to 1) of Student's distribution lies."""
    low, high = 0.0, 1e4
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_below(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def t_below(value: float, freedom: int) -> float:
    """Return the share of Student's distribution that lies below `value`.

    The finite sums for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4.
    """
    angle = math.atan(value / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    term, total = (cosine, 0.0) if freedom % 2 else (1.0, 0.0)
    for step in range(freedom % 2, freedom - 1, 2):
        total += term
        term *= cosine**2 * (step + 1) / (step + 2)
    within = 2 / math.pi * (angle + sine * total) if freedom % 2 else sine * total
    return 0.5 + within / 2
