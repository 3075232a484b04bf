"""Learns how a project's customers update, in the order of time: guess, then look. Pure.

Each customer who names their version is first guessed by what was known before them, then told.
So how sure a guess may be is learned from guesses that were really made (Platt 1999, on guesses
in the order of time as in Dawid 1984), and follows a project that begins to ship faster: what
they taught is half forgotten after HALF_FORGOTTEN customers.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from learning.attribution_adoption import AS_SURE, DEFAULT, Seen, shares_by_adoption, surer
from learning.attribution_curve import CURVE, Curve
from learning.attribution_evidence import Candidate
from learning.attribution_learning import LEARNS_FROM, Line, fit_adoption
from learning.attribution_shares import Known
from learning.attribution_v4 import NONE_RAN

LEARNS_EVERY = 40  # customers who named their version, or a fifth more of them
# Chosen on the first half of each app's customers (docs/methods.md).
HALF_FORGOTTEN, HOLDS = 30, 4.0  # customers; how hard "as it is" holds on, as customers
SURER_EVERY = 20  # customers
REMEMBERS = 8 * HALF_FORGOTTEN
MOST_ODDS = 7.0
SLOPES = (0.3, 3.0)
STEPS = 12


class Learner:
    """What was learned of a project's customers, after so many of them."""

    def __init__(
        self,
        ships: Sequence[Candidate],
        known: Known,
        *,
        usual: tuple[float, ...] = DEFAULT,
        curve: Curve = CURVE,
    ) -> None:
        """Begin with nothing learned; `usual` are the adoption weights that are held to."""
        self.line, self.usual, self.curve = Line(ships), usual, curve
        self.known = replace(known, adoption=usual)
        self.count = self.learned = 0
        self.losses: dict[int, float] = {}  # -log of what each customer's own ship was given
        self._guesses: list[tuple[float, float, float]] = []  # odds, most, was it right

    def after(self, count: int) -> Known:
        """Return what is known after the first `count` customers. Never asks for fewer."""
        while self.count < count:
            self._learn_adoption()
            self._guess(self.count)
            self.count += 1
            if self.count % SURER_EVERY == 0:
                self.known = replace(self.known, sureness=fit_sureness(self._guesses))
        self._learn_adoption()
        return self.known

    def _learn_adoption(self) -> None:
        if self.count - self.learned < max(LEARNS_EVERY, self.learned // 5):
            return
        part = slice(max(0, self.count - LEARNS_FROM), self.count)
        past = Seen(self.known.seen.at[part], self.known.seen.ships[part])
        adoption = fit_adoption(self.line.ships, past, start=self.usual)
        self.known, self.learned = replace(self.known, adoption=adoption), self.count

    def _guess(self, place: int) -> None:
        seen, known = self.known.seen, self.known
        at, key = float(seen.at[place]), int(seen.ships[place])
        moment = datetime.fromtimestamp(at, UTC)
        live = self.line.at(moment)
        right = np.array([ship.key == key for ship in live], bool)
        if not right.any():
            return
        shares, unreached = shares_by_adoption(
            live, moment, seen=seen, weights=known.adoption, curve=self.curve
        )
        top = int(shares.argmax())
        rest = float(shares.sum() - shares[top])
        odds = float(np.log(shares[top] / rest)) if rest > 0 else MOST_ODDS
        odds = min(max(odds, -MOST_ODDS), MOST_ODDS)
        most = (1 - unreached) * (1 - NONE_RAN)
        self._guesses = [*self._guesses[1 - REMEMBERS :], (odds, most, float(right[top]))]
        given = float(surer(shares, known.sureness)[right].sum())
        self.losses[place] = -float(np.log(max(given, 1e-4)))


def fit_sureness(guesses: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Return the sureness of shares_by_adoption that `guesses` want, the last of them most.

    Each is the log odds of the likeliest ship against the others, the most that ships had next to
    "none", and 1 if it was right, else 0. (0, 1) leaves shares as they are, and is held to.
    """
    if not guesses:
        return AS_SURE
    odds, most, hits = np.array(guesses).T
    rows = np.column_stack([np.ones_like(odds), odds])
    counts = 0.5 ** (np.arange(len(odds))[::-1] / HALF_FORGOTTEN)
    start = np.array(AS_SURE)
    found = start.copy()
    for _ in range(STEPS):  # Fisher scoring
        even = 1 / (1 + np.exp(-(rows @ found)))
        given = np.clip(most * even, 1e-4, 1 - 1e-4)
        moves, spread = most * even * (1 - even), given * (1 - given)
        slope = rows.T @ (counts * (given - hits) * moves / spread) + HOLDS * (found - start)
        curve = (rows * (counts * moves**2 / spread)[:, None]).T @ rows + HOLDS * np.eye(2)
        step = np.clip(np.linalg.solve(curve, slope), -1, 1)
        found = found - step
        if np.abs(step).max() < 1e-4:
            break
    return float(found[0]), float(np.clip(found[1], *SLOPES))
