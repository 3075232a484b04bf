"""The method "evidence-v1", kept so that its rows can be made again. Pure.

It shares the prior out by the ships' ages alone, and knows nothing of the project's own past.
"""

import math
from collections.abc import Sequence
from datetime import timedelta

from learning.attribution_evidence import Candidate, Evidence, Said, rarities, weigh
from learning.attribution_shares import (
    MOST_REASONS,
    NEVER_SURER,
    NOBODYS,
    OFF_TOPIC,
    Known,
    Share,
    is_on_topic,
    reasons_for_none,
    spoken,
)

OURS = 0.6  # how often feedback is about one of our ships, when a ship has only just gone out
FADING = timedelta(days=14)  # in which a ship stops being news
STAYS_NEWS = 0.4
# What of the customers is on the newest ship: half at once, most of them later.
AT_ONCE, LATER, ADOPTED_IN = 0.55, 0.85, timedelta(days=2)
HOWEVER_OLD = 0.05  # of ours is shared by all candidates alike: some customers never update


def evidence_shares(
    said: Said, candidates: Sequence[Candidate], known: Known, most: int
) -> list[Share]:
    """The method "evidence-v1": add up the evidence for each ship, beginning with its age."""
    if not candidates:
        return [Share(None, 1.0, (NOBODYS,))]
    ships = sorted(candidates, key=lambda ship: (ship.shipped_at, ship.key), reverse=True)
    ages = [said.said_at - ship.shipped_at for ship in ships]
    ours = OURS * (STAYS_NEWS + (1 - STAYS_NEWS) * math.exp(-ages[0] / FADING))
    rarity = rarities(ships)
    found = [weigh(said, ship, rarity) for ship in ships]
    scores = [
        math.log(ours * prior) + sum(piece.weight for piece in pieces)
        for prior, pieces in zip(_by_age(ages), found, strict=True)
    ]
    top = max(*scores, math.log(1 - ours))
    masses = [math.exp(score - top) for score in scores]
    none = math.exp(math.log(1 - ours) - top)
    likeliest = masses.index(max(masses))
    surest = NEVER_SURER if is_on_topic(ships[likeliest], found[likeliest]) else OFF_TOPIC
    none = max(none, sum(masses) * (1 / surest - 1))
    whole = sum(masses) + none
    kept = sorted(range(len(ships)), key=lambda place: -masses[place])[:most]
    shares = [
        Share(
            ships[place].key,
            masses[place] / whole,
            _reasons(found[place], ages[place], is_newest=place == 0),
            is_on_topic(ships[place], found[place]),
        )
        for place in kept
    ]
    # What the ships beyond those would have had goes to "none": it is nobody's to be told.
    rest = 1.0 - math.fsum(share.probability for share in shares)
    shares.append(Share(None, max(0.0, rest), reasons_for_none(said.version, found)))
    return sorted(shares, key=lambda share: -share.probability)


def _by_age(ages: Sequence[timedelta]) -> list[float]:
    """Return what share of customers each ship has reached last, given ages, the newest first."""
    left, shares = 1.0, []
    for age in ages:
        adopted = LATER - (LATER - AT_ONCE) * math.exp(-age / ADOPTED_IN)
        shares.append(left * adopted)
        left *= 1 - adopted
    whole = sum(shares)
    return [(1 - HOWEVER_OLD) * share / whole + HOWEVER_OLD / len(ages) for share in shares]


def _reasons(pieces: Sequence[Evidence], age: timedelta, *, is_newest: bool) -> tuple[str, ...]:
    strongest = sorted(pieces, key=lambda piece: -abs(piece.weight))[: MOST_REASONS - 1]
    when = f"Said {spoken(age)} after it shipped"
    when += ", when it was the newest." if is_newest else "; newer ships were out."
    return (*(piece.reason for piece in strongest), when)
