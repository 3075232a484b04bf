"""What a person typed into a search box, read: words, "phrases", -left out. Knows no tables."""

import re
import unicodedata
from dataclasses import dataclass

MOST_TERMS = 10
# Typographic quotes are what phones type.
_TERM = re.compile(
    r'(?P<minus>-?)(?:["“”„«»](?P<phrase>[^"“”„«»]*)(?:["“”„«»]|$)|(?P<word>[^\s"“”„«»]+))'
)
# Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without spaces between words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for. Its words stand beside each other in this order."""

    words: str
    left_out: bool = False  # must not occur
    begins: bool = False  # the last word may go on
    as_it_stands: bool = False  # no index of words has it: look for these very letters


@dataclass(frozen=True, slots=True)
class Search:
    """All that was typed; every term must hold."""

    terms: tuple[Term, ...]

    @property
    def in_index(self) -> "Search":
        """The terms that an index of words can answer."""
        return Search(tuple(term for term in self.terms if not term.as_it_stands))

    @property
    def as_it_stands(self) -> tuple[Term, ...]:
        """The terms for which each text must be read."""
        return tuple(term for term in self.terms if term.as_it_stands)


def read_search(typed: str) -> Search:
    """Return what `typed` asks for; anything can be typed, and nothing is an error.

    Words may stand in any order; a phrase in quotes, or joined by signs as in `1.4.0` and
    `don't`, as it is written; `-word` and `-"a phrase"` must not occur. The last word may be the
    beginning of one, so that a search can follow the typing; in quotes or before a space it is
    whole. Words of scripts without spaces, and signs alone, are looked for letter by letter.
    """
    found = list(_TERM.finditer(unicodedata.normalize("NFC", typed)))[:MOST_TERMS]
    terms = []
    for match in found:
        words = match["phrase"] if match["phrase"] is not None else match["word"]
        words = " ".join(words.split())
        if not words:
            continue
        terms.append(
            Term(
                words,
                left_out=bool(match["minus"]),
                begins=match["word"] is not None
                and match.end() == len(match.string)
                and not match["minus"]
                and words[-1].isalnum(),
                as_it_stands=not _has_word(words) or bool(_UNSPACED.search(words)),
            )
        )
    return Search(tuple(terms))


def _has_word(text: str) -> bool:
    return any(unicodedata.category(sign)[0] in "LN" for sign in text)
