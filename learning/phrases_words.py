"""Texts in any language as countable words and phrases. Pure: no tables, no dictionaries.

A word is a run of letters, marks and digits, case folded (Unicode, NFKC). Scripts that write
without spaces are read character by character, so that their phrases are runs of characters. A form
such as "crashes" counts as "crash" where customers use both: no list of any language is needed.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
LONGEST = 3  # words in a phrase that is counted
TEXT_LIMIT = 4_000  # characters; who writes more has said it by then
BREAK = -1
_MARKS = "".join(chr(n) for n in range(0x300, 0xFFFF) if unicodedata.category(chr(n))[0] == "M")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_JOINERS = "\u200c\u200d"
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[{_JOINERS}{re.escape(_MARKS)}])"
_TOKEN = re.compile(
    rf"(?P<break>[.!?;:,()\[\]\"\n\u2026\u3001\u3002\uff0c\uff01\uff1f]+(?=\s|$|[{_UNSPACED}])|\n)"
    rf"|[{_UNSPACED}][{re.escape(_MARKS)}]*|\d+(?:[.,]\d+)+|{_LETTER}+(?:'{_LETTER}+)*"
)
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
# Endings that are folded away, longest first, with what may have stood in their place.
_ENDINGS = (("ing", ("", "e")), ("ed", ("", "e")), ("es", ("", "e")), ("'s", ("",)), ("s", ("",)))
_STEM = 3
_COMMON_ENOUGH = 0.1  # a stem far rarer than its form is a slip of the pen, or another word


@dataclass(frozen=True, slots=True)
class Words:
    """Texts as numbers: the words one after the other, and which text each stands in."""

    tokens: Numbers  # the word, or BREAK where a phrase cannot run on
    stemmed: Numbers  # the word that it counts as
    texts: Numbers  # the text's place among those that were read
    spelled: list[str]  # a word as it was first written, case folded


@dataclass(frozen=True, slots=True)
class Uses:
    """Who uses which term: one pair for each unit that uses a term, however often it does."""

    units: Numbers
    terms: Numbers
    phrases: Numbers  # one row a term: up to LONGEST words, padded with BREAK


def tokens_of(text: str) -> list[str]:
    """Return the words of a text as they are counted; "" stands where a phrase cannot run on."""
    text = text[:TEXT_LIMIT].replace("\u2019", "'").replace("\u02bc", "'")
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return ["" if m.lastgroup else m.group() for m in _TOKEN.finditer(text.casefold())]


def joined(words: Sequence[str]) -> str:
    """Return words as they are written in a row: without spaces where their script has none."""
    text = ""
    for word in words:
        tight = text and _IS_UNSPACED.match(text[-1]) and _IS_UNSPACED.match(word)
        text += word if tight or not text else f" {word}"
    return text


def read_words(texts: Sequence[str]) -> Words:
    """Return the texts as numbers."""
    known: dict[str, int] = {"": BREAK}
    flat: list[int] = []
    lengths = []
    for text in texts:
        found = tokens_of(text)
        flat += [known.setdefault(token, len(known) - 1) for token in found]
        lengths.append(len(found))
    spelled = list(known)[1:]
    tokens = np.array(flat, np.int64)
    counts = np.bincount(tokens[tokens >= 0], minlength=len(spelled))
    return Words(
        tokens=tokens,
        stemmed=np.append(_stems(spelled, counts), BREAK)[tokens],  # BREAK is the last place
        texts=np.repeat(np.arange(len(texts)), lengths),
        spelled=spelled,
    )


def _stems(spelled: Sequence[str], counts: Numbers) -> Numbers:
    place = {word: number for number, word in enumerate(spelled)}
    stems = np.arange(len(spelled))
    for number, word in enumerate(spelled):
        for ending, instead in _ENDINGS:
            if not word.endswith(ending):
                continue
            bare = word[: -len(ending)]
            # "stopped" is "stop": the consonant doubles before these endings.
            short = (bare[:-1],) if len(bare) > _STEM and bare[-1:] == bare[-2:-1] else ()
            options = [*(bare + end for end in instead), *short]
            known = [place[stem] for stem in options if len(stem) >= _STEM and stem in place]
            known = [stem for stem in known if counts[stem] >= _COMMON_ENOUGH * counts[number]]
            if known:
                stems[number] = max(known, key=lambda stem: counts[stem])
                break
    while (stems[stems] != stems).any():  # "crashings" is "crashing" is "crash"
        stems = stems[stems]
    return stems


def count_uses(words: Words, unit_of: Numbers, *, least: int) -> Uses:
    """Return which unit uses which word or phrase, of those that `least` units use.

    `unit_of` gives the unit of each text, or BREAK for a text that does not count.
    """
    stems = words.stemmed
    units = unit_of[words.texts] if len(words.texts) else words.texts
    usable = (stems >= 0) & (units >= 0)
    size = len(words.spelled) + 1
    every: list[tuple[Numbers, Numbers, Numbers]] = []
    keys = np.where(usable, stems, BREAK)
    offset = 0
    for length in range(1, LONGEST + 1):
        starts = np.flatnonzero(keys >= 0)
        pair_units, pair_terms, chosen, is_kept = _frequent(units[starts], keys[starts], least)
        rows = np.full((len(chosen), LONGEST), BREAK)
        for place in range(length):
            rows[:, place] = chosen // size ** (length - 1 - place) % size
        every.append((pair_units, pair_terms + offset, rows))
        offset += len(chosen)
        # A phrase is worth counting only where both its shorter halves are.
        is_frequent = np.zeros(len(keys), bool)
        is_frequent[starts] = is_kept
        longer = np.full(len(keys), BREAK)
        both = is_frequent[:-1] & is_frequent[1:] & (words.texts[:-1] == words.texts[1:])
        # Word numbers are digits in base `size`; the last word of the longer phrase is appended.
        ends = stems[length:] if length < len(stems) else stems[:0]
        fits = np.flatnonzero(both[: len(ends)])
        longer[fits] = keys[fits] * size + ends[fits]
        keys = longer
    return Uses(
        units=np.concatenate([one[0] for one in every]),
        terms=np.concatenate([one[1] for one in every]),
        phrases=np.concatenate([one[2] for one in every]),
    )


def _frequent(
    units: Numbers, keys: Numbers, least: int
) -> tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]]:
    """Return each (unit, term) once, for the keys of at least `least` units; and those keys.

    The last answer says of each of `keys` whether it is one of them.
    """
    all_keys, places, totals = np.unique(keys, return_inverse=True, return_counts=True)
    # Most are used too seldom even if each use is another unit's: drop them before sorting pairs.
    maybe = (totals >= least)[places]
    width = len(all_keys) + 1
    pairs = np.sort(units[maybe] * width + places[maybe])
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    pair_units, pair_terms = pairs // width, pairs % width
    kept = np.bincount(pair_terms, minlength=len(all_keys)) >= least
    renumbered = np.cumsum(kept) - 1
    stays = kept[pair_terms]
    return pair_units[stays], renumbered[pair_terms[stays]], all_keys[kept], kept[places]


def has_letter(words: Sequence[str]) -> bool:
    """Return True if any of the words is more than digits."""
    return any(character.isalpha() for word in words for character in word)


def is_word(words: Sequence[str]) -> bool:
    """Return True unless it is one lone character, which says nothing by itself."""
    return len(words) > 1 or len(words[0]) > 1


def as_row(values: Any) -> Numbers:
    """Return whole numbers as an array."""
    return np.asarray(values, np.int64)
