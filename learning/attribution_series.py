"""Attributes a whole history in the order of time, learning from what was known by then. Pure.

Nothing is learned from the future: for each feedback, only versions that others named before it
count, and the adoption weights are fitted to those alone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from common.versions import plain
from learning.attribution import CURRENT_METHOD, MOST_CANDIDATES, Share, attribute
from learning.attribution_adoption import Seen
from learning.attribution_curve import CURVE, CURVE_V4
from learning.attribution_evidence import Candidate, Said
from learning.attribution_learner import Learner
from learning.attribution_learning_v3 import LearnerV3
from learning.attribution_shares import OFF_TOPIC_FOR_RAN, Known
from learning.attribution_v4 import usual_weights

HORIZON = timedelta(days=730)  # a ship older than that is a candidate by its version only
MOST_SHIPS = 200
WORDS_FOR_RAN = {"words": 0.5}  # customers speak of what older ships changed, too
KEEPS_V3 = {"evidence-v2", "evidence-v3"}  # ... way to learn
KEEPS_V4 = {"evidence-v4"}


class Fleet:
    """The ships of one project's customers, and where to find them."""

    def __init__(self, ships: Sequence[Candidate]) -> None:
        self.ships = sorted(ships, key=lambda ship: (ship.shipped_at, ship.key))
        self.times = [ship.shipped_at for ship in self.ships]
        self.by_version: dict[str, list[Candidate]] = {}
        for ship in self.ships:
            self.by_version.setdefault(plain(ship.version), []).append(ship)

    @property
    def is_announced(self) -> bool:
        """Return whether the days of most ships are known and no more, as of an announcement."""
        return 2 * sum(ship.day_only for ship in self.ships) > len(self.ships)

    def candidates_for(self, said: Said) -> list[Candidate]:
        """Return the ships that were live when `said` was, the last MOST_SHIPS of them."""
        end = bisect_right(self.times, said.said_at)
        start = max(bisect_right(self.times, said.said_at - HORIZON), end - MOST_SHIPS)
        older = (
            [
                ship
                for ship in self.by_version.get(plain(said.version), ())
                if said.version and ship.shipped_at < self.times[start]
            ]
            if start < end
            else []
        )
        return older + self.ships[start:end]

    def seen(self, said: Sequence[Said]) -> Seen:
        """Return when the customers in `said` named which ship's version."""
        named = []
        for one in said:
            ships = self.by_version.get(plain(one.version), ()) if one.version else ()
            live = [ship for ship in ships if ship.shipped_at <= one.said_at]
            if live:
                named.append((one.said_at.timestamp(), live[-1].key))
        named.sort()
        return Seen(
            np.array([at for at, _ in named], float),
            np.array([key for _, key in named], np.int64),
        )


def attribute_series(
    fleet: Fleet,
    said: Sequence[Said],
    seen: Seen,
    *,
    method: str = CURRENT_METHOD,
    most: int = MOST_CANDIDATES,
    off_topic: float = OFF_TOPIC_FOR_RAN,
) -> Iterator[tuple[Said, list[Share]]]:
    """Yield each of `said` in the order of time, with what it is about by what was known then."""
    known = Known(seen=seen, off_topic=off_topic)
    if known.asks_who_ran:
        known = replace(known, trust=WORDS_FOR_RAN)
    ships = fleet.ships[-5 * MOST_SHIPS :]
    learner = (
        LearnerV3(ships, known)
        if method in KEEPS_V3
        else Learner(
            ships,
            known,
            usual=usual_weights(said),
            curve=CURVE_V4 if method in KEEPS_V4 else CURVE,
        )
    )
    moments = seen.at.tolist()
    for one in sorted(said, key=lambda one: (one.said_at, one.key)):
        known = learner.after(bisect_left(moments, one.said_at.timestamp()))
        shares = attribute(one, fleet.candidates_for(one), known=known, method=method, most=most)
        yield one, shares
