"""Fits the weights of the attribution to what is known of a project. Pure.

Two things teach: the versions that customers named (how its customers update), and what people
corrected (which kinds of evidence can be trusted, and how often it is none of our ships). Both
fits are maximum a posteriori with a normal prior around the defaults, by Newton's method, so a
few cases move little. A fit only counts if it says later, held-out cases better.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from learning.attribution_adoption import (
    AS_SURE,
    DEFAULT,
    Floats,
    Seen,
    logistic,
    shares_by_adoption,
    trains_of,
)
from learning.attribution_curve import features
from learning.attribution_evidence import Candidate

LEAST_SEEN = 20
LEARNS_FROM = 800  # the last that named their version
STEPS = 12
STRENGTH = 8.0  # how hard the defaults hold on, as customers
FARTHEST = 6.0
MOST_LIVE = 200  # ships


def fit_adoption(
    ships: Sequence[Candidate], seen: Seen, *, start: Sequence[float] = DEFAULT
) -> tuple[float, ...]:
    """Return the adoption weights that best tell which ship each customer in `seen` ran.

    `start` are the weights they are held to; they come back if fewer than LEAST_SEEN are known.
    """
    if len(seen.at) < LEAST_SEEN:
        return tuple(start)
    rows, reached = [], []
    line = Line(ships)
    for at, key in zip(
        seen.at[-LEARNS_FROM:].tolist(), seen.ships[-LEARNS_FROM:].tolist(), strict=True
    ):
        moment = datetime.fromtimestamp(at, UTC)
        live = line.at(moment)
        for train in trains_of(live, moment):
            keys = [live[place].key for place in train.places]
            if key in keys:
                place = keys.index(key)
                rows.append(features(train.ages)[: place + 1])
                reached.append(np.eye(place + 1)[place])
    if not rows:
        return tuple(start)
    return fit_logistic(np.vstack(rows), np.concatenate(reached), np.asarray(start, float))


def fit_logistic(
    rows: Floats, reached: Floats, start: Floats, *, strength: float = STRENGTH
) -> tuple[float, ...]:
    """Return the weights of `rows` that best tell `reached`, held to `start`."""
    weights = start.copy()
    for _ in range(STEPS):
        ratios = logistic(rows @ weights)
        slope = rows.T @ (ratios - reached) + strength * (weights - start)
        curve = (rows * (ratios * (1 - ratios))[:, None]).T @ rows + strength * np.eye(len(start))
        step = np.linalg.solve(curve, slope)
        weights = np.clip(weights - step, start - FARTHEST, start + FARTHEST)
        if np.abs(step).max() < 1e-4:
            break
    return tuple(float(weight) for weight in weights)


class Line:
    """Ships in the order of time, to ask which were live at a moment."""

    def __init__(self, ships: Sequence[Candidate]) -> None:
        self.ships = sorted(ships, key=lambda ship: (ship.shipped_at, ship.key))
        self.times = [ship.shipped_at for ship in self.ships]

    def at(self, moment: datetime) -> list[Candidate]:
        """Return the last MOST_LIVE that had shipped by then."""
        end = bisect_right(self.times, moment)
        return self.ships[max(0, end - MOST_LIVE) : end]


def log_loss_of_adoption(
    ships: Sequence[Candidate],
    seen: Seen,
    *,
    since: int,
    weights: Sequence[float] = DEFAULT,
    sharpness: float = 1.0,
    sureness: tuple[float, float] = AS_SURE,
) -> float:
    """Return the mean of -log(share given to the ship that each customer from `since` on ran)."""
    losses, line = [], Line(ships)
    for place in range(since, len(seen.at)):
        moment = datetime.fromtimestamp(float(seen.at[place]), UTC)
        live = line.at(moment)
        shares, _ = shares_by_adoption(
            live, moment, seen=seen, weights=weights, sharpness=sharpness, sureness=sureness
        )
        right = np.array([ship.key for ship in live]) == seen.ships[place]
        losses.append(-float(np.log(max(float(shares[right].sum()), 1e-4))))
    return float(np.mean(losses)) if losses else 0.0
