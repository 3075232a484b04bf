"""JSON lines as other programs write and read them: what the doors for measuring share."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from common.values import storable


def numbered(source: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, with its number from 1."""
    for number, line in enumerate(source, 1):
        said = line.removeprefix("\ufeff")  # which some editors begin a file with
        if said.strip():
            yield number, said


def as_line(answer: dict[str, Any]) -> str:
    """Return an answer as one line, without its end.

    Half a character, as where a text was cut short, could not be written and becomes U+FFFD.
    """
    return storable(json.dumps(answer, ensure_ascii=False))
