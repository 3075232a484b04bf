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
from numpy.typing import NDArray

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
TELLS_SHARPNESS, TELLS_SURENESS = 120, 240  # the last customers that they are fitted to
HOLDS_SURENESS = 6.0
MOST_LIVE = 200  # ships
SHARPNESSES = tuple(round(0.9 * 1.05**step, 3) for step in range(20))  # 0.9 to 2.3


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
    return _fit_logistic(np.vstack(rows), np.concatenate(reached), np.asarray(start, float))


def _fit_logistic(
    rows: Floats, reached: Floats, start: Floats, *, strength: float = STRENGTH
) -> tuple[float, ...]:
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


def fit_sureness(
    ships: Sequence[Candidate], seen: Seen, *, weights: Sequence[float]
) -> tuple[float, tuple[float, float]]:
    """Return the sharpness and the sureness of shares_by_adoption that `seen` wants.

    Each of the last customers is told by those before it alone. 1, and (0, 1), leave the shares
    as they are, and are held to.
    """
    asked = range(max(LEAST_SEEN, len(seen.at) - TELLS_SURENESS), len(seen.at))
    told, line = [], Line(ships)
    for place in asked:
        moment = datetime.fromtimestamp(float(seen.at[place]), UTC)
        live = line.at(moment)
        right = np.array([ship.key for ship in live]) == seen.ships[place]
        if right.any():
            shares, _ = shares_by_adoption(live, moment, seen=seen, weights=weights)
            told.append((np.log(np.maximum(shares, 1e-9)), right))
    if not told:
        return 1.0, AS_SURE
    sharpness = min(SHARPNESSES, key=lambda power: _loss(told[-TELLS_SHARPNESS:], power))
    return sharpness, _fit_platt(told, sharpness)


def _loss(told: Sequence[tuple[Floats, NDArray[np.bool_]]], power: float) -> float:
    held = STRENGTH * 2 * float(np.log(power)) ** 2
    return held - sum(
        power * float(logs[right].sum()) - float(np.log(np.exp(power * logs).sum()))
        for logs, right in told
    )


def _fit_platt(
    told: Sequence[tuple[Floats, NDArray[np.bool_]]], sharpness: float
) -> tuple[float, float]:
    rows, hits = [], []
    for logs, right in told:
        shares = np.exp(sharpness * logs)
        top = int(shares.argmax())
        rest = float(shares.sum() - shares[top])
        if rest > 0:
            odds = float(np.log(shares[top] / rest))
            rows.append((1.0, min(max(odds, -7.0), 7.0)))
            hits.append(float(right[top]))
    if not rows:
        return AS_SURE
    offset, slope = _fit_logistic(
        np.array(rows), np.array(hits), np.array(AS_SURE), strength=HOLDS_SURENESS
    )
    return offset, min(max(slope, 0.3), 3.0)


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
