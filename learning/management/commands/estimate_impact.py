"""Estimate the impact of ships given on standard input, for measuring the method from outside."""

import json
import sys
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.json_lines import numbered
from learning.impact import CURRENT_METHOD, METHODS, Series, estimate


class Command(BaseCommand):
    """Read one case a line, write one answer a line."""

    help = (
        "Read cases as JSON lines on standard input (series, interval_seconds, kind, exposure, "
        "deployed_at, post_end, other_deployments) and write each one's effect as a JSON line."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the input, and which method is to answer."""
        parser.add_argument("--jsonl", action="store_true", help="JSON lines; the only form")
        parser.add_argument("--method", choices=sorted(METHODS), default=CURRENT_METHOD)

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer every line as soon as it is read."""
        for number, line in numbered(sys.stdin):
            try:
                answer = answer_line(line, options["method"])
            except (KeyError, TypeError, ValueError, IndexError) as problem:
                raise CommandError(f"Line {number} is not a case: {problem!r}") from problem
            self.stdout.write(json.dumps(answer))


def answer_line(line: str, method: str) -> dict[str, Any]:
    """Return the answer to one case; raises KeyError, TypeError or ValueError if it is none."""
    case = json.loads(line)
    times = np.array([row[0] for row in case["series"]], np.int64)
    interval = int(case["interval_seconds"])
    if (np.diff(times) != interval).any():
        raise ValueError("the times are not one interval apart; send gaps as null")
    kind = {"rate": "ratio"}.get(case["kind"], case["kind"])
    exposure = case.get("exposure")
    found = estimate(
        Series(
            times=times,
            values=_numbers([row[1] for row in case["series"]]),
            interval=interval,
            kind=kind,
            exposure=None if exposure is None else _numbers(exposure),
        ),
        shipped_at=int(case["deployed_at"]),
        window_end=int(case["post_end"]),
        other_ships=case.get("other_deployments") or (),
        method=method,
    )
    return {
        "effect": found.effect,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "mde": found.smallest_visible,
        "word": found.word,
        "note": found.note,
    }


def _numbers(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], float)
