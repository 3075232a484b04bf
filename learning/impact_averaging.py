"""The method "bank-v3": many models of how a metric moves by itself, weighed by its own history.

Pure. The story and the formulas stand in docs/methods.md.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from learning.impact_bank import Shape, bank, contrast
from learning.impact_blocks import Levels, block_levels, scaled
from learning.impact_control import WIDER_WITH_CONTROL, less_control
from learning.impact_fit import STEP_SD, Fit, fits_with_steps, view
from learning.impact_outliers import calm_history, calm_window, filled_in
from learning.impact_series import DAY, Floats, Look, NotEstimable, Shift

HOUR = 3600
# How much it counts that models disagree: one of them is right, and it may be the extreme one.
BETWEEN_MODELS = 2.5
# Set on the public half of the yardstick, so that real series keep what the interval promises.
WIDER_DAYS, WIDER_LONG_DAYS, WIDER_LONG_HOURS = 1.1, 1.14, 0.95
WIDER_DAYS_OF_MINUTES, WIDER_HOUR_BLOCKS, WIDER_MINUTE_BLOCKS = 0.9, 1.1, 1.25
LONG_WINDOW = 14  # days
LONG_WINDOW_OF_HOURS = 5  # days
# What "as noisy as ever" counts for next to what was seen, in blocks.
CALM_LATELY, CALM_AT_THAT_HOUR = 8, 20
LEAST_AT_AN_HOUR = 0.35


def average_effect(look: Look) -> Shift:
    """Return the step at the ship, averaged over a bank of models of the blocks before it."""
    levels = block_levels(look, whole_weeks=True)
    many = levels.before
    shape = _shape(levels)
    period = shape.week if shape.is_long else shape.day
    blocks = scaled(levels, filled_in(levels.values, many, period))
    before, season = calm_history(blocks.before, period)
    after = calm_window(blocks.after, season, many)
    # Shorter blocks of two metrics share little but the time of day, which is known anyhow.
    controls = list(_controls(look, many, period)) if shape.is_long else []
    values, control = less_control(np.concatenate([before, after]), many, period, controls)
    centre = float(before.mean())
    seen = view(
        bank(shape),
        contrast(shape, len(after)),
        values - values[:many].mean(),
        STEP_SD * (centre / 2 if blocks.is_root else 1.0),
    )
    fits = fits_with_steps(seen, _steps(look, levels))
    effect, own, between, stepped = _averaged(fits)
    noise = _noise_at_the_ship(fits[0][1], shape, len(after))
    wider = _wider(levels, len(after)) * (1 if control is None else WIDER_WITH_CONTROL)
    variance = (noise * own + BETWEEN_MODELS * between) * wider**2
    return Shift(
        shift=effect,
        error=math.sqrt(max(variance, blocks.floor)),
        freedom=max(3, (many - 1) // 2),
        level=float(after.mean()) - effect,
        usual=float(blocks.before.mean()),
        is_root=blocks.is_root,
        blocks=many,
        filled=int((~np.isfinite(levels.values[:many])).sum()),
        other_steps=stepped > 0.5,
        control=control,
    )


def _controls(look: Look, many: int, period: int) -> Iterator[Floats | None]:
    """Give the blocks of each control on a scale of shifts, or None where there are none."""
    for control in look.controls:
        try:
            levels = block_levels(replace(look, series=control), whole_weeks=True)
            blocks = scaled(levels, filled_in(levels.values, levels.before, period))
        except NotEstimable:
            yield None
            continue
        if levels.before < many:
            yield None
            continue
        before, season = calm_history(blocks.before[-many:], period)
        after = calm_window(blocks.after, season, many)
        yield np.concatenate([before, after])


def _shape(levels: Levels) -> Shape:
    day, week = (
        span // levels.seconds if span % levels.seconds == 0 else 0 for span in (DAY, 7 * DAY)
    )
    return Shape(
        before=levels.before,
        day=day if day > 1 else 0,
        week=week if week > 1 else 0,
        is_long=levels.seconds >= DAY,
    )


def _steps(look: Look, levels: Levels) -> Floats:
    """Return for each earlier ship which share of every block lies after it, as (D + P, K)."""
    ends = levels.start + levels.seconds * (1 + np.arange(len(levels.values)))
    share = (ends[:, None] - np.array(look.earlier_ships, float)) / levels.seconds
    share = np.clip(share, 0.0, 1.0)
    inside = (share[0] < 1) & (share[levels.before - 1] > 0)
    return share[:, inside]


def _averaged(fits: list[tuple[float, Fit]]) -> tuple[float, float, float, float]:
    """Return the effect, its variance within the models, that between them, and how likely
    it is that an earlier ship moved the metric (the first fit is without any).
    """
    evidence = np.concatenate([odds + found.evidence.ravel() for odds, found in fits])
    weights = np.exp(evidence - evidence.max())
    weights /= weights.sum()
    effects = np.concatenate([found.effect.ravel() for _, found in fits])
    own = np.concatenate([found.variance.ravel() for _, found in fits])
    effect = float(weights @ effects)
    between = float(weights @ (effects - effect) ** 2)
    stepped = 1 - float(weights[: fits[0][1].evidence.size].sum())
    return effect, float(weights @ own), between, stepped


def _noise_at_the_ship(found: Fit, shape: Shape, after: int) -> float:
    """Return how noisy the metric is about where the window lies, next to all of its history.

    Day blocks: in the last fifth of the history. Shorter blocks: within three hours of the window's
    time of day.
    """
    before = found.rest.shape[2]
    places = np.arange(before)
    if shape.is_long:
        near = places >= before - before // 5
    elif shape.day:
        middle = before + (after - 1) / 2
        near = (
            np.abs((places - middle + shape.day / 2) % shape.day - shape.day / 2) <= shape.day / 8
        )
    else:
        near = np.zeros(before, bool)
    if not near.any():
        return 1.0
    weights = np.exp(found.evidence - found.evidence.max())
    squares = found.rest**2
    usual = np.maximum(squares.mean(axis=2), 1e-12)
    ratio = float((weights * squares[:, :, near].mean(axis=2) / usual).sum() / weights.sum())
    seen = int(near.sum())
    if not shape.is_long:
        ratio = (CALM_AT_THAT_HOUR + seen * ratio) / (CALM_AT_THAT_HOUR + seen)
        return max(LEAST_AT_AN_HOUR, ratio)
    ratio = max(1.0, (CALM_LATELY + seen * ratio) / (CALM_LATELY + seen))
    return ratio if after >= LONG_WINDOW else math.sqrt(ratio)


def _wider(levels: Levels, after: int) -> float:
    """Return by how much intervals are widened."""
    interval = levels.seconds // levels.length
    if interval >= DAY:
        return WIDER_LONG_DAYS if after >= LONG_WINDOW else WIDER_DAYS
    if levels.seconds >= DAY:
        if interval < HOUR:
            return WIDER_DAYS_OF_MINUTES
        return WIDER_LONG_HOURS if after >= LONG_WINDOW_OF_HOURS else 1.0
    if interval >= HOUR:
        return 1.0
    return WIDER_HOUR_BLOCKS if levels.seconds >= HOUR else WIDER_MINUTE_BLOCKS
