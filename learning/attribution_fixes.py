"""Which later ship took up what a customer said. The sister of `attribute`: it looks ahead. Pure.

A ship that came after a feedback cannot be what it is about, but may be what mended it. That is
a different question with a different answer, so it has a function of its own: a number that both
name decides, words and places they share speak for a ship, and of two the sooner is likelier.
"""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np

from common.versions import Channel, place_in_order
from learning.attribution_evidence import Candidate, Evidence, Said, rarities, weigh_by_kind
from learning.attribution_shares import MOST_REASONS, Share, spoken

LOOK_AHEAD = timedelta(days=120)
MOST_FIXES = 3
FIXED_AT_ALL = 0.5  # by a ship within LOOK_AHEAD, where nothing more is known
NEXT_ONE = 0.8  # how likely each ship is, next to the one before it
OF_CHANNEL = {Channel.ALL: 1.0, Channel.TRIAL: 0.25, Channel.LONG_TERM: 0.25}
SAME_NUMBER = math.log(400)
SAME_LINE = math.log(1.5)
_NUMBERS = re.compile(
    r"(?:\b(?:bug|issue|ticket|case|pr|pull request|merge request|mr)s?\s*[#!]?\s*|[?&]id=|"
    r"(?<![\w&/])[#!]|/(?:issues|pull|merge_requests)/)(\d{2,8})\b"
)


def likely_fixes(
    said: Said, later: Sequence[Candidate], *, answer: str = "", most: int = MOST_FIXES
) -> list[Share]:
    """Return the ships after `said` that most likely took it up, and that none of them did.

    The likeliest first; all that are returned, with "none" (candidate None), sum to at most 1.
    `answer` is what the customer was answered: it often names what is being mended.
    """
    end = said.said_at + LOOK_AHEAD
    ships = [ship for ship in later if said.said_at < ship.shipped_at <= end]
    if not ships:
        return [Share(None, 1.0, ("No ship has come since that could have taken it up.",))]
    ships.sort(key=lambda ship: (ship.shipped_at, ship.key))
    rarity = rarities(ships)
    numbers = {*_NUMBERS.findall(said.text.casefold()), *_NUMBERS.findall(answer.casefold())}
    found = [list(_speaks_for(said, ship, rarity, numbers)) for ship in ships]
    weights = np.array([sum(piece.weight for piece in pieces) for pieces in found])
    chances = _by_order(ships)
    masses = chances / chances.sum() * FIXED_AT_ALL * np.exp(weights)
    whole = masses.sum() + 1 - FIXED_AT_ALL
    best = sorted(range(len(ships)), key=lambda place: -masses[place])[:most]
    shares = [
        Share(
            ships[place].key,
            float(masses[place] / whole),
            _reasons(said, ships[place], found[place]),
            any(piece.on_topic for piece in found[place]),
        )
        for place in best
    ]
    none = Share(None, float((1 - FIXED_AT_ALL) / whole), ("It may not have been taken up yet.",))
    return sorted([*shares, none], key=lambda share: -share.probability)


def _by_order(ships: Sequence[Candidate]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    counts: dict[Channel, int] = {}
    chances = []
    for ship in ships:
        order = place_in_order(ship.version)
        channel = order[0] if order else Channel.ALL
        chances.append(OF_CHANNEL[channel] * NEXT_ONE ** counts.get(channel, 0))
        counts[channel] = counts.get(channel, 0) + 1
    return np.array(chances)


def _speaks_for(
    said: Said, ship: Candidate, rarity: dict[str, float], numbers: set[str]
) -> Iterator[Evidence]:
    for kind, piece in weigh_by_kind(said, ship, rarity):
        # What it ran then says nothing of what mends it, except by its line.
        if kind not in ("version", "environment"):
            yield piece
    refs = {ref.lstrip("#!") for ref in ship.refs} | set(_NUMBERS.findall(ship.text.casefold()))
    for number in sorted(numbers & refs)[:1]:
        yield Evidence(SAME_NUMBER, f"Both name {number}.", True)
    ran, order = place_in_order(said.version), place_in_order(ship.version)
    if ran and order and ran[1][0] == order[1][0]:
        yield Evidence(
            SAME_LINE, f"It is of the line of releases that the customer ran, {said.version}."
        )


def _reasons(said: Said, ship: Candidate, pieces: Sequence[Evidence]) -> tuple[str, ...]:
    strongest = sorted(pieces, key=lambda piece: -abs(piece.weight))[: MOST_REASONS - 1]
    when = f"Shipped {spoken(ship.shipped_at - said.said_at)} after it was said."
    return (*(piece.reason for piece in strongest), when)
