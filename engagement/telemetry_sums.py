"""What the points of a stream add to each bucket of a metric. Pure.

A counter may tell its total since it began (cumulative) or what was added since its last point
(delta): https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SECOND = 1_000_000_000
# An increase belongs to the bucket in which it ended, if the point before is no further back than
# a bucket, or than this. Beyond, nobody knows when it happened, and it is left out.
LEAST_GAP = 15 * 60 * SECOND
# The first point of a counter counts whole if the counter began in that bucket, or just before it.
JUST_BEFORE = 2 * 60 * SECOND


@dataclass(frozen=True, slots=True)
class Row:
    """A point as it is kept."""

    time_ns: int
    start_ns: int
    value: float | None
    count: float | None


@dataclass(slots=True)
class Part:
    """What a stream adds to a bucket: a total, made of `weight` values."""

    total: float = 0.0
    weight: float = 0.0


Step = tuple[int, float | None, float | None]  # time, value, count


def parts_of(
    rows: Iterable[Row], *, shape: str, take: str, is_delta: bool, step_ns: int
) -> dict[int, Part]:
    """Return what the points add to each bucket, by the bucket's start in nanoseconds.

    `shape` and `take` are values of Shape and Take. A level is the last one of its bucket.
    """
    ordered = sorted(rows, key=lambda row: row.time_ns)
    if shape == "level":
        return _levels(ordered, step_ns, is_mean=take == "mean")
    if shape == "gauge":
        return _added(((row.time_ns, row.value, None) for row in ordered), "mean", step_ns)
    if is_delta:
        steps: Iterator[Step] = ((row.time_ns - 1, row.value, row.count) for row in ordered)
    else:
        steps = _increases(ordered, step_ns)
    return _added(steps, take, step_ns)


def _added(steps: Iterable[Step], take: str, step_ns: int) -> dict[int, Part]:
    parts: dict[int, Part] = defaultdict(Part)
    for at, value, count in steps:
        if take == "count":
            value = count
        if value is None:
            continue
        part = parts[at // step_ns * step_ns]
        part.total += value
        part.weight += 1.0 if count is None else count
    return dict(parts)


def _levels(ordered: list[Row], step_ns: int, *, is_mean: bool) -> dict[int, Part]:
    parts: dict[int, Part] = {}
    for row in ordered:
        if row.value is None:
            continue
        start = row.time_ns // step_ns * step_ns
        before = parts.get(start)
        if is_mean and before:
            before.total, before.weight = before.total + row.value, before.weight + 1
        else:
            parts[start] = Part(row.value, 1.0)
    return parts


def _increases(ordered: list[Row], step_ns: int) -> Iterator[Step]:
    """Yield what was added between points; those of one beginning are compared with each other.

    So two writers that cannot be told apart, but for when they began, do not look like one that
    begins again and again.
    """
    before: dict[int, Row] = {}
    for row in ordered:
        last = before.get(row.start_ns)
        before[row.start_ns] = row
        at = row.time_ns - 1  # a point at the very end of a bucket tells of that bucket
        bucket = at // step_ns * step_ns
        if last is None:
            if row.start_ns >= bucket - JUST_BEFORE and row.start_ns:
                yield at, row.value, row.count
        elif last.time_ns >= bucket - max(step_ns, LEAST_GAP):
            yield at, *_difference(last, row)


def _difference(last: Row, row: Row) -> tuple[float | None, float | None]:
    """Return by how much value and count rose; what fell began again from 0 without saying so."""
    fell = _less(row.count, last.count) if row.count is not None else _less(row.value, last.value)
    if fell:
        return row.value, row.count
    value = None if row.value is None or last.value is None else row.value - last.value
    count = None if row.count is None or last.count is None else row.count - last.count
    return value, count


def _less(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and one < other
