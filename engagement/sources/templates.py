"""Addresses and bodies of calls with words in them that stand for something else. Pure.

What stands for a word is escaped for where it stands, so that nothing a version is called can
change the call: percent-encoded in an address, and a text (or a number) in a body of JSON.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from common.errors import BadInput
from engagement.sources.words import END, START, STEP, WORDS, words_in

KNOWN = (START, END, STEP, *WORDS)
TIME_FORMATS = (
    ("iso", "2026-03-01T00:00:00Z"),
    ("s", "Seconds since 1970"),
    ("ms", "Milliseconds since 1970"),
    ("date", "2026-03-01"),
)
_WORD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

Words = Mapping[str, str | int]


def written(moment: datetime, how: str) -> str | int:
    """Return a moment as a call names it; `how` is one of TIME_FORMATS."""
    moment = moment.astimezone(UTC)
    if how == "date":
        return f"{moment:%Y-%m-%d}"
    if how in ("s", "ms"):
        return int(moment.timestamp()) * (1000 if how == "ms" else 1)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def fill_address(template: str, words: Words) -> str:
    """Return the part of an address with its words percent-encoded (RFC 3986)."""
    return _WORD.sub(lambda word: quote(str(words.get(word[1], "")), safe=""), template)


def fill_body(template: str, words: Words) -> Any:
    """Return the JSON of a body with its words put in; raises BadInput if it is no JSON.

    A text that is one word alone becomes what stands for it: a number stays a number.
    """
    try:
        return _filled(json.loads(template), words)
    except (ValueError, RecursionError) as reason:
        raise BadInput("body", f"is not JSON: {reason}.", "Put words inside quotes.") from None


def _filled(value: Any, words: Words) -> Any:
    if isinstance(value, dict):
        return {name: _filled(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    if not isinstance(value, str):
        return value
    alone = _WORD.fullmatch(value)
    if alone:
        return words.get(alone[1], "")
    return _WORD.sub(lambda word: str(words.get(word[1], "")), value)


def words_of(template: str, *, field: str) -> set[str]:
    """Return the words in an address or a body; raises BadInput for one that means nothing."""
    try:
        return words_in(template, known=KNOWN)
    except BadInput as reason:
        raise BadInput(field, reason.problem, reason.mend) from None
