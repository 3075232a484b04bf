"""What many ships did to one metric together, shrunk for the winner's curse. Pure.

docs/methods.md tells how and how well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_95 = 1.959964
# What a project's ships may be like, all alike beforehand: the share that moves the metric, how far
# (standard deviation of the logarithm), and towards which side on average (in such deviations).
SHARES = (0.02, 0.08, 0.2, 0.4, 0.6, 0.8, 0.98)
SPREADS = tuple(float(size) for size in np.geomspace(0.015, 0.5, 8))
SIDES = (-2.0, -1.0, 0.0, 1.0, 2.0)
# The interval that follows from the model alone holds the sum of those that stand out in 82-95 % of
# cases, as what the ships are like is itself learned from few.
WIDER = 1.25
LEAST_ERROR = 1e-4
LOWEST = -0.999  # an effect below this has no logarithm to speak of


@dataclass(frozen=True, slots=True)
class Measured:
    """One ship's effect, relative (0.05 is 5 % more), with its 95 % interval."""

    effect: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Total:
    """What some ships did together, relative, as if each effect had lasted.

    `raw` multiplies what was measured; `shrunk` is what that means with the winner's curse taken
    out, with its 95 % interval.
    """

    ships: int
    raw: float
    raw_low: float
    raw_high: float
    shrunk: float
    low: float
    high: float


def totals(effects: Sequence[Measured], groups: Sequence[Sequence[int]]) -> list[Total | None]:
    """Return the total of each group of places in `effects`; None for an empty group.

    What the ships of this metric are like is learned from all `effects`, of whatever group: each
    one is nothing, or drawn from a normal distribution whose size, side and share are averaged
    over by how well they explain what was measured.
    """
    if not effects:
        return [None for _group in groups]
    found, errors = _logarithms(effects)
    weights, means, variances = _posterior(found, errors)
    answers: list[Total | None] = []
    for group in groups:
        places = np.array(group, dtype=np.int64)
        if not len(places):
            answers.append(None)
            continue
        each = means[:, places].sum(axis=1)
        shrunk = float(weights @ each)
        within = float(weights @ variances[:, places].sum(axis=1))
        between = float(weights @ (each - shrunk) ** 2)
        raw, raw_error = float(found[places].sum()), float(np.sqrt((errors[places] ** 2).sum()))
        half = WIDER * NORMAL_95 * float(np.sqrt(within + between))
        answers.append(
            Total(
                len(places),
                *_relative(raw, raw - NORMAL_95 * raw_error, raw + NORMAL_95 * raw_error),
                *_relative(shrunk, shrunk - half, shrunk + half),
            )
        )
    return answers


def _relative(*sums: float) -> list[float]:
    """Return relative changes of sums of logarithms; none above a millionfold."""
    return [float(np.expm1(min(one, 14.0))) for one in sums]


def _logarithms(effects: Sequence[Measured]) -> tuple[Floats, Floats]:
    """Return the effects as logarithms, and their standard errors."""
    table = np.array([(one.low, one.effect, one.high) for one in effects], dtype=np.float64)
    low, found, high = np.log1p(np.maximum(table, LOWEST)).T
    # Where the interval reaches a fall to nothing, only its upper half tells of the error.
    half = np.where(table[:, 0] > LOWEST, (high - low) / 2, high - found)
    return found, np.maximum(half / NORMAL_95, LEAST_ERROR)


def _posterior(found: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how likely each kind of project is, and the means and variances of effects in it.

    Shapes: (kinds,), (kinds, effects), (kinds, effects).
    """
    kinds = list(product(SHARES, SPREADS, SIDES))
    share = np.array([[one[0]] for one in kinds])
    spread = np.array([[one[1]] for one in kinds])
    centre = spread * np.array([[one[2]] for one in kinds])
    noise = errors**2
    both = noise + spread**2
    nothing = np.log1p(-share) - 0.5 * (np.log(noise) + found**2 / noise)
    something = np.log(share) - 0.5 * (np.log(both) + (found - centre) ** 2 / both)
    evidence = np.logaddexp(nothing, something)
    moved = np.exp(something - evidence)
    pull = spread**2 / both
    if_moved = centre + pull * (found - centre)
    means = moved * if_moved
    variances = moved * (pull * noise + if_moved**2) - means**2
    total = evidence.sum(axis=1)
    weights = np.exp(total - total.max())
    return weights / weights.sum(), means, np.maximum(variances, 0.0)
