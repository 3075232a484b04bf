"""Chooses, of all phrases that turned, the few that tell it, and who says it best. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.phrases_quotes import Reader
from learning.phrases_scores import Prior, Sides, Verdict, log_odds, sides_of, z_scores
from learning.phrases_words import Numbers, Uses, has_letter, is_word

MOST = 8  # phrases told of either turn
RISE = 1.5  # times the share it had, or a half of it for what stopped
FALL = 0.5
COMMON = 0.3  # a word that so many use says nothing by itself
SAME = 0.6  # of those who use a phrase, so many also use the longer one that stands for it
# Where a phrase must not begin or end. Short on purpose: what is common is found by counting.
_WEAK_WORDS = """
a an the and or but so of to for with from by at as is are was were be been am i my me
we our you your it its it's i'm i've he she her his they them their this that these
those there then than have has had do does did will would just also very really because
when while if which who one some any
"""
_WEAK = frozenset(_WEAK_WORDS.split())
_WEAK_START = _WEAK | {"in", "on"}
_ALONE_WORDS = "no not can't cant don't dont maybe into up out off now new more"
_WEAK_ALONE = frozenset(_ALONE_WORDS.split())
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Told:
    """A phrase whose share turned, with how many customers used it of how many."""

    phrase: str
    score: float  # its z; negative for what stopped
    log_odds: float  # with the prior
    before: int
    before_total: int
    after: int
    after_total: int
    quotes: tuple[Hashable, ...]  # keys of the texts that say it best, the best first
    texts_before: tuple[Hashable, ...]  # keys of all that say it
    texts_after: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was counted, and what came of it."""

    uses: Uses
    verdict: Verdict
    is_after: Flags  # one a unit
    prior: Prior

    def units_of(self, term: int) -> Numbers:
        """Return who uses a term, on either side."""
        return self.uses.units[self.uses.terms == term]


def told(found: Found, reader: Reader, *, rose: bool, least: int) -> tuple[Told, ...]:
    """Return the phrases that rose (or fell) by more than chance, each thing only once.

    What mostly the same people say is one thing: a phrase is told only if it turned by more than
    chance among those who use none of the phrases told before it.
    """
    sign = 1 if rose else -1
    threshold = found.verdict.rise if rose else found.verdict.fall
    turned = [
        term
        for term in np.argsort(-sign * found.verdict.z)
        if sign * found.verdict.z[term] > threshold
    ]
    said = sides_of(found.uses, found.is_after, found.prior)
    able = [term for term in turned if _is_telling(found, said, reader, term, rose, least)]
    silent = np.zeros(len(found.is_after), bool)  # whose phrase has been told
    chosen: list[Told] = []
    for term in able:
        if len(chosen) == MOST:
            break
        if not _is_news(found, term, silent, sign, threshold, least):
            continue
        best = _standing_for(found, able, term, rose)
        silent[found.units_of(term)] = silent[found.units_of(best)] = True
        chosen.append(_told(found, said, reader, best, rose))
    return tuple(chosen)


def _phrase(found: Found, term: int) -> Numbers:
    row = found.uses.phrases[term]
    return row[row >= 0]


def _is_telling(
    found: Found, said: Sides, reader: Reader, term: int, rose: bool, least: int
) -> bool:
    after, before = said.after[term], said.before[term]
    ratio = (after / said.after_total) / max(before / said.before_total, 1e-12)
    if (after if rose else before) < least or (ratio < RISE if rose else ratio > FALL):
        return False
    words = reader.spelled(_phrase(found, term))
    if words[0] in _WEAK_START or words[-1] in _WEAK or not has_letter(words):
        return False
    if len(words) == 1 and words[0] in _WEAK_ALONE:
        return False
    return is_word(words) and bool(found.prior.shares[term] < COMMON)


def _is_news(
    found: Found, term: int, silent: Flags, sign: int, threshold: float, least: int
) -> bool:
    """Return True if the term turned also among those of whom nothing was told yet."""
    units = found.units_of(term)
    left = units[~silent[units]]
    if len(left) == len(units):
        return True
    after = np.array([found.is_after[left].sum()], float)
    before = np.array([len(left)], float) - after
    after_total = int((found.is_after & ~silent).sum())
    before_total = int((~found.is_after & ~silent).sum())
    sides = Sides(after, before, after_total, before_total, found.prior.of(term))
    return max(after[0], before[0]) >= least and sign * z_scores(sides)[0] > threshold


def _standing_for(found: Found, able: Sequence[int], term: int, rose: bool) -> int:
    """Return the longest phrase around the term that most of its users use, else the term."""
    core = _phrase(found, term)
    enough = SAME * _users(found, term, rose)
    longer = [
        other
        for other in able
        if _holds(_phrase(found, other), core) and _users(found, other, rose) >= enough
    ]
    return max(longer, key=lambda other: (len(_phrase(found, other)), _users(found, other, rose)))


def _users(found: Found, term: int, rose: bool) -> int:
    return int((found.is_after[found.units_of(term)] == rose).sum())


def _holds(phrase: Numbers, core: Numbers) -> bool:
    starts = range(len(phrase) - len(core) + 1)
    return any((phrase[start : start + len(core)] == core).all() for start in starts)


def _told(found: Found, said: Sides, reader: Reader, term: int, rose: bool) -> Told:
    phrase = _phrase(found, term)
    everywhere = reader.places(phrase)
    _, before = reader.texts_at(everywhere, ~found.is_after)
    _, after = reader.texts_at(everywhere, found.is_after)
    places, texts = reader.texts_at(everywhere, found.is_after == rose)
    return Told(
        phrase=reader.as_written(phrase, places),
        score=float(found.verdict.z[term]),
        log_odds=float(log_odds(said)[term]),
        before=int(said.before[term]),
        before_total=said.before_total,
        after=int(said.after[term]),
        after_total=said.after_total,
        quotes=reader.quotes(texts, _weights(found, rose)),
        texts_before=tuple(reader.keys[text] for text in before),
        texts_after=tuple(reader.keys[text] for text in after),
    )


def _weights(found: Found, rose: bool) -> dict[int, float]:
    """Return how much each word says of the turn: its z, where it points the same way."""
    z = found.verdict.z if rose else -found.verdict.z
    is_single = (found.uses.phrases >= 0).sum(axis=1) == 1
    return {
        int(found.uses.phrases[term][0]): float(z[term])
        for term in np.flatnonzero(is_single & (z > 1))
    }
