"""What "evidence-v3" learned of how sure it may be, kept so that it can be asked again. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from learning.attribution_adoption import AS_SURE, Floats, Seen, shares_by_adoption
from learning.attribution_curve import CURVE_V4
from learning.attribution_evidence import Candidate
from learning.attribution_learning import (
    LEARNS_FROM,
    LEAST_SEEN,
    STRENGTH,
    Line,
    fit_adoption,
    fit_logistic,
)
from learning.attribution_shares import Known

TELLS_SHARPNESS, TELLS_SURENESS = 120, 240  # the last customers that they are fitted to
HOLDS_SURENESS = 6.0
SHARPNESSES = tuple(round(0.9 * 1.05**step, 3) for step in range(20))  # 0.9 to 2.3
LEARNS_EVERY = 40  # customers who named their version, or a fifth more of them


class LearnerV3:
    """What was learned of a project's customers, after so many of them."""

    def __init__(self, ships: Sequence[Candidate], known: Known) -> None:
        """Begin with nothing learned."""
        self.ships, self.known, self.learned = ships, known, 0

    def after(self, count: int) -> Known:
        """Return what is known after the first `count` customers. Never asks for fewer."""
        if count - self.learned < max(LEARNS_EVERY, self.learned // 5):
            return self.known
        part = slice(max(0, count - LEARNS_FROM), count)
        past = Seen(self.known.seen.at[part], self.known.seen.ships[part])
        adoption = fit_adoption(self.ships, past)
        sharpness, sureness = fit_sureness(self.ships, past, weights=adoption)
        self.known = replace(self.known, adoption=adoption, sharpness=sharpness, sureness=sureness)
        self.learned = count
        return self.known


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
            shares, _ = shares_by_adoption(live, moment, seen=seen, weights=weights, curve=CURVE_V4)
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
    offset, slope = fit_logistic(
        np.array(rows), np.array(hits), np.array(AS_SURE), strength=HOLDS_SURENESS
    )
    return offset, min(max(slope, 0.3), 3.0)
