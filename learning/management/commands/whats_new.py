"""Say what customers started and stopped saying, from texts on standard input."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from common.json_lines import as_line, numbered
from learning.phrases import LEVEL, Text, Told, whats_new

DIGITS = 3


class Command(BaseCommand):
    """Read one comparison a line, write one answer a line."""

    help = (
        'Read {"before": [texts], "after": [texts]} as JSON lines on standard input and write, one '
        "line each, the phrases that rose and those that stopped, with score and quotes."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the input, and how often a false alarm is allowed."""
        parser.add_argument("--jsonl", action="store_true", help="JSON lines; the only form")
        parser.add_argument(
            "--level",
            type=float,
            default=LEVEL,
            help=f"how often a rise, or a fall, may be claimed of nothing; {LEVEL} if not given",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer every line at once; a bad line is named, and answered by its error."""
        for number, line in numbered(sys.stdin):
            try:
                answer = answer_line(line, level=options["level"])
            except (KeyError, TypeError, ValueError, RecursionError) as problem:
                answer = {"error": f"Line {number} is not a comparison: {_said(problem)}"}
                self.stderr.write(answer["error"])
            self.stdout.write(as_line(answer))
            self.stdout.flush()


def answer_line(line: str, *, level: float = LEVEL) -> dict[str, Any]:
    """Return the answer to one line; raises KeyError, TypeError or ValueError if it is none.

    A text is a string, or an object with `text` and, if known, `customer` and `id`. `background`
    may hold more of what was said before that.
    """
    case = json.loads(line)
    if not isinstance(case, dict):
        raise TypeError("not an object")
    before, after = _texts(case["before"], "before"), _texts(case["after"], "after")
    background = _texts(case.get("background") or [], "background")
    news = whats_new(before, after, background, level=level)
    words = {text.key: text.words for text in (*before, *after)}
    return {
        "risen": [_phrase(told, words) for told in news.started],
        "stopped": [_phrase(told, words) for told in news.stopped],
        "before": news.before_total,
        "after": news.after_total,
        "smallest_visible": news.smallest_visible,
        "note": news.note,
    }


def _texts(rows: Any, side: str) -> list[Text]:
    if not isinstance(rows, list):
        raise TypeError(f"{side} is not a list of texts")
    return [_text(row, f"{side} {number}") for number, row in enumerate(rows, 1)]


def _text(row: Any, place: str) -> Text:
    facts = row if isinstance(row, dict) else {"text": row}
    words = facts.get("text")
    if words is not None and not isinstance(words, str):
        raise TypeError(f"{place} is not a text")
    customer = facts.get("customer")
    return Text(place, words or "", None if customer is None else json.dumps(customer))


def _phrase(told: Told, words: dict[Any, str]) -> dict[str, Any]:
    return {
        "phrase": told.phrase,
        "score": round(told.score, DIGITS),
        "log_odds": round(told.log_odds, DIGITS),
        "before": told.before,
        "after": told.after,
        "quotes": [words[key] for key in told.quotes],
    }


def _said(problem: Exception) -> str:
    return f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)
