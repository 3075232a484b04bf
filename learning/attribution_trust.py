"""Fits how much each kind of evidence counts to what people say of it. Pure.

A multinomial logit over the candidates and "none" (McFadden 1974) whose coefficients are held to
1, and the offset of "none" to 0, by a normal prior: three corrections move little, a hundred that
agree move much. Solved by Newton's method within bounds (Bertsekas 1982).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning.attribution_adoption import Floats
from learning.attribution_v3 import KINDS, Weighed

STRENGTH = 25.0  # how hard 1 holds on, as corrections
STEPS = 30
LEAST = np.array([0.0] * len(KINDS) + [-4.0])  # of each kind's trust, and of none
MOST = np.array([2.0] * len(KINDS) + [4.0])


@dataclass(frozen=True, slots=True)
class Case:
    """One correction: what spoke for each ship, and the place of the right one; None is none.

    It counts for so many.
    """

    weighed: Weighed
    right: int | None
    counts: float = 1.0


@dataclass(frozen=True, slots=True)
class Trust:
    """How much each of KINDS counts, and what to add to the log odds of none."""

    of_kind: tuple[float, ...] = (1.0,) * len(KINDS)
    none: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """Return how much each kind counts, by its name."""
        return dict(zip(KINDS, self.of_kind, strict=True))


DEFAULT_TRUST = Trust()


def fit_trust(cases: Sequence[Case]) -> Trust:
    """Return the trust that makes what people said of `cases` likeliest, held to the default."""
    tables = [_table(case) for case in cases]
    start = np.array([*DEFAULT_TRUST.of_kind, DEFAULT_TRUST.none])
    found = start.copy()
    for _ in range(STEPS if tables else 0):
        slope, curve = STRENGTH * (found - start), STRENGTH * np.eye(len(start))
        for (fixed, rows, right), case in zip(tables, cases, strict=True):
            chances = _softmax(fixed + rows @ found)
            mean = chances @ rows
            slope += case.counts * (mean - rows[right])
            curve += case.counts * ((rows * chances[:, None]).T @ rows - np.outer(mean, mean))
        # What stands at its bound and wants to go beyond stays there, and the others go on alone.
        free = ~((found <= LEAST) & (slope > 0) | (found >= MOST) & (slope < 0))
        step = np.zeros(len(start))
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        before, found = found, np.clip(found - np.clip(step, -1, 1), LEAST, MOST)
        if np.abs(found - before).max() < 1e-4:
            break
    return Trust(tuple(float(one) for one in found[:-1]), float(found[-1]))


def log_loss_of_trust(cases: Sequence[Case], trust: Trust) -> float:
    """Return the mean of -log(what the right answer was given); 0 of no cases."""
    weights = np.array([*trust.of_kind, trust.none])
    losses = []
    for case in cases:
        fixed, rows, right = _table(case)
        losses.append(-float(np.log(max(_softmax(fixed + rows @ weights)[right], 1e-6))))
    return float(np.average(losses, weights=[case.counts for case in cases])) if losses else 0.0


def _table(case: Case) -> tuple[Floats, Floats, int]:
    """Return what is fixed, what is multiplied by the trust, and the row that is right."""
    ships = len(case.weighed.ships)
    rows = np.zeros((ships + 1, len(KINDS) + 1))
    rows[:ships, :-1] = case.weighed.by_kind
    rows[ships, -1] = 1
    fixed = np.append(case.weighed.prior, case.weighed.none)
    return fixed, rows, ships if case.right is None else case.right


def _softmax(scores: Floats) -> Floats:
    masses: Floats = np.exp(scores - scores.max())
    return masses / masses.sum()
