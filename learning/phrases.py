"""Which words and phrases customers started, or stopped, to use. Pure: texts in, phrases out.

A phrase is scored by its log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and
Quinn 2008, "Fightin' Words", Political Analysis 16:372-403, equations 15 to 22), taken from all
that was ever said, with texts instead of words as what is counted:

    delta = log((a + p) / (n_a + P - a - p)) - log((b + p) / (n_b + P - b - p))

where a of n_a customers use it after, b of n_b before, and p is P times its share in the
background. Each customer counts once. The z is the signed root of the likelihood ratio of the same
counts: the paper's own, delta over its standard error, all but ignores a phrase that nobody ever
used, and that is just what a new fault is.

Thousands of phrases are looked at, so each z is judged against the largest z of the same texts
dealt anew at random (Westfall and Young 1993, max-T): the chance that any rise is claimed of a
quiet ship is at most `level`, and so for falls, however the phrases overlap.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt

import numpy as np

from learning.phrases_quotes import Reader
from learning.phrases_scores import Prior, judge, smallest_rise
from learning.phrases_telling import Found, Told, told
from learning.phrases_words import Numbers, Uses, as_row, count_uses, read_words

METHOD = "log-odds-v1"
METHODS = (METHOD,)
LEVEL = 0.05  # how often any rise, or any fall, may be claimed where nothing changed
LEAST_CUSTOMERS = 3  # different ones who say it
LEAST_AFTER, LEAST_BEFORE = 5, 10  # texts below which nothing can be told
# How many texts the prior counts for: docs/methods.md says what each weight buys.
LEAST_WEIGHT, PAST_WEIGHT, MOST_WEIGHT = 20.0, 0.1, 200.0
_USUAL_Z = 3.9  # what the largest z by chance hardly ever passes, of a thousand texts or so
_LEAST_Z = 2.7  # a phrase that could not reach this z on one side alone is not worth counting


@dataclass(frozen=True, slots=True)
class Text:
    """One thing a customer said."""

    key: Hashable
    words: str
    customer: Hashable = None  # None: nobody knows, so it counts as somebody else


@dataclass(frozen=True, slots=True)
class News:
    """What customers started and stopped saying, the surest first; and what could not be seen."""

    started: tuple[Told, ...]
    stopped: tuple[Told, ...]
    before_total: int
    after_total: int
    smallest_visible: int | None  # so many who say something new are noticed; None: too few texts
    note: str  # an honest word where nothing started; else empty


def whats_new(
    before: Sequence[Text],
    after: Sequence[Text],
    background: Sequence[Text] = (),
    *,
    level: float = LEVEL,
) -> News:
    """Return the phrases that rose and fell from `before` to `after`.

    `background` is more of what was said in the past: it tells which words are common anyway.
    """
    units, (n_before, n_after, n_all) = _units(before, after, background)
    if n_after < LEAST_AFTER or n_before < LEAST_BEFORE:
        return News((), (), n_before, n_after, None, _too_few(n_before, n_after))
    texts = [*before, *after, *background]
    words = read_words([text.words for text in texts])
    every = count_uses(words, units, least=_least(n_before, n_after))
    shares = np.bincount(every.terms, minlength=len(every.phrases)) / n_all
    uses = _only(every, units_below=n_before + n_after)
    is_after = np.arange(n_before + n_after) >= n_before
    # The past weighs in by its size; the compared texts alone are hardly a background.
    weight = min(MOST_WEIGHT, LEAST_WEIGHT + PAST_WEIGHT * (n_all - n_before - n_after))
    prior = Prior(shares, weight)
    verdict = judge(uses, is_after, prior, level=level)
    found = Found(uses, verdict, is_after, prior)
    reader = Reader(words, units, [text.key for text in texts])
    started = told(found, reader, rose=True, least=LEAST_CUSTOMERS)
    stopped = told(found, reader, rose=False, least=LEAST_CUSTOMERS)
    threshold = min(verdict.rise, sqrt(2 * log(max(2, len(shares)) / level)))
    smallest = smallest_rise(n_after, n_before, weight, threshold, least=LEAST_CUSTOMERS)
    note = "" if started else _nothing(n_before, n_after, smallest)
    return News(started, stopped, n_before, n_after, smallest, note)


def could_see(before: int, after: int) -> int | None:
    """Return about how many of `after` texts must say something new to be noticed; None: too few.

    For where no texts were compared just now: the z that some phrase usually reaches by chance.
    """
    if after < LEAST_AFTER or before < LEAST_BEFORE:
        return None
    return smallest_rise(after, before, LEAST_WEIGHT, _USUAL_Z, least=LEAST_CUSTOMERS)


def _units(*sides: Sequence[Text]) -> tuple[Numbers, tuple[int, int, int]]:
    """Return the unit of each text, and how many there are by the end of each side but the first.

    A unit is one customer on one side. Units are numbered side by side, so `before` comes first.
    """
    units: list[int] = []
    ends: list[int] = []
    for side in sides:
        known: dict[Hashable, int] = {}
        start = ends[-1] if ends else 0
        for place, text in enumerate(side):
            who = (0, place) if text.customer is None else (1, text.customer)
            units.append(start + known.setdefault(who, len(known)))
        ends.append(start + len(known))
    return as_row(units), (ends[0], ends[1] - ends[0], ends[-1])


def _least(n_before: int, n_after: int) -> int:
    """Return how many must use a phrase before it can matter, if all of them are on one side."""
    share = min(n_before, n_after) / (n_before + n_after)
    return max(LEAST_CUSTOMERS, ceil(_LEAST_Z**2 / (2 * log(1 / share))))


def _only(uses: Uses, *, units_below: int) -> Uses:
    chosen = uses.units < units_below
    return Uses(uses.units[chosen], uses.terms[chosen], uses.phrases)


def _too_few(before: int, after: int) -> str:
    return f"{_texts(before)} before, {after:,} after: too few to tell."


def _nothing(before: int, after: int, smallest: int | None) -> str:
    if smallest is None:
        return _too_few(before, after)
    return (
        f"Nothing new stands out: {_texts(before)} before, {after:,} after. Something new would be "
        f"noticed once about {smallest:,} of {after:,} say it."
    )


def _texts(count: int) -> str:
    return "1 text" if count == 1 else f"{count:,} texts"
