"""Which ship a feedback is about, how sure that is, and why. Pure, and versioned.

Evidence is added up as logarithms and shared out so that all candidates, with "none of our ships",
sum to 1. The weights stand in attribution_evidence.py, what they reach in docs/methods.md.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from learning.attribution_evidence import Candidate, Evidence, Said, rarities, weigh

__all__ = [
    "CURRENT_METHOD",
    "LOOK_BACK",
    "METHODS",
    "MOST_CANDIDATES",
    "Candidate",
    "Said",
    "Share",
    "attribute",
]

# Callers offer the ships of this long before, and those of the customer's own version however old.
LOOK_BACK = timedelta(days=45)
MOST_CANDIDATES = 8
MOST_REASONS = 5
OURS = 0.6  # how often feedback is about one of our ships, when a ship has only just gone out
FADING = timedelta(days=14)  # in which a ship stops being news
STAYS_NEWS = 0.4
# What of the customers is on the newest ship: half at once, most of them later.
AT_ONCE, LATER, ADOPTED_IN = 0.55, 0.85, timedelta(days=2)
HOWEVER_OLD = 0.05  # of ours is shared by all candidates alike: some customers never update
NEVER_SURER = 0.97  # a customer of exactly this version can still be talking of something else
OFF_TOPIC = 0.75  # ... all the more if nothing that was said is about what the ship changed


@dataclass(frozen=True, slots=True)
class Share:
    """The probability that a feedback is about a candidate; None is "none of our ships".

    The reasons are plain sentences, the strongest first. `on_topic` says that the words, the place
    or a name point to what the ship changed: a customer of its version may well speak of the
    weather.
    """

    candidate: int | None
    probability: float
    reasons: tuple[str, ...]
    on_topic: bool = False


def evidence_shares(said: Said, candidates: Sequence[Candidate]) -> list[Share]:
    """The method "evidence-v1": add up the evidence for each ship, beginning with its age."""
    if not candidates:
        return [Share(None, 1.0, ("No ship that it could be about was live at that time.",))]
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
    surest = NEVER_SURER if _on_topic(ships[likeliest], found[likeliest]) else OFF_TOPIC
    none = max(none, sum(masses) * (1 / surest - 1))
    whole = sum(masses) + none
    kept = sorted(range(len(ships)), key=lambda place: -masses[place])[:MOST_CANDIDATES]
    shares = [
        Share(
            ships[place].key,
            masses[place] / whole,
            _reasons(found[place], ages[place], is_newest=place == 0),
            _on_topic(ships[place], found[place]),
        )
        for place in kept
    ]
    # What the ships beyond those would have had goes to "none": it is nobody's to be told.
    rest = 1.0 - math.fsum(share.probability for share in shares)
    shares.append(Share(None, max(0.0, rest), _reasons_for_none(said, found)))
    return sorted(shares, key=lambda share: -share.probability)


Method = Callable[[Said, Sequence[Candidate]], list[Share]]
METHODS: dict[str, Method] = {
    "evidence-v1": evidence_shares,
}
CURRENT_METHOD = "evidence-v1"


def attribute(
    said: Said, candidates: Sequence[Candidate], *, method: str = CURRENT_METHOD
) -> list[Share]:
    """Return how likely it is that `said` is about each candidate, the likeliest first.

    Always has one share for "none of our ships"; all sum to 1. Ships after it was said are left
    out, and at most MOST_CANDIDATES are kept.
    """
    live = [ship for ship in candidates if ship.shipped_at <= said.said_at]
    return METHODS[method](said, live)


def _on_topic(ship: Candidate, pieces: Sequence[Evidence]) -> bool:
    # A ship that says nothing of itself has no topic to miss: that it was this one must do.
    return not ship.text.strip() or any(piece.on_topic for piece in pieces)


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
    when = f"Said {_spoken(age)} after it shipped"
    when += ", when it was the newest." if is_newest else "; newer ships were out."
    return (*(piece.reason for piece in strongest), when)


def _reasons_for_none(said: Said, found: Sequence[Sequence[Evidence]]) -> tuple[str, ...]:
    pieces = [piece for ship in found for piece in ship]
    if any(piece.weight > 1 for piece in pieces):
        return ("It may be about something that no ship changed.",)
    if said.version and any(piece.weight < -1 for piece in pieces):
        return (f"The customer runs {said.version}, which is none of these ships.",)
    return ("Little in what was said points to one of the ships.",)


def _spoken(age: timedelta) -> str:
    """Return a time span as people say it: "40 minutes", "3 hours", "12 days"."""
    minutes = round(age.total_seconds() / 60)
    for size, name in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size or (name == "hour" and minutes >= size):
            return _many(minutes // size, name)
    return _many(minutes, "minute")


def _many(number: int, name: str) -> str:
    return f"{number} {name}" + ("" if number == 1 else "s")
