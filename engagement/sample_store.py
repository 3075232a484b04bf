"""How samples are stored: a thousand in one statement, and the days that they touch noted as due.

The due days are written first: they are the lock that two batches for the same metric and month
take, each in the same order, so that neither ever waits for a row while it holds one that the other
needs. Who writes samples without `store` has no such lock.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from common.windows import Window, month_of

# (metric id, epoch second of the bucket) -> (value, exposure)
Buckets = Mapping[tuple[int, int], tuple[float, float | None]]
Row = tuple[int, int, float, float | None]
Due = tuple[int, int, int, int]  # metric id, and in epoch seconds: month, since, until

_DAY = 86_400

# No other transaction can have stored one of these buckets and not be seen: it held the due rows.
# To ask first is cheaper than ON CONFLICT, which takes every row back and forth.
_INSERT = """
INSERT INTO engagement_metricsample (metric_id, taken_at, value, exposure, received_at)
SELECT metric, to_timestamp(at), value, exposure, %s
FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[])
    AS new (metric, at, value, exposure)
WHERE NOT EXISTS (
    SELECT 1 FROM engagement_metricsample AS old
    WHERE old.metric_id = new.metric AND old.taken_at = to_timestamp(new.at)
)
"""
_UPDATE = """
UPDATE engagement_metricsample AS old
SET value = new.value, exposure = new.exposure, received_at = %s
FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[])
    AS new (metric, at, value, exposure)
WHERE old.metric_id = new.metric AND old.taken_at = to_timestamp(new.at)
    AND (old.value, old.exposure) IS DISTINCT FROM (new.value, new.exposure)
"""
_KNOWN = """
SELECT new.key, old.value, old.exposure FROM json_each(%s) AS new
CROSS JOIN engagement_metricsample AS old ON old.metric_id = json_extract(new.value, '$[0]')
    AND old.taken_at = json_extract(new.value, '$[1]')
"""
_SQLITE = """
INSERT INTO engagement_metricsample (metric_id, taken_at, value, exposure, received_at)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT (metric_id, taken_at) DO UPDATE
SET value = excluded.value, exposure = excluded.exposure, received_at = excluded.received_at
"""
# Days that are due already are not written again, but their rows are locked all the same
# (PostgreSQL 15 documentation, "INSERT": ON CONFLICT DO UPDATE locks whatever its WHERE says).
_DUE_ON_POSTGRES = """
INSERT INTO engagement_rollupdue AS old (metric_id, month, since, until)
SELECT metric, to_timestamp(month), to_timestamp(since), to_timestamp(until)
FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[])
    AS new (metric, month, since, until)
ON CONFLICT (metric_id, month) DO UPDATE
SET since = LEAST(old.since, excluded.since), until = GREATEST(old.until, excluded.until)
WHERE old.since > excluded.since OR old.until < excluded.until
"""
_DUE_ON_SQLITE = """
INSERT INTO engagement_rollupdue (metric_id, month, since, until) VALUES (%s, %s, %s, %s)
ON CONFLICT (metric_id, month) DO UPDATE
SET since = MIN(since, excluded.since), until = MAX(until, excluded.until)
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """How many samples were new, how many were other than before; the rest was known."""

    created: int
    updated: int


def store(buckets: Buckets, *, now: datetime) -> Stored:
    """Save the samples within the caller's transaction, with the days that they touch.

    If nothing was new, the caller need not keep what is due: roll the transaction back.
    """
    if not buckets:
        return Stored(0, 0)
    due = _touched(buckets)
    rows = [(*key, *buckets[key]) for key in sorted(buckets)]
    if _is_postgres():
        return _on_postgres(rows, due, now)
    _mark(due)
    return _on_sqlite(rows, now)


def mark_due(touched: Mapping[tuple[int, datetime], Window]) -> None:
    """Note that these whole days are behind, {(metric id, month): days}; waits for its turn."""
    rows = [
        (metric, _second(month), _second(days.start), _second(days.end))
        for (metric, month), days in touched.items()
    ]
    _mark(sorted(rows))


def _mark(rows: Sequence[Due]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if _is_postgres():
            cursor.execute(_DUE_ON_POSTGRES, _arrays(rows))
        else:
            kept = {second: _kept(second) for row in rows for second in row[1:]}
            told = [
                (metric, kept[month], kept[since], kept[until])
                for metric, month, since, until in rows
            ]
            cursor.executemany(_DUE_ON_SQLITE, told)


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _touched(buckets: Iterable[tuple[int, int]]) -> list[Due]:
    """Return the days that the buckets lie in, by metric and month, in the order to lock them."""
    months: dict[int, int] = {}
    touched: dict[tuple[int, int], tuple[int, int]] = {}
    for metric, day in sorted({(metric, at // _DAY) for metric, at in buckets}):
        month = months.get(day)
        if month is None:
            month = months[day] = _second(month_of(_moment(day * _DAY)))
        since, _ = touched.get((metric, month), (day * _DAY, 0))
        touched[metric, month] = since, (day + 1) * _DAY
    return [(*key, *days) for key, days in touched.items()]


def _on_postgres(rows: list[Row], due: list[Due], now: datetime) -> Stored:
    arrays = _arrays(rows)
    with connection.cursor() as cursor:
        # Sent together, run one after the other: the second sees all that the lock waited for.
        cursor.execute(f"{_DUE_ON_POSTGRES};{_INSERT}", [*_arrays(due), now, *arrays])
        created = cursor.rowcount
        if created == len(rows):  # nearly always: what is new is only sent once
            return Stored(created, 0)
        # Those just inserted are among the rows again, and are what they should be.
        cursor.execute(_UPDATE, [now, *arrays])
        return Stored(created, cursor.rowcount)


def _arrays(rows: Sequence[Sequence[float | None]]) -> list[str]:
    """Return each column as PostgreSQL writes an array: far faster read than as many parameters."""
    return [
        "{" + str(column)[1:-1].rstrip(",").replace("None", "NULL") + "}"
        for column in zip(*rows, strict=True)
    ]


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _kept(second: int) -> str:
    """Return a moment as SQLite keeps it."""
    return str(connection.ops.adapt_datetimefield_value(_moment(second)))


def _on_sqlite(rows: list[Row], now: datetime) -> Stored:
    """Save them; no other writer can come between looking and saving."""
    received_at = connection.ops.adapt_datetimefield_value(now)
    moments = {at: _kept(at) for _metric, at, _value, _exposure in rows}
    told = [
        (metric, moments[at], value, exposure, received_at) for metric, at, value, exposure in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [json.dumps([row[:2] for row in told])])
        known = {place: (value, exposure) for place, value, exposure in cursor.fetchall()}
        fresh = [row for place, row in enumerate(told) if known.get(place) != row[2:4]]
        cursor.executemany(_SQLITE, fresh)
    return Stored(len(told) - len(known), len(fresh) - (len(told) - len(known)))
