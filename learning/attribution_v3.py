"""The method "evidence-v3": who had which ship by then, times what was said. Pure.

The prior is adoption (attribution_adoption.py), the likelihoods are the evidence of
attribution_evidence.py and attribution_hints.py. docs/methods.md has the formula and its figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import numpy as np

from common.versions import IN_TEXT, Match, compare, plain
from learning.attribution_adoption import Floats, shares_by_adoption
from learning.attribution_curve import CURVE, CURVE_V4, Curve
from learning.attribution_evidence import (
    Candidate,
    Evidence,
    Said,
    is_plain_english,
    rarities,
    weigh_by_kind,
)
from learning.attribution_hints import hints
from learning.attribution_shares import (
    MOST_REASONS,
    NEVER_SURER,
    NOBODYS,
    OFF_TOPIC,
    OFF_TOPIC_FOR_ABOUT,
    Known,
    Share,
    is_on_topic,
    reasons_for_none,
    spoken,
)

KINDS = ("version", "environment", "name", "place", "words", "hints")
NONE = 0.02  # how often feedback is about no ship at all, where no ship says what it changed
NONE_OTHER_VERSION = math.log(30)  # ... times this, if the customer's version is none of them
HOWEVER_OLD = 0.005  # of ours is shared by all alike: some customers never update
GONE_AFTER = timedelta(days=3)  # a rolled back ship stops being a candidate
LEFT_IN = timedelta(hours=12)  # ... and has lost two thirds of its customers by then
MOST_WEIGHED = 40  # of the likeliest by adoption, what was said is compared with this many
_rarities = lru_cache(maxsize=64)(rarities)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What speaks for each candidate: the parts that corrections may re-fit, apart.

    `prior` are logarithms of shares of customers, `by_kind` one row of weights a ship and one
    column for each of KINDS, `none` the log odds of none of our ships.
    """

    ships: list[Candidate]
    prior: Floats
    by_kind: Floats
    pieces: list[list[Evidence]]
    none: float


def weigh_all(
    said: Said,
    candidates: Sequence[Candidate],
    known: Known,
    *,
    curve: Curve = CURVE,
    none: float = NONE,
) -> Weighed:
    """Return all that speaks for each of `candidates`, and for "none", before it is added up."""
    ships = sorted(
        (ship for ship in candidates if not _is_gone(said, ship)),
        key=lambda ship: (ship.shipped_at, ship.key),
        reverse=True,
    )
    if not ships:
        return Weighed([], np.zeros(0), np.zeros((0, len(KINDS))), [], 0.0)
    adopted, unreached = _adopted(said, ships, known, curve)
    prior = (1 - HOWEVER_OLD) * adopted + HOWEVER_OLD * (1 - unreached) / len(ships)
    by_kind = np.zeros((len(ships), len(KINDS)))
    pieces: list[list[Evidence]] = [[] for _ in ships]
    looked_at = _worth_a_look(said, ships, prior)
    rarity = _rarities(tuple(ships[place] for place in looked_at))
    for place in looked_at:
        for kind, piece in weigh_by_kind(said, ships[place], rarity):
            by_kind[place, KINDS.index(kind)] += piece.weight
            pieces[place].append(piece)
    for place, piece in hints(said, ships):
        by_kind[place, KINDS.index("hints")] += piece.weight
        pieces[place].append(piece)
    more = math.exp(_more_for_none(said, ships, pieces, looked_at, known.off_topic))
    # Customers that none of these ships has reached yet speak of something older.
    odds = math.log(more * none / (1 - none) + unreached)
    return Weighed(ships, np.log(np.maximum(prior, 1e-12)), by_kind, pieces, odds)


def _is_gone(said: Said, ship: Candidate) -> bool:
    """Return whether `ship` was rolled back so long before that only its own customers mean it."""
    if not ship.gone_at or said.said_at < ship.gone_at + GONE_AFTER:
        return False
    names_it = said.external_id and said.external_id in ship.fixes
    return not names_it and compare(said.version, ship.version, ship.sha) != Match.SAME


def _adopted(
    said: Said, ships: Sequence[Candidate], known: Known, curve: Curve
) -> tuple[Floats, float]:
    """Return each ship's share of the customers, and that of none; what was rolled back loses its.

    They go where they would be, had it never shipped.
    """

    def shares(places: Sequence[int]) -> tuple[Floats, float]:
        found = np.zeros(len(ships))
        found[places], unreached = shares_by_adoption(
            [ships[place] for place in places],
            said.said_at,
            seen=known.seen,
            weights=known.adoption,
            sharpness=known.sharpness,
            sureness=known.sureness,
            curve=curve,
        )
        return found, unreached

    adopted, unreached = shares(range(len(ships)))
    since = [said.said_at - ship.gone_at for ship in ships if ship.gone_at]
    gone = [age for age in since if age > timedelta(0)]
    if not gone:
        return adopted, unreached
    still = math.exp(-(min(gone) / LEFT_IN))
    staying = [
        place
        for place, ship in enumerate(ships)
        if not ship.gone_at or ship.gone_at >= said.said_at
    ]
    after, unreached_after = shares(staying)
    return (
        still * adopted + (1 - still) * after,
        still * unreached + (1 - still) * unreached_after,
    )


def adoption_shares(
    said: Said, candidates: Sequence[Candidate], known: Known, most: int
) -> list[Share]:
    """The method "evidence-v3": begin with who had which ship, and add up the evidence."""
    return share_out(said, weigh_all(said, candidates, known, curve=CURVE_V4), known, most)


def share_out(
    said: Said, weighed: Weighed, known: Known, most: int, *, holds_likeliest: bool = False
) -> list[Share]:
    """Return the shares that follow from all that was weighed, the likeliest first.

    All ships together are never surer than NEVER_SURER; with `holds_likeliest` only one is not.
    """
    if not weighed.ships:
        return [Share(None, 1.0, (NOBODYS,))]
    trust = np.array([known.trust.get(kind, 1.0) for kind in KINDS])
    scores = weighed.prior + weighed.by_kind @ trust
    odds = weighed.none + known.none
    top = max(float(scores.max()), odds)
    masses, none = np.exp(scores - top), math.exp(odds - top)
    ours = float(masses.sum())
    likeliest = int(masses.argmax())
    held = float(masses[likeliest]) if holds_likeliest else ours
    none = max(none, held / _surest(said, weighed, likeliest) - ours)
    masses = masses / (ours + none)
    kept = sorted(range(len(masses)), key=lambda place: -masses[place])[:most]
    shares = [
        Share(
            weighed.ships[place].key,
            float(masses[place]),
            _reasons(said, weighed, place),
            is_on_topic(weighed.ships[place], weighed.pieces[place]),
        )
        for place in kept
    ]
    # What the ships beyond those would have had goes to "none": it is nobody's to be told.
    rest = 1.0 - math.fsum(share.probability for share in shares)
    found = reasons_for_none(said.version, weighed.pieces)
    shares.append(Share(None, max(0.0, rest), found))
    return sorted(shares, key=lambda share: -share.probability)


def _is_pointed_to(ship: Candidate, pieces: Sequence[Evidence], off_topic: float) -> bool:
    """Return whether what was said may be about `ship`, as far as its topic goes.

    Which ship it is about is not answered by who had it alone: one that says nothing of itself is
    not pointed to. Which ship the customer ran is.
    """
    if off_topic >= OFF_TOPIC_FOR_ABOUT:
        return any(piece.on_topic for piece in pieces)
    return is_on_topic(ship, pieces)


def _worth_a_look(said: Said, ships: Sequence[Candidate], prior: Floats) -> list[int]:
    """Return the places of the likeliest ships by adoption, and of those that are named."""
    if len(ships) <= MOST_WEIGHED:
        return list(range(len(ships)))
    likeliest = set(np.argsort(-prior, kind="stable")[:MOST_WEIGHED].tolist())
    names = {plain(said.version), *(plain(one) for one in IN_TEXT.findall(said.text))} - {""}
    named = {place for place, ship in enumerate(ships) if plain(ship.version) in names}
    answered = {
        place
        for place, ship in enumerate(ships)
        if said.external_id and said.external_id in ship.fixes
    }
    return sorted(likeliest | named | answered)


def _more_for_none(
    said: Said,
    ships: Sequence[Candidate],
    pieces: Sequence[Sequence[Evidence]],
    looked_at: Sequence[int],
    off_topic: float,
) -> float:
    """Return how many times likelier what was said makes it none of `ships`, as a logarithm."""
    if said.version:
        matches = {
            compare(said.version, ships[place].version, ships[place].sha) for place in looked_at
        }
        if Match.OTHER in matches and not matches & {Match.SAME, Match.LINE}:
            return NONE_OTHER_VERSION
    elif is_plain_english(said.text) and not any(
        _is_pointed_to(ships[place], pieces[place], off_topic) for place in looked_at
    ):
        return off_topic
    return 0.0


def _surest(said: Said, weighed: Weighed, likeliest: int) -> float:
    on_topic = is_on_topic(weighed.ships[likeliest], weighed.pieces[likeliest])
    return OFF_TOPIC if said.version and not on_topic else NEVER_SURER


def _reasons(said: Said, weighed: Weighed, place: int) -> tuple[str, ...]:
    strongest = sorted(weighed.pieces[place], key=lambda piece: -abs(piece.weight))
    age = spoken(said.said_at - weighed.ships[place].shipped_at)
    share = math.exp(weighed.prior[place])
    had = f"about {share:.0%} of customers had it" if share >= 0.01 else "hardly anybody had it"
    when = f"Said {age} after it shipped, when {had}."
    return (*(piece.reason for piece in strongest[: MOST_REASONS - 1]), when)
