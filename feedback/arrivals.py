"""The journal of what comes in a rush: put there in one statement, taken out by `sorting`.

A feedback costs some twenty indexes, and its project's lock. Here it costs two indexes and nobody
waits, so this is what a call in a rush waits for. What is known already is told from what is new as
exactly as the ordinary way does: an id is in the journal once, and never put there unnoticed while
the same id is, or just became, a feedback.
"""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.models import Project
from feedback.models import Arrival
from feedback.rows import Said, as_json, kept

Key = tuple[str, str]  # source, external id

# The second statement has a snapshot of its own, taken once the first has waited for whoever was
# putting in, or sorting in, the same ids. Keys are put in by their order, so that no two calls wait
# for each other. LIMIT makes the planner look each of them up, whatever it thinks of the tables.
_PUT = """
INSERT INTO feedback_arrival (id, project_id, source, external_id, received_at, said, put_by)
SELECT nextval('feedback_feedbackitem_id_seq'), %(project)s, source, external_id, %(now)s,
    said::text, %(mark)s
FROM json_to_recordset(%(rows)s) AS told(source text, external_id text, said json)
ON CONFLICT (project_id, source, external_id) DO NOTHING;
SELECT told.source, told.external_id, arrival.id, arrival.put_by = %(mark)s, item.id IS NOT NULL
FROM unnest(%(sources)s::text[], %(ids)s::text[]) AS told(source, external_id)
LEFT JOIN LATERAL (
    SELECT id, put_by FROM feedback_arrival
    WHERE project_id = %(project)s AND source = told.source AND external_id = told.external_id
    LIMIT 1
) AS arrival ON true
LEFT JOIN LATERAL (
    SELECT id FROM feedback_feedbackitem
    WHERE project_id = %(project)s AND source = told.source AND external_id = told.external_id
    LIMIT 1
) AS item ON true
WHERE %(tell_ids)s OR item.id IS NOT NULL OR arrival.put_by IS DISTINCT FROM %(mark)s
"""
_KNOWN_ON_SQLITE = """
SELECT source, external_id FROM {} WHERE project_id = %s
AND source IN (SELECT value FROM json_each(%s)) AND external_id IN (SELECT value FROM json_each(%s))
"""
_PUT_ON_SQLITE = """
INSERT INTO feedback_arrival (id, project_id, source, external_id, received_at, said, put_by)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_ITEMS = "feedback_feedbackitem"
ROOM_KNOWN = 1.0  # seconds
LONG, SHOWN = timedelta(minutes=1), 1_000
_room: dict[str, float] = {"asked_at": -ROOM_KNOWN, "left": True}


def put(
    project_id: int, said: Iterable[Said], *, now: datetime, tell_ids: bool = True
) -> dict[Key, int | None]:
    """Store what is new in the journal, in one commit; return its keys, and the ids it will have.

    What is known, as a feedback or in the journal, is left out. Every key occurs once in `said`.
    The ids are None unless asked for by `tell_ids`: telling them takes time.
    """
    rows = sorted((((one.source, one.external_id), one) for one in said), key=itemgetter(0))
    if not rows:
        return {}
    if connection.vendor == "postgresql":
        return _put(project_id, dict(rows), now, tell_ids)
    with transaction.atomic():
        return _put_on_sqlite(project_id, dict(rows), now)


def has_room(*, clock: Callable[[], float] = time.monotonic) -> bool:
    """Return False while more waits in the journal than may; looked up once a second.

    Then all calls are answered the ordinary way, so that those who send feel how much that is.
    """
    if (now := clock()) >= _room["asked_at"] + ROOM_KNOWN:
        _room.update(asked_at=now, left=count_waiting() <= settings.MOST_UNSORTED_FEEDBACK)
    return bool(_room["left"])


def count_waiting() -> int:
    """Return how many rows wait in the journal; of more than may, one more than may."""
    return Arrival.objects.all()[: settings.MOST_UNSORTED_FEEDBACK + 1].count()


@dataclass(frozen=True, slots=True)
class Late:
    """What is in the journal for longer than it takes while a worker runs."""

    count: int  # rows that wait for a worker
    since: datetime
    set_aside: int  # rows that a worker could not sort and tries again
    shown: int  # of more than so many, one more than that are counted


def waiting_long(project: Project, *, now: datetime) -> Late | None:
    """Return what is late in a project's journal, or None if nothing is."""
    rows = Arrival.objects.filter(project=project).order_by("pk")
    looked_at = list(rows.values_list("received_at", "due_at")[: SHOWN + 1])
    waiting = [received_at for received_at, due_at in looked_at if due_at is None]
    since = min(waiting, default=now)
    count = len(waiting) if now - since > LONG else 0
    set_aside = len(looked_at) - len(waiting)
    return Late(count, since, set_aside, SHOWN) if count or set_aside else None


def _put(
    project_id: int, said: dict[Key, Said], now: datetime, tell_ids: bool
) -> dict[Key, int | None]:
    rows = [
        {"source": source, "external_id": external_id, "said": kept(one, now)}
        for (source, external_id), one in said.items()
    ]
    mark = random.getrandbits(62)
    values: dict[str, Any] = {
        "project": project_id, "now": now, "mark": mark, "rows": as_json(rows),
        "sources": [source for source, _ in said], "ids": [name for _, name in said],
        "tell_ids": tell_ids,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PUT, values)
        found = cursor.fetchall()
    new: dict[Key, int | None] = dict.fromkeys(said)
    spare = []
    for source, external_id, pk, is_ours, is_item in found:
        if is_ours and not is_item:
            new[source, external_id] = pk
            continue
        del new[source, external_id]
        if is_ours:
            spare.append(pk)
    if spare:
        # Until then it would be sorted in as a feedback that was sent again, which it is.
        Arrival.objects.filter(pk__in=spare).delete()
    return new


def _put_on_sqlite(project_id: int, said: dict[Key, Said], now: datetime) -> dict[Key, int | None]:
    # It has one writer at a time, so that what is known stays known and what is new stays new.
    sources, ids = {source for source, _ in said}, [name for _, name in said]
    received_at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        known: set[Key] = set()
        for table in (_ITEMS, Arrival._meta.db_table):
            cursor.execute(
                _KNOWN_ON_SQLITE.format(table), [project_id, as_json([*sources]), as_json(ids)]
            )
            known.update(cursor.fetchall())
        new = {key: one for key, one in said.items() if key not in known}
        first = _reserve_on_sqlite(cursor, len(new))
        values = [
            (pk, project_id, *key, received_at, as_json(kept(one, now)), 0)
            for pk, (key, one) in enumerate(new.items(), first)
        ]
        cursor.executemany(_PUT_ON_SQLITE, values)
    return {key: pk for pk, key in enumerate(new, first)}


def _reserve_on_sqlite(cursor: Any, count: int) -> int:
    """Take ids that no feedback will be given, and return the first of them."""
    cursor.execute(
        "UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, _ITEMS]
    )
    if found := cursor.fetchone():
        return int(found[0]) - count + 1
    # Nothing was ever said.
    cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [_ITEMS, count])
    return 1
