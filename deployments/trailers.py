"""Hypotheses written as git trailers in commit messages and pull requests. Pure and forgiving."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from common.errors import BadInput
from common.values import read_duration
from deployments.ship import DEFAULT_WINDOW, Expectation

_TRAILER = re.compile(
    r"^[ \t]*(hypothesis|expect|expected|because|fixes-feedback)[ \t]*:(.+)$",
    re.IGNORECASE | re.MULTILINE,
)
_EXPECT = re.compile(
    r"^(?P<metric>[\w .\-/]+?)\s+(?:by\s+)?"
    r"(?P<sign>[+\-−±]?)\s*(?P<size>\d{1,4}(?:[.,]\d{1,4})?)\s*%"
    r"(?:\s*(?:within|in|over|after)\s+(?P<window>.+))?$"
)


@dataclass(frozen=True, slots=True)
class Trailers:
    """What the trailers of a ship's texts say, and what of them could not be read."""

    expectation: Expectation | None
    fixes: tuple[str, ...]
    problems: tuple[str, ...]


def read_trailers(texts: Iterable[str]) -> Trailers:
    """Return what the trailers in `texts` say; of several the last one counts."""
    found: dict[str, str] = {}
    fixes: list[str] = []
    for text in texts:
        for name, rest in _TRAILER.findall(text):
            value = " ".join(rest.split())[:2000]
            if not value:
                continue
            if name.lower() == "fixes-feedback":
                fixes += re.findall(r"[\w\-:.]{1,200}", value)
            else:
                found[name.lower().replace("expected", "expect")] = value
    expectation, problems = _expectation(found)
    return Trailers(expectation, tuple(dict.fromkeys(fixes))[:200], problems)


def _expectation(found: dict[str, str]) -> tuple[Expectation | None, tuple[str, ...]]:
    statement, because = found.get("hypothesis", ""), found.get("because", "")
    if "expect" not in found:
        if statement:
            return None, (
                "The hypothesis has no Expect line, so it cannot be tested. "
                "Add one: “Expect: METRIC +2% within 7d”.",
            )
        return None, ()
    match = _EXPECT.match(found["expect"][:300])
    if match is None or not float(match["size"].replace(",", ".")):
        return None, (
            f"“Expect: {found['expect'][:200]}” could not be read. "
            "Write it as “Expect: METRIC +2% within 7d”.",
        )
    problems: tuple[str, ...] = ()
    window: timedelta = DEFAULT_WINDOW
    if match["window"]:
        try:
            window = read_duration(match["window"], field="window") or DEFAULT_WINDOW
        except BadInput:
            problems = (f"The window “{match['window'][:50]}” could not be read; 7 days is used.",)
    return (
        Expectation(
            metric=match["metric"].strip(),
            direction="down" if match["sign"] in ("-", "−") else "up",
            min_effect=float(match["size"].replace(",", ".")) / 100,
            window=window,
            statement=statement,
            because=because,
        ),
        problems,
    )
