"""Fits the weights of the attribution to what is known of a project. Pure.

Two things teach: the versions that customers named (how its customers update), and what people
corrected (which kinds of evidence can be trusted, and how often it is none of our ships). Both
fits are maximum a posteriori with a normal prior around the defaults, by Newton's method, so a
few cases move little. A fit only counts if it says later, held-out cases better.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from learning.attribution_adoption import (
    DEFAULT,
    Floats,
    Seen,
    logistic,
    shares_by_adoption,
    trains_of,
)
from learning.attribution_evidence import Candidate

LEAST_SEEN = 20
LEARNS_FROM = 800  # the last that named their version
STEPS = 12
STRENGTH = 8.0  # how hard the defaults hold on, as customers
FARTHEST = 6.0
TELLS_SHARPNESS = 120  # the last customers that it is fitted to
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
    for at, key in zip(
        seen.at[-LEARNS_FROM:].tolist(), seen.ships[-LEARNS_FROM:].tolist(), strict=True
    ):
        moment = datetime.fromtimestamp(at, UTC)
        live = [ship for ship in ships if ship.shipped_at <= moment]
        for train in trains_of(live, moment):
            keys = [live[place].key for place in train.places]
            if key in keys:
                place = keys.index(key)
                rows.append(train.features()[: place + 1])
                reached.append(np.eye(place + 1)[place])
    if not rows:
        return tuple(start)
    return _fit_logistic(np.vstack(rows), np.concatenate(reached), np.asarray(start, float))


def _fit_logistic(rows: Floats, reached: Floats, start: Floats) -> tuple[float, ...]:
    weights = start.copy()
    for _ in range(STEPS):
        ratios = logistic(rows @ weights)
        slope = rows.T @ (ratios - reached) + STRENGTH * (weights - start)
        curve = (rows * (ratios * (1 - ratios))[:, None]).T @ rows + STRENGTH * np.eye(len(start))
        step = np.linalg.solve(curve, slope)
        weights = np.clip(weights - step, start - FARTHEST, start + FARTHEST)
        if np.abs(step).max() < 1e-4:
            break
    return tuple(float(weight) for weight in weights)


def fit_sharpness(ships: Sequence[Candidate], seen: Seen, *, weights: Sequence[float]) -> float:
    """Return how much the shares of the ships want sharpening, by the last customers in `seen`.

    Each is told by those before it alone. 1 leaves the shares as they are, and is held to as if
    by STRENGTH customers that they were right for.
    """
    asked = range(max(LEAST_SEEN, len(seen.at) - TELLS_SHARPNESS), len(seen.at))
    told = []
    for place in asked:
        moment = datetime.fromtimestamp(float(seen.at[place]), UTC)
        live = [ship for ship in ships if ship.shipped_at <= moment]
        keys = np.array([ship.key for ship in live])
        if (keys == seen.ships[place]).any():
            shares, _ = shares_by_adoption(live, moment, seen=seen, weights=weights)
            told.append((np.log(np.maximum(shares, 1e-9)), keys == seen.ships[place]))
    if not told:
        return 1.0

    def loss(power: float) -> float:
        held = STRENGTH * 2 * float(np.log(power)) ** 2
        return held - sum(
            power * float(logs[right].sum()) - float(np.log(np.exp(power * logs).sum()))
            for logs, right in told
        )

    return min(SHARPNESSES, key=loss)


def log_loss_of_adoption(
    ships: Sequence[Candidate],
    seen: Seen,
    *,
    since: int,
    weights: Sequence[float] = DEFAULT,
    sharpness: float = 1.0,
) -> float:
    """Return the mean of -log(share given to the ship that each customer from `since` on ran)."""
    losses = []
    for place in range(since, len(seen.at)):
        moment = datetime.fromtimestamp(float(seen.at[place]), UTC)
        live = [ship for ship in ships if ship.shipped_at <= moment]
        shares, _ = shares_by_adoption(
            live, moment, seen=seen, weights=weights, sharpness=sharpness
        )
        right = np.array([ship.key for ship in live]) == seen.ships[place]
        losses.append(-float(np.log(max(float(shares[right].sum()), 1e-4))))
    return float(np.mean(losses)) if losses else 0.0
