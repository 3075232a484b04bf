"""Hypotheses written as git trailers in commit messages, pull requests and notes. Pure, forgiving.

docs/hypotheses.md shows each way of writing that is read, and what is said of the others.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from common.errors import BadInput
from common.values import read_duration
from deployments.ship import DEFAULT_WINDOW, Expectation

HOW = "Write it as “Expect: METRIC +2% within 7d”."
LARGEST = 100.0  # a hundred times as much, and more, is a slip of the hand
_TRAILER = re.compile(
    r"^[ \t>*+_\-]{0,12}"  # a quote, the bullet of a list, bold marks
    r"(hypothesis|expect|expects|expected|expectation|because|fixes[-_ ]feedback)"
    r"[*_ \t]{0,4}:[*_ \t]{0,4}(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = r"\d{1,9}(?:[.,]\d{1,6})?"
_PERCENT = r"(?:%|percent\b|per cent\b|pct\b)"
_WINDOW = r"(?:[\s,]*\b(?:within|in|over|after)\s+(?P<window>[^;,]{1,40}))?"
_UP = ("up", "rise", "rises", "increase", "increases", "grow", "grows", "climbs", "gains")
_DOWN = ("down", "fall", "falls", "decrease", "decreases", "drop", "drops", "shrinks", "loses")
_VERB = "|".join(_UP + _DOWN)
_CHANGE = re.compile(
    rf"^(?P<metric>\S.*?)\s+(?:(?:will|should|to|goes)\s+)?(?:(?P<verb>{_VERB})\s+)?"
    r"(?:by\s+)?(?:at least\s+|>=?\s*|≥\s*)?"
    rf"(?P<sign>[+\-±]?)\s*(?P<size>{_NUMBER})\s*{_PERCENT}(?:\s+or more)?{_WINDOW}\s*[.;,]?$",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    rf"^(?P<metric>\S.*?)\s+(?:(?:{_VERB}|goes|will|should|to)\s+)*"
    rf"from\s+(?P<old>{_NUMBER})\s*(?P<unit>[^\s\d]{{0,10}})\s+to\s+(?P<new>{_NUMBER})"
    rf"\s*(?:(?P=unit)|[^\s\d,;]{{0,10}}){_WINDOW}\s*[.;,]?$",
    re.IGNORECASE,
)
_POINTS = re.compile(rf"{_NUMBER}\s*(?:pp\b|%?[ -]?points?\b|percentage points?\b)", re.IGNORECASE)
_INLINE_BECAUSE = re.compile(r"[\s,;:(]+because:?\s+(.+?)\)?$", re.IGNORECASE)
_SOME = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8}
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-", "-": "-", "＋": "+"})


@dataclass(frozen=True, slots=True)
class Trailers:
    """What the trailers of a ship's texts say, and what of them could not be read."""

    expectation: Expectation | None
    fixes: tuple[str, ...]
    problems: tuple[str, ...]


def read_trailers(texts: Iterable[str]) -> Trailers:
    """Return what the trailers in `texts` say; of several the last one counts, and it is said."""
    found: dict[str, str] = {}
    expected: list[str] = []
    fixes: list[str] = []
    for text in texts:
        for name, rest in _TRAILER.findall(text):
            value, key = " ".join(rest.split())[:2000], name.lower()
            if key.startswith("fixes"):
                fixes += re.findall(r"[\w\-:.]{1,200}", value)
            elif key in ("hypothesis", "because"):
                found[key] = value.strip("*").strip()
            # "Expected: 200, got 404" is how people describe a bug.
            elif key == "expect" or re.search(rf"\d\s*{_PERCENT}|\bfrom\b.*\bto\b", value):
                expected.append(value)
    several = len({value.lower() for value in expected}) > 1
    expectation, problems = _expectation(expected[-1] if expected else "", found)
    if several:
        problems = (*problems, f"There are several Expect lines; “{expected[-1][:200]}” counts.")
    return Trailers(expectation, tuple(dict.fromkeys(fixes))[:200], problems)


def _expectation(line: str, found: dict[str, str]) -> tuple[Expectation | None, tuple[str, ...]]:
    statement, because = found.get("hypothesis", ""), found.get("because", "")
    if not line:
        if statement:
            return None, (
                "The hypothesis has no Expect line, so it cannot be tested. "
                "Add one: “Expect: METRIC +2% within 7d”.",
            )
        return None, ()
    inline = _INLINE_BECAUSE.search(line)
    bet = (line[: inline.start()] if inline else line)[:300].translate(_DASHES).strip("*` ")
    try:
        metric, change, said_window = _read_change(bet)
    except BadInput as reason:
        return None, (f"“Expect: {line[:200]}” could not be read: {reason.problem} {reason.mend}",)
    window, problems = _read_window(said_window)
    expectation = Expectation(
        metric=metric,
        direction="up" if change > 0 else "down",
        min_effect=abs(change),
        window=window,
        statement=statement,
        because=because or (inline[1].strip("* ") if inline else ""),
    )
    return expectation, problems


def _read_change(bet: str) -> tuple[str, float, str]:
    """Return the metric, the relative change with its sign, and the window as it was said."""
    if _POINTS.search(bet):
        raise BadInput(
            "expect",
            "percentage points depend on where the metric stands.",
            "Write the change relative to it, such as +20%, or as “from 10% to 12%”.",
        )
    if match := _FROM_TO.match(bet):
        old, new = _number(match["old"]), _number(match["new"])
        if not old:
            raise BadInput("expect", "a change from 0 has no relative size.", HOW)
        change = round(new / old - 1, 6)
    elif match := _CHANGE.match(bet):
        change = _number(match["size"]) / 100
        verb, sign = (match["verb"] or "").lower(), match["sign"]
        if sign == "±":
            raise BadInput("expect", "± does not say which way.", "Write + or −.")
        if (sign == "-" and verb in _UP) or (sign == "+" and verb in _DOWN):
            raise BadInput("expect", "the word and the sign say opposite things.", HOW)
        change = -change if sign == "-" or verb in _DOWN else change
    else:
        raise BadInput("expect", "a metric and a change in percent are wanted.", HOW)
    if not change or abs(change) > LARGEST:
        raise BadInput("expect", "the change must be more than 0% and at most 10,000%.", HOW)
    metric = match["metric"].strip(" `*\"'“”:")
    if not metric:
        raise BadInput("expect", "a metric and a change in percent are wanted.", HOW)
    return metric, change, (match["window"] or "").strip(" .`*")


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _read_window(said: str) -> tuple[timedelta, tuple[str, ...]]:
    """Return the window, 7 days if none was said, or if it cannot be read, which is a problem."""
    if not said:
        return DEFAULT_WINDOW, ()
    first, _, rest = (
        said.lower().removeprefix("the next ").removeprefix("the first ").partition(" ")
    )
    text = f"{_SOME.get(first, first)} {rest}".strip()
    months = re.fullmatch(r"(\d{1,2}) months?", text)
    try:
        length = read_duration(f"{4 * int(months[1])}w" if months else text, field="window")
    except BadInput:
        length = None
    if length is None:
        return DEFAULT_WINDOW, (f"The window “{said[:50]}” could not be read; 7 days is used.",)
    return length, ()
