"""What a text says of versions without its writer having given one: "since 1.2", "before". Pure."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from common.versions import IN_TEXT, Match, compare, place_in_order, plain
from learning.attribution_evidence import VERSION_IN_TEXT, Candidate, Evidence, Said

LINE_IN_TEXT = math.log(12)
BROKE_AFTER = math.log(30)  # "1.1 was fine": it is about what came next
AFTER_AN_UPDATE = math.log(1.6)
UPDATE_IS_NEWS = timedelta(days=14)
OLDER_THAN_BEFORE = -math.log(20)  # hardly anybody goes back to an older version

_LINE = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+){0,2})\.[x*](?!\w)")
_NAMED_LINE = re.compile(
    r"\b(?:version|ver|v|release|update)\.?\s?(\d{1,4}(?:\.\d{1,4})?)(?![\w.]*\d)"
)
_GOOD_UNTIL = re.compile(
    r"\b(?:before|until|up to|prior to|older than|back to|downgrad\w+(?: to)?|revert\w*(?: to)?|"
    r"last working|(?:fine|worked|works|ok|good|perfect\w*) (?:in|on|with|until|under))\s+"
    r"(?:version|ver|v|release|the)?\.?\s*(v?\d+(?:\.\d+){1,3})"
)
_UPDATE = re.compile(
    r"\b(?:updat(?:e|ed|ing)|upgrad\w+|new(?:est)? version|latest (?:version|release)|"
    r"aktualisier\w*|mise (?:a|à) jour|actualiza\w*|atualiza\w*|aggiornament\w*|обновлени\w*)"
)


@dataclass(frozen=True, slots=True)
class _Told:
    lines: tuple[str, ...]
    open_lines: tuple[str, ...]  # written as 1.2.x
    good: tuple[str, ...]  # versions with which all was well
    after_an_update: bool


def hints(said: Said, ships: Sequence[Candidate]) -> Iterator[tuple[int, Evidence]]:
    """Yield evidence that lies in how a text speaks of versions, with the place of its ship.

    `ships` are those that were live, the newest first. A version that the customer gave apart
    from the text says more than the text, so then only their last known version is used.
    """
    if said.ran_before and not said.version:
        yield from _not_older(said, ships)
    if said.version:
        return
    told = _told(said.text)
    for place, ship in enumerate(ships):
        for line in told.lines:
            match = compare(line, ship.version)
            if match in (Match.LINE, Match.SAME):
                # 1.2.x is no more the name of 1.2 than that of 1.2.1.
                named = VERSION_IN_TEXT if match == Match.SAME and line in told.open_lines else 0
                reason = f"Names the line of releases {line}, which it belongs to."
                yield place, Evidence(LINE_IN_TEXT - named, reason)
                break
        for good in told.good:
            if compare(good, ship.version) == Match.SAME:
                # The name alone would speak for it: take that back, and more.
                reason = f"Says that {good} was still good."
                yield place, Evidence(-VERSION_IN_TEXT - BROKE_AFTER, reason)
    for good in told.good:
        yield from _next_after(good, ships)
    if told.after_an_update and ships and said.said_at - ships[0].shipped_at < UPDATE_IS_NEWS:
        yield 0, Evidence(AFTER_AN_UPDATE, "Speaks of an update, and it was the last one.")


def _next_after(good: str, ships: Sequence[Candidate]) -> Iterator[tuple[int, Evidence]]:
    was = place_in_order(good)
    if not was:
        return
    newer = [
        (order[1], place)
        for place, ship in enumerate(ships)
        if (order := place_in_order(ship.version)) and order[0] == was[0] and order[1] > was[1]
    ]
    if newer:
        reason = f"Says that {good} was still good, and it is the one that came next."
        yield min(newer)[1], Evidence(BROKE_AFTER, reason)


def _not_older(said: Said, ships: Sequence[Candidate]) -> Iterator[tuple[int, Evidence]]:
    before = place_in_order(said.ran_before)
    if not before:
        return
    for place, ship in enumerate(ships):
        order = place_in_order(ship.version)
        if order and order[0] == before[0] and order[1] < before[1]:
            reason = f"The same customer ran {said.ran_before} before, which is newer."
            yield place, Evidence(OLDER_THAN_BEFORE, reason)


@lru_cache(maxsize=2048)
def _told(text: str) -> _Told:
    text = text.casefold()
    open_lines = set(_LINE.findall(text))
    exact = {plain(one) for one in IN_TEXT.findall(text)} - open_lines
    return _Told(
        tuple(sorted({*open_lines, *_NAMED_LINE.findall(text)} - exact)),
        tuple(sorted(open_lines)),
        tuple(sorted(set(_GOOD_UNTIL.findall(text)))),
        bool(_UPDATE.search(text)),
    )
