"""Which ship customers were on at a moment: by adoption rather than by the clock. Pure.

Ships of one train are put in order, the newest first. Of the customers that none of the newer
ones has reached, ship k has reached the share h(k): a continuation ratio (Agresti 2002, 7.2), a
logistic function of what attribution_curve.py knows of it. Its weights are fitted to the versions
that customers named (attribution_learning.py); what they name lately corrects it
(attribution_memory.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from common.versions import Channel, place_in_order
from learning.attribution_curve import CURVE, DEFAULT, Curve, Floats
from learning.attribution_evidence import Candidate
from learning.attribution_memory import Memory, corrected

__all__ = [
    "AS_SURE",
    "DEFAULT",
    "NOTHING_SEEN",
    "Floats",
    "Seen",
    "logistic",
    "shares_by_adoption",
    "trains_of",
]

DAY = 86_400.0
# Customers of what is for those who try it first, or stay on one line, next to all others.
OF_CHANNEL = {Channel.ALL: 1.0, Channel.TRIAL: 0.04, Channel.LONG_TERM: 0.03}
TRAIN_FADES = 14.0  # days in which a train that does not move stops being news
STAYS_NEWS = 0.4
PRIOR_OF_TRAINS = 10.0
FORGETS_TRAINS = 60.0  # days in which how many customers a train has is half forgotten
AS_SURE = (0.0, 1.0)
MOST_SEEN = 4_000  # sightings that one moment asks


@dataclass(frozen=True, slots=True)
class Seen:
    """When customers named which ship's version, by time: the project's own past.

    `at` in seconds since 1970, `ships` the keys of candidates.
    """

    at: Floats
    ships: NDArray[np.int64]

    def before(self, moment: datetime) -> "Seen":
        """Return what was seen before `moment`, at most the last MOST_SEEN."""
        end = int(np.searchsorted(self.at, moment.timestamp(), side="left"))
        kept = slice(max(0, end - MOST_SEEN), end)
        return Seen(self.at[kept], self.ships[kept])


NOTHING_SEEN = Seen(np.zeros(0), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Train:
    """Ships that replace each other, the newest first: their places among the candidates."""

    places: list[int]
    ages: Floats  # days; below 0 if it may not have been out yet
    weight: float


def shares_by_adoption(
    ships: Sequence[Candidate],
    at: datetime,
    *,
    seen: Seen = NOTHING_SEEN,
    weights: Sequence[float] = DEFAULT,
    sharpness: float = 1.0,
    sureness: tuple[float, float] = AS_SURE,
    curve: Curve = CURVE,
) -> tuple[Floats, float]:
    """Return each ship's share of the customers at `at`, and the share that none has reached.

    All sum to 1. Customers seen at or after `at` are not asked. Above 1, `sharpness` makes the
    large shares larger; `sureness` moves the log odds of the largest one to offset + slope times
    them. Both are fitted where past shares proved too careful, or too bold.
    """
    if not ships:
        return np.zeros(0), 1.0
    trains = trains_of(ships, at)
    seen = seen.before(at)
    days = (at.timestamp() - seen.at) / DAY
    keys = np.array([ship.key for ship in ships], np.int64)
    in_order = np.argsort(keys)
    found = in_order[np.minimum(np.searchsorted(keys[in_order], seen.ships), len(keys) - 1)]
    offered = keys[found] == seen.ships
    days, at_place = days[offered], found[offered]
    of_trains = _weights_of_trains(trains, days, at_place, len(ships))
    shares, unreached = np.zeros(len(ships)), 0.0
    for train, weight in zip(trains, of_trains, strict=True):
        ratios = _ratios(
            train, curve.features(train.ages) @ np.asarray(weights), days, at_place, curve.memory
        )
        left = np.concatenate([[1.0], np.cumprod(1 - ratios)])
        shares[train.places] = weight * ratios * left[:-1]
        unreached += weight * float(left[-1])
    sharpened = shares**sharpness
    sharpened *= (1 - unreached) / sharpened.sum()
    return (sharpened if sureness == AS_SURE else surer(sharpened, sureness)), unreached


def surer(shares: Floats, sureness: tuple[float, float]) -> Floats:
    """Return `shares` with the largest as sure as `sureness` says, and the others in proportion.

    The largest stays the largest: its log odds become offset + slope times them (Platt 1999).
    """
    whole, place = float(shares.sum()), int(shares.argmax())
    rest = whole - shares[place]
    if rest <= 0 or not whole:
        return shares
    odds = sureness[0] + sureness[1] * float(np.log(shares[place] / rest))
    top = whole / (1 + np.exp(-np.clip(odds, -7, 7)))
    runner_up = np.partition(shares, -2)[-2] / rest
    top = max(top, whole * runner_up / (1 + runner_up))
    found = shares * ((whole - top) / rest)
    found[place] = top
    return found


def trains_of(ships: Sequence[Candidate], at: datetime) -> list[Train]:
    """Return the trains of `ships`, each in order: by version if all names tell it, or by time."""
    trains = []
    for order in _in_order(tuple(ships)):
        ages = at.timestamp() / DAY - order.days
        news = STAYS_NEWS + (1 - STAYS_NEWS) * float(np.exp(-max(0.0, ages.min()) / TRAIN_FADES))
        trains.append(Train(order.places, ages, OF_CHANNEL[order.channel] * news))
    return trains


@dataclass(frozen=True, slots=True)
class _Order:
    places: list[int]
    days: Floats  # when each shipped
    channel: Channel


@lru_cache(maxsize=64)
def _in_order(ships: tuple[Candidate, ...]) -> tuple[_Order, ...]:
    groups: dict[tuple[str, Channel], list[tuple[int, tuple[int, ...] | None]]] = {}
    for place, ship in enumerate(ships):
        order = place_in_order(ship.version)
        channel = order[0] if order else Channel.ALL
        groups.setdefault((ship.train, channel), []).append((place, order and order[1]))
    found = []
    for (_, channel), members in sorted(groups.items(), key=lambda group: str(group[0])):
        orders = {order for _, order in members}
        # One version shipped twice was taken back in between: what is live is the last one.
        by_version = None not in orders and len(orders) == len(members)
        places = [
            place
            for place, order in sorted(
                members,
                key=lambda one: (
                    (one[1] or ()) if by_version else (),
                    ships[one[0]].shipped_at,
                    ships[one[0]].key,
                ),
                reverse=True,
            )
        ]
        days = [
            ships[place].shipped_at.timestamp() / DAY + ships[place].day_only for place in places
        ]
        found.append(_Order(places, np.array(days), channel))
    return tuple(found)


def _weights_of_trains(
    trains: Sequence[Train], days: Floats, at_place: NDArray[np.int64], ships: int
) -> Floats:
    given = np.array([train.weight for train in trains])
    counts = np.bincount(at_place, 0.5 ** (days / FORGETS_TRAINS), ships)
    named = np.array([counts[train.places].sum() for train in trains])
    return (PRIOR_OF_TRAINS * given / given.sum() + named) / (PRIOR_OF_TRAINS + named.sum())


def _ratios(
    train: Train, scores: Floats, days: Floats, at_place: NDArray[np.int64], memory: Memory
) -> Floats:
    ratios = logistic(scores)
    if not len(days):
        return ratios
    order = np.full(max(at_place.max(), *train.places) + 1, -1)
    order[train.places] = np.arange(len(train.places))
    at = order[at_place]
    return corrected(ratios, train.ages, days[at >= 0], at[at >= 0], memory)


def logistic(values: Floats) -> Floats:
    """Return 1 / (1 + e^-x) of each, never quite 0 or 1."""
    found: Floats = np.clip(1 / (1 + np.exp(-np.clip(values, -30, 30))), 1e-3, 0.999)
    return found
