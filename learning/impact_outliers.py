"""Fills in missing blocks and pulls wild ones in, before models look at them. Pure."""

import numpy as np

from learning.impact_series import Floats, Known, column_medians

OUTLIER = 5.0  # in robust standard deviations
MOST_OUTLIERS = 0.15
ENOUGH_CYCLES = 3  # of a season, for the medians of its places
FEWEST_AFTER = 5  # blocks after a ship that can outvote a wild one


def filled_in(values: Floats, before: int, period: int) -> Floats:
    """Return the blocks with missing ones as they were one and two periods away, or in between.

    Blocks after the ship are told from each other only: the history would hide the effect.
    """
    missing = ~np.isfinite(values)
    if not missing.any():
        return values
    filled = values.copy()
    filled[:before] = _filled_history(values[:before], missing[:before], period)
    after, gone = filled[before:], missing[before:]
    if gone.any():
        # The last whole season before the ship, at the level that came after it.
        cycle = filled[before - period : before] if 1 < period <= before else np.ones(1)
        usual = cycle[np.arange(len(after)) % len(cycle)]
        total = float(usual[~gone].sum())
        after[gone] = usual[gone] * (float(after[~gone].sum()) / total if total > 0 else 1.0)
    return filled


def _filled_history(values: Floats, missing: Known, period: int) -> Floats:
    places = np.arange(len(values))
    filled = values.copy()
    filled[missing] = np.interp(places[missing], places[~missing], values[~missing])
    if period < 2:
        return filled
    for place in places[missing]:
        near = place + period * np.array([-2, -1, 1, 2])
        near = near[(near >= 0) & (near < len(values))]
        known = values[near][np.isfinite(values[near])]
        if len(known):
            filled[place] = known.mean()
    return filled


def calm_history(values: Floats, period: int) -> tuple[Floats, Floats]:
    """Return the history with single wild blocks pulled in, and what each place of a season adds.

    Where wild blocks are many, they are how the metric is, and stay.
    """
    season = np.zeros(max(1, period))
    level = running_median(values)
    phases = np.arange(len(values)) % len(season)
    if period > 1 and len(values) >= ENOUGH_CYCLES * period:
        whole = len(values) // period * period
        season = np.roll(
            column_medians((values - level)[-whole:].reshape(-1, period)), len(values) % period
        )
        level = running_median(values - season[phases])
    usual = level + season[phases]
    rest = values - usual
    limit = OUTLIER * 1.4826 * float(np.median(np.abs(rest)))
    if limit == 0 or np.mean(np.abs(rest) > limit) > MOST_OUTLIERS:
        return values, season
    return usual + np.clip(rest, -limit, limit), season


def calm_window(values: Floats, season: Floats, before: int) -> Floats:
    """Return the blocks after the ship with single wild ones at the window's median."""
    if len(values) < FEWEST_AFTER:
        return values
    usual = season[(before + np.arange(len(values))) % len(season)]
    rest = values - usual
    middle = float(np.median(rest))
    rest = rest - middle
    limit = OUTLIER * 1.4826 * float(np.median(np.abs(rest)))
    wild = np.abs(rest) > limit
    if limit == 0 or wild.mean() > MOST_OUTLIERS:
        return values
    return np.where(wild, middle + usual, values)


def running_median(values: Floats, width: int = 7) -> Floats:
    """Return the median of each value's neighbourhood; the ends are repeated outwards."""
    width = min(width, len(values))
    ends = np.pad(values, (width // 2, width - 1 - width // 2), "edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(ends, width), axis=1)
