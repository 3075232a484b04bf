"""The questions that measures ask of the table of events, in SQL that both databases speak.

Everything is worked out in sets, in the database. Times are whole microseconds since the epoch, so
that nothing is rounded; values from outside are parameters, never part of the text.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from common.windows import Window
from engagement.event_measures import Asked

MICRO = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHO = "coalesce(nullif(e.user_id, ''), s.user_id, nullif(e.anonymous_id, ''))"
STITCHED = (
    "engagement_event e LEFT JOIN engagement_sameuser s ON s.project_id = e.project_id "
    "AND s.anonymous_id = e.anonymous_id AND e.user_id = ''"
)


@dataclass(slots=True)
class Part:
    """A piece of SQL, and the values of its parameters in their order."""

    sql: str
    values: list[Any] = field(default_factory=list)

    def __add__(self, other: "Part | str") -> "Part":
        if isinstance(other, str):
            return Part(self.sql + other, self.values)
        return Part(self.sql + other.sql, [*self.values, *other.values])


def micros(length: timedelta) -> int:
    """Return a length of time in microseconds."""
    return length // MICRO


def moment(value: int) -> datetime:
    """Return the time that is so many microseconds after the epoch."""
    return EPOCH + value * MICRO


def stored(value: datetime) -> Any:
    """Return a time as this database compares it."""
    return connection.ops.adapt_datetimefield_value(value)


def fetch(part: Part) -> list[tuple[Any, ...]]:
    """Return the rows that the SQL gives."""
    with connection.cursor() as cursor:
        cursor.execute(part.sql, part.values)
        return cursor.fetchall()


def at() -> str:
    """Return the SQL of when an event happened, in whole microseconds since the epoch."""
    if connection.vendor == "postgresql":
        return "cast(extract(epoch FROM e.occurred_at) * 1000000 AS bigint)"
    # SQLite's own reading of a fraction rounds it: it is six digits, or nothing.
    fraction = "cast(substr(e.occurred_at, 21, 6) AS integer)"
    seconds = "cast(strftime('%%s', substr(e.occurred_at, 1, 19)) AS integer)"
    return f"({seconds} * 1000000 + {fraction})"


def bucket(asked: Asked, column: str = "at") -> str:
    """Return the SQL of the bucket that a time in microseconds lies in."""
    step = micros(asked.resolution)
    return f"({column} / {step} * {step})"


def done(asked: Asked, window: Window, *, event: str = "", is_event: bool = False) -> Part:
    """Return the SELECT of (who, at, did): what was done in the window by whom.

    `event` names what is wanted, blank is anything; `did` is 1 for what is the asked event with its
    properties, else 0. With `is_event` there is nothing else.
    """
    did = _is_asked(asked)
    part = Part(f"SELECT {WHO} AS who, {at()} AS at, CASE WHEN ") + did
    part += f" THEN 1 ELSE 0 END AS did FROM {STITCHED} WHERE "
    part += _scope(asked, window)
    if event:
        part += Part(" AND e.name = %s", [event])
    if is_event:
        part = part + " AND " + did
    return part


def rows_of(asked: Asked, window: Window, names: tuple[str, ...] = ()) -> Part:
    """Return the SELECT of the window's events, of any name or of two, and of nothing in them."""
    part = Part("SELECT 1 FROM engagement_event e WHERE ") + _scope(asked, window)
    return part + Part(" AND e.name IN (%s, %s)", [*names]) if names else part


def _scope(asked: Asked, window: Window) -> Part:
    part = Part(
        "e.project_id = %s AND e.occurred_at >= %s AND e.occurred_at < %s",
        [asked.project_id, stored(window.start), stored(window.end)],
    )
    for column in ("environment", "service", "version"):
        if wanted := getattr(asked, column):
            part += Part(f" AND e.{column} = %s", [wanted])
    return part


def _is_asked(asked: Asked) -> Part:
    part = Part("1 = 1")
    if asked.event:
        part = Part("e.name = %s", [asked.event])
    for name, value in asked.where.items():
        part += Part(" AND ") + _property(name) + Part(" IN (%s, %s)", spellings(value))
    return part


def _property(name: str) -> Part:
    """Return the SQL of a property as text: a number as it was written, true or false as such."""
    if connection.vendor == "postgresql":
        return Part("(e.properties ->> %s)", [name])
    path = f'$."{name}"'
    return Part(
        "CASE json_type(e.properties, %s) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
        "ELSE cast(json_extract(e.properties, %s) AS text) END",
        [path, path],
    )


def spellings(value: str) -> list[str]:
    """Return two ways in which a value may be written: a whole number also with a `.0`."""
    if value.lstrip("-").isdigit():
        return [value, f"{value}.0"]
    return [value, value.removesuffix(".0") if _is_number(value) else value]


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
