"""Patterns of words that are looked for in every text, most of which have none. Pure.

A pattern of thirty alternatives takes fifty times as long as asking whether a text contains what
its alternatives begin with, so that is asked first.
"""

import re
from collections.abc import Iterator


class Words:
    """Alternatives, matched as whole words in any case."""

    def __init__(self, words: str) -> None:
        """`words` is a regular expression in small letters: alternatives separated by "|"."""
        self._pattern = re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
        self._beginnings = tuple(dict.fromkeys(_beginnings(words)))

    def findall(self, text: str) -> list[str]:
        """Return all that matches in `text`, in order."""
        return self._pattern.findall(text) if self._may_match(text) else []

    def _may_match(self, text: str) -> bool:
        if not text.isascii():
            return True  # other scripts have letters that match ours in another case
        lowered = text.lower()
        # Written out: any() over a generator takes twice as long, and this is asked of all texts.
        for beginning in self._beginnings:  # noqa: SIM110
            if beginning in lowered:
                return True
        return False


def _beginnings(words: str) -> Iterator[str]:
    """Yield texts of which at least one is in whatever an alternative matches."""
    for alternative in _alternatives(words):
        if alternative.startswith("(?:"):
            inner, rest = _group(alternative)
            if rest[:1] in ("?", "*", "{"):
                raise ValueError(f"{alternative!r} may begin with nothing.")
            yield from _beginnings(inner)
            continue
        found = re.match(r"[a-z ]*", alternative)
        literal = found[0] if found else ""
        if alternative[len(literal) : len(literal) + 1] in ("?", "*", "{"):
            literal = literal[:-1]
        if not literal:
            raise ValueError(f"{alternative!r} does not begin with letters.")
        yield literal


def _alternatives(words: str) -> list[str]:
    parts, depth = [""], 0
    for sign in words:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _group(alternative: str) -> tuple[str, str]:
    depth = 0
    for at, sign in enumerate(alternative):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return alternative[3:at], alternative[at + 1 :]
    raise ValueError(f"{alternative!r} has no end.")
