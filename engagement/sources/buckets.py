"""Rows with a time and a value, laid into the buckets that were asked for. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from common.places import ConnectionFault
from engagement.sources.base import Found, Wanted

COMBINE = (
    ("one", "Refuse them"),
    ("sum", "Add them up"),
    ("mean", "Take their mean"),
    ("last", "Take the last"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an answer; with `of`, the value counts how many of so many."""

    at: datetime
    value: float
    of: float | None = None


def number_in(value: object) -> float | None:
    """Return the finite number that a value is, or None if it is none."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def in_buckets(rows: Iterable[Row], wanted: Wanted, *, combine: str, left_out: int = 0) -> Found:
    """Return the value of each bucket that has rows; those outside the window are ignored.

    `combine` is one of COMBINE; shares are added up on both sides, whether the sum or the mean is
    wanted. `left_out` rows had no usable number, which the notes say. Raises ConnectionFault.
    """
    step = int(wanted.step.total_seconds())
    kept: dict[datetime, list[Row]] = {}
    for row in rows:
        start = datetime.fromtimestamp(int(row.at.timestamp() // step) * step, UTC)
        if start in wanted.window:
            kept.setdefault(start, []).append(row)
    values: dict[datetime, float] = {}
    of: dict[datetime, float] = {}
    for start, many in kept.items():
        value, parts = _combined(start, many, combine)
        values[start] = value
        if parts is not None:
            of[start] = parts
    many_out = f"{left_out} value{'' if left_out == 1 else 's'} left out: no finite number."
    return Found(values, (many_out,) if left_out else (), of)


def _combined(start: datetime, many: list[Row], combine: str) -> tuple[float, float | None]:
    many.sort(key=lambda row: row.at)
    if combine == "one" and len(many) > 1:
        raise ConnectionFault(
            f"There are {len(many)} values for the bucket from {start:%Y-%m-%d %H:%M} UTC.",
            "Let the query give one for each bucket, or choose how to make one of them.",
        )
    if combine in ("one", "last"):
        return many[-1].value, many[-1].of
    total = sum(row.value for row in many)
    parts = [row.of for row in many if row.of is not None]
    if parts:
        return total, sum(parts)
    return (total / len(many) if combine == "mean" else total), None
