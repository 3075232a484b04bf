"""The rows in an answer of JSON: where each stands, and its time and value. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.errors import BadInput
from common.expressions import find
from common.payloads import line
from common.places import ConnectionFault
from common.values import read_moment
from common.windows import DAY
from engagement.sources.base import Wanted
from engagement.sources.buckets import Row, number_in

MOST_ROWS = 100_000
PATHS = ("rows", "time", "value", "denominator_path")


@dataclass(slots=True)
class Told:
    """What an answer says: its rows, and how many others have no number or no value at all."""

    rows: list[Row] = field(default_factory=list)
    no_number: int = 0
    no_value: int = 0  # a gap


def rows_in(data: Any, wanted: Wanted) -> Told:
    """Return what the rows of an answer say; raises ConnectionFault, or BadInput."""
    paths = {name: str(wanted.options.get(name, "")).strip() for name in PATHS}
    zone = zone_of_times(wanted.options)
    if not paths["rows"]:
        columns = {name: _column(paths, name, data) for name in PATHS[1:] if paths[name]}
        if len({len(column) for column in columns.values()}) > 1:
            counts = ", ".join(f"{len(column)}" for column in columns.values())
            raise ConnectionFault(
                f"The lists of times and values are not equally long ({counts}).",
                "Say where the rows stand, and where in a row its time and its value.",
            )
        parts = [
            dict(zip(columns, many, strict=True))
            for many in zip(*columns.values(), strict=True)
        ]  # fmt: skip
    else:
        parts = [
            {name: find(paths, name, row) for name in PATHS[1:] if paths[name]}
            for row in _column(paths, "rows", data)
        ]
    told = Told()
    for part in parts:
        if part["value"] is None:
            told.no_value += 1
        elif row := _row(part, zone, wanted):
            told.rows.append(row)
        else:
            told.no_number += 1
    return told


def _column(paths: Mapping[str, str], name: str, data: Any) -> list[Any]:
    found = find(paths, name, data)
    if found is None:
        raise ConnectionFault(
            f"There is nothing at “{line(paths[name], 100)}” in the answer.",
            f"The answer has {_shape(data)}.",
        )
    if not isinstance(found, list):
        found = [found]
    if len(found) > MOST_ROWS:
        raise ConnectionFault(
            f"The answer has more than {MOST_ROWS:,} rows.",
            "Let it give fewer: one for each bucket is enough.",
        )
    return found


def _shape(data: Any) -> str:
    if isinstance(data, Mapping):
        return "the fields " + (line(", ".join(map(str, data)), 200) or "(none)")
    return f"a list of {len(data)}" if isinstance(data, list) else "one value"


def _row(part: Mapping[str, Any], zone: ZoneInfo, wanted: Wanted) -> Row | None:
    value = number_in(part["value"])
    of = number_in(part["denominator_path"]) if "denominator_path" in part else None
    if value is None or ("denominator_path" in part and of is None):
        return None
    text = part["time"]
    # The day of a daily value is the bucket of that name, wherever it was counted.
    is_day = wanted.step >= DAY and isinstance(text, str) and len(text.strip()) == len("2026-03-01")
    at = read_moment(
        text,
        field="time",
        now=wanted.access.now + timedelta(days=366),  # forecasts are left out, not refused
        zone=UTC if is_day else zone,
    )
    if at is None:
        raise ConnectionFault("A row of the answer has no time.", "Correct where it stands.")
    return Row(at, value, of)


def zone_of_times(options: Mapping[str, Any]) -> ZoneInfo:
    """Return the zone of times that name none; raises BadInput if there is no such zone."""
    name = str(options.get("zone") or "UTC").strip()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput("zone", "is no time zone.", "Write it as in Europe/Berlin.") from None
