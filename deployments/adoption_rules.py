"""When enough customers have a ship: rules over shares of customers by the hour. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.errors import BadInput
from common.values import clean_text, read_share
from common.versions import Match, compare

THRESHOLD = 0.1  # from then on a ship is judged, if its team says nothing else
# Hours of fewer customers are taken together until there are so many.
LEAST_USERS = 30
# A share that is reached is so many standard errors above one that is clearly below it: three, as
# there are hundreds of hours to be wrong in.
CLEARLY_BELOW, SURE = 0.9, 3.0


@dataclass(frozen=True, slots=True)
class Version:
    """A name and a commit that a ship goes by."""

    name: str
    sha: str = ""

    def is_named_by(self, said: str) -> bool:
        """Return True if `said` is this version."""
        return compare(said, self.name, self.sha) is Match.SAME


@dataclass(frozen=True, slots=True)
class Hour:
    """How many customers there were from `at` on, and the share of them that had the ship."""

    at: datetime
    share: float
    users: int | None = None  # None: only the share is known


@dataclass(frozen=True, slots=True)
class Wish:
    """What a team said of how its ship's adoption is to be measured."""

    threshold: float = THRESHOLD
    metric: str = ""  # the key of a metric that is the share of customers who have it


def read_wish(told: Any) -> Wish:
    """Return what the `adoption` of a deploy call says; raises BadInput.

    A share ("25%" or 0.25) is the threshold; a word is the key of a metric; an object
    {"share", "metric"} has both.
    """
    if told is None or told == "":
        return Wish()
    if isinstance(told, str) and not told.strip().rstrip("%").replace(".", "", 1).isdigit():
        return Wish(metric=clean_text(told, field="adoption", max_length=100))
    facts = told if isinstance(told, Mapping) else {"share": told}
    if not facts.keys() & {"share", "metric"}:
        raise BadInput("adoption", "says neither a share nor a metric.", 'Send "25%".')
    share = facts.get("share")
    threshold = THRESHOLD if share is None else read_share(share, field="adoption.share")
    if threshold is None or not 0 < threshold <= 1:
        raise BadInput("adoption.share", "is not more than 0% and at most 100%.", 'Send "10%".')
    metric = clean_text(facts.get("metric"), field="adoption.metric", max_length=100)
    return Wish(threshold, metric)


def hours_on(
    uses: Iterable[tuple[datetime, str, int]], versions_with_it: Iterable[str]
) -> list[Hour]:
    """Return the share of customers who have a ship, hour by hour, oldest first.

    `uses` are (hour, version, users), of which users of all versions of one hour add up;
    `versions_with_it` are those of them that have it.
    """
    having, everybody = set(versions_with_it), dict[datetime, list[int]]()
    for at, version, users in uses:
        counts = everybody.setdefault(at, [0, 0])
        counts[0] += users if version in having else 0
        counts[1] += users
    return [Hour(at, on / of, of) for at, (on, of) in sorted(everybody.items()) if of]


def versions_having(
    said: Iterable[str], ships: Sequence[Version], place: int
) -> tuple[set[str], bool]:
    """Return which of the versions that customers named have `ships[place]`, and if any is a ship.

    `ships` are in the order in which they went live. Later ones have it too, unless they are an
    earlier version that was shipped again.
    """
    having, is_ours = set(), False
    for name in said:
        found = [number for number, ship in enumerate(ships) if ship.is_named_by(name)]
        is_ours = is_ours or bool(found)
        if found and found[0] >= place:
            having.add(name)
    return having, is_ours


def pooled(hours: Sequence[Hour]) -> Iterator[Hour]:
    """Yield the shares of at least LEAST_USERS customers, at the last hour of each."""
    on, of = 0.0, 0
    for hour in hours:
        if hour.users is None:
            yield hour
            continue
        on, of = on + hour.share * hour.users, of + hour.users
        if of >= LEAST_USERS:
            yield Hour(hour.at, on / of, of)
            on, of = 0.0, 0


def first_reached(hours: Sequence[Hour], threshold: float) -> datetime | None:
    """Return the first hour from which on the share was `threshold` or more, or None.

    An hour of few customers may be above it by chance, and there are many hours: the hours after
    it, taken together with it, must tell it apart from a share clearly below.
    """
    shares = list(pooled(hours))
    for number, first in enumerate(shares):
        on, of = 0.0, 0
        for hour in shares[number:]:
            if hour.users is None:
                on, of = hour.share, 0
            else:
                on, of = on + hour.share * hour.users, of + hour.users
            share = on / of if of else on
            # What is shown as 10 % is 10 %, whatever the last bit says.
            if share < threshold - 1e-9:
                break
            if not of or share - _below(threshold) >= SURE * _spread(_below(threshold), of):
                return first.at
    return None


def _below(threshold: float) -> float:
    return CLEARLY_BELOW * threshold


def _spread(share: float, of: int) -> float:
    """Return the standard error of a share of so many customers."""
    return math.sqrt(share * (1 - share) / of)
