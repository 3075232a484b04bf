"""How samples are stored: a thousand in one statement, and the days that they touch noted as due.

The due days are written first: they are the lock that two batches for the same metric and month
take, each in the same order, so that neither ever waits for a row while it holds one that the other
needs.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from django.db import connection

from common.windows import DAY, Window, month_of

# (metric id, epoch second of the bucket) -> (value, exposure)
Buckets = Mapping[tuple[int, int], tuple[float, float | None]]
Row = tuple[int, int, float, float | None]

_DAY = 86_400

_INSERT = """
INSERT INTO engagement_metricsample (metric_id, taken_at, value, exposure, received_at)
SELECT metric, to_timestamp(at), value, exposure, %s
FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[])
    AS new (metric, at, value, exposure)
ON CONFLICT (metric_id, taken_at) DO NOTHING
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
    rows = [(*key, *said) for key, said in sorted(buckets.items(), key=itemgetter(0))]
    mark_due(_touched(buckets))
    return _on_postgres(rows, now) if _is_postgres() else _on_sqlite(rows, now)


def mark_due(touched: Mapping[tuple[int, datetime], Window]) -> None:
    """Note that these whole days are behind, {(metric id, month): days}; waits for its turn."""
    rows = [(*key, touched[key].start, touched[key].end) for key in sorted(touched)]
    if not rows:
        return
    with connection.cursor() as cursor:
        if _is_postgres():
            seconds = [(row[0], *(int(at.timestamp()) for at in row[1:])) for row in rows]
            cursor.execute(_DUE_ON_POSTGRES, _arrays(seconds))
        else:
            kept = connection.ops.adapt_datetimefield_value
            cursor.executemany(_DUE_ON_SQLITE, [(row[0], *map(kept, row[1:])) for row in rows])


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _touched(buckets: Iterable[tuple[int, int]]) -> dict[tuple[int, datetime], Window]:
    days: dict[int, tuple[datetime, datetime, datetime]] = {}
    touched: dict[tuple[int, datetime], Window] = {}
    for metric, number in sorted({(metric, at // _DAY) for metric, at in buckets}):
        if number not in days:
            day = datetime.fromtimestamp(number * _DAY, tz=UTC)
            days[number] = month_of(day), day, day + DAY
        month, start, end = days[number]
        known = touched.get((metric, month))
        touched[metric, month] = Window(known.start if known else start, end)
    return touched


def _on_postgres(rows: list[Row], now: datetime) -> Stored:
    arrays = _arrays(rows)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [now, *arrays])
        created = cursor.rowcount
        if created == len(rows):  # nearly always: what is new is only sent once
            return Stored(created, 0)
        # Those just inserted are among the rows again, and are what they should be.
        cursor.execute(_UPDATE, [now, *arrays])
        return Stored(created, cursor.rowcount)


def _arrays(rows: Sequence[Sequence[float | None]]) -> list[str]:
    """Return each column as PostgreSQL writes an array: far faster read than as many parameters."""
    return [
        "{" + ",".join(map(repr, column)).replace("None", "NULL") + "}"
        for column in zip(*rows, strict=True)
    ]


def _on_sqlite(rows: list[Row], now: datetime) -> Stored:
    """Save them; no other writer can come between looking and saving."""
    kept = connection.ops.adapt_datetimefield_value
    received_at = kept(now)
    told = [
        (metric, kept(datetime.fromtimestamp(at, tz=UTC)), value, exposure, received_at)
        for metric, at, value, exposure in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [json.dumps([row[:2] for row in told])])
        known = {place: (value, exposure) for place, value, exposure in cursor.fetchall()}
        fresh = [row for place, row in enumerate(told) if known.get(place) != row[2:4]]
        cursor.executemany(_SQLITE, fresh)
    return Stored(len(told) - len(known), len(fresh) - (len(told) - len(known)))
