"""Words in a query that stand for something else, such as `{{ version }}`. Pure.

What stands for them comes from outside, so it may only become part of a quoted text, never of the
query itself: a version called `"} or vector(1)` stays the name of a version.
"""

import re
from collections.abc import Iterator, Mapping

from common.errors import BadInput

WORDS = ("environment", "service", "version")
STEP = "step"
START, END = "start", "end"
_WORD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_RAW = "`"


def words_in(query: str, *, known: tuple[str, ...] = (*WORDS, STEP)) -> set[str]:
    """Return the words that the query has; raises BadInput for one that is not `known`."""
    found = set(_WORD.findall(query))
    for word in sorted(found):
        if word not in known:
            listed = ", ".join(f"{{{{ {one} }}}}" for one in known)
            raise BadInput("query", f"{{{{ {word} }}}} means nothing here.", f"Known are {listed}.")
    return found


def fill_promql(query: str, words: Mapping[str, str], *, step_seconds: int) -> str:
    """Return the PromQL query with what its words stand for; raises BadInput.

    `step` becomes a duration such as 3600s. The others become part of the quoted text that they
    stand in, escaped as PromQL escapes:
    https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
    """
    words_in(query)
    filled = []
    for piece, quote in _pieces(query):
        word = _WORD.fullmatch(piece)
        if word is None:
            filled.append(piece)
        elif word[1] == STEP:
            filled.append(f"{step_seconds}s")
        elif quote in ('"', "'"):
            filled.append(_escaped(words.get(word[1], ""), quote))
        else:
            raise BadInput(
                "query",
                f"{piece} must stand inside double or single quotes.",
                f'Write {word[1]}="{{{{ {word[1]} }}}}".',
            )
    return "".join(filled)


def _pieces(query: str) -> Iterator[tuple[str, str]]:
    """Yield the query in pieces, words by themselves, each with the quote that is open there."""
    quote, at = "", 0
    while at < len(query):
        word = _WORD.match(query, at)
        if word:
            yield word[0], quote
            at = word.end()
            continue
        char = query[at]
        length = 2 if char == "\\" and quote and quote != _RAW else 1
        yield query[at : at + length], quote
        if length == 1 and char == quote:
            quote = ""
        elif length == 1 and not quote and char in ('"', "'", _RAW):
            quote = char
        at += length


def _escaped(value: str, quote: str) -> str:
    for char, shown in (("\\", "\\\\"), (quote, "\\" + quote), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(char, shown)
    return value
