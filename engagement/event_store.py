"""Storing events, each once: one statement on PostgreSQL, one transaction on SQLite."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from engagement.models import SameUser
from engagement.segment import Told

# Rows are put in by the order of their ids, so that two calls never wait for each other in a ring.
_ALL_AT_ONCE = """
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS told(
        message_id text, kind text, name text, user_id text, anonymous_id text, environment text,
        service text, version text, properties jsonb, occurred_at timestamptz)
), fresh AS (
    INSERT INTO engagement_eventreceipt (project_id, message_id, received_at)
    SELECT %(project)s, message_id, %(now)s FROM told WHERE name <> '' ORDER BY message_id
    ON CONFLICT (project_id, message_id) DO NOTHING
    RETURNING message_id
), met AS (
    INSERT INTO engagement_sameuser (project_id, anonymous_id, user_id, learned_at)
    SELECT DISTINCT ON (anonymous_id) %(project)s, anonymous_id, user_id, %(now)s::timestamptz
    FROM told WHERE user_id <> '' AND anonymous_id <> '' AND user_id <> anonymous_id
    ORDER BY anonymous_id
    ON CONFLICT (project_id, anonymous_id) DO NOTHING
)
INSERT INTO engagement_event (project_id, kind, name, user_id, anonymous_id, environment, service,
    version, properties, occurred_at, received_at)
SELECT %(project)s, kind, name, user_id, anonymous_id, environment, service, version, properties,
    occurred_at, %(now)s
FROM told JOIN fresh USING (message_id)
"""
_ONE_BY_ONE = """
INSERT INTO engagement_event (project_id, kind, name, user_id, anonymous_id, environment, service,
    version, properties, occurred_at, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_RECEIPTS = """
INSERT INTO engagement_eventreceipt (project_id, message_id, received_at)
SELECT %s, value, %s FROM json_each(%s) WHERE true
ON CONFLICT (project_id, message_id) DO NOTHING
RETURNING message_id
"""


def store_events(project_id: int, told: Sequence[Told], *, now: datetime) -> int:
    """Store what has not been stored before, and return how many events were new.

    All or nothing, in one commit. Every event among `told` has a message id of its own.
    """
    if connection.vendor == "postgresql":
        rows = json.dumps([_plain(one) for one in told], ensure_ascii=False)
        with connection.cursor() as cursor:
            cursor.execute(_ALL_AT_ONCE, {"rows": rows, "project": project_id, "now": now})
            return int(cursor.rowcount)
    with transaction.atomic():
        fresh = _fresh_ids(project_id, [one.message_id for one in told if one.name], now)
        _meet(project_id, told, now)
        _insert(project_id, [one for one in told if one.message_id in fresh], now)
        return len(fresh)


def _plain(one: Told) -> dict[str, Any]:
    # Spelled out: dataclasses.asdict() copies every property, and takes twice as long.
    return {
        "message_id": one.message_id,
        "kind": one.kind,
        "name": one.name,
        "user_id": one.user_id,
        "anonymous_id": one.anonymous_id,
        "environment": one.environment,
        "service": one.service,
        "version": one.version,
        "properties": one.properties,
        "occurred_at": one.occurred_at.isoformat(),
    }


def _fresh_ids(project_id: int, ids: list[str], now: datetime) -> set[str]:
    if not ids:
        return set()
    taken_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_RECEIPTS, [project_id, taken_at, json.dumps(ids)])
        return {row[0] for row in cursor.fetchall()}


def _meet(project_id: int, told: Sequence[Told], now: datetime) -> None:
    met = {
        one.anonymous_id: one.user_id
        for one in reversed(told)
        if one.user_id and one.anonymous_id and one.user_id != one.anonymous_id
    }
    if not met:
        return
    known = SameUser.objects.filter(project=project_id, anonymous_id__in=met)
    for anonymous_id in known.values_list("anonymous_id", flat=True):
        del met[anonymous_id]
    SameUser.objects.bulk_create(
        (
            SameUser(project_id=project_id, anonymous_id=one, user_id=user_id, learned_at=now)
            for one, user_id in met.items()
        ),
        ignore_conflicts=True,
    )


def _insert(project_id: int, told: Sequence[Told], now: datetime) -> None:
    # Making a model of each takes longer than storing it.
    stored_as = connection.ops.adapt_datetimefield_value
    received_at = stored_as(now)
    values = [
        (
            project_id, one.kind, one.name, one.user_id, one.anonymous_id, one.environment,
            one.service, one.version, json.dumps(one.properties), stored_as(one.occurred_at),
            received_at,
        )
        for one in told
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(_ONE_BY_ONE, values)
