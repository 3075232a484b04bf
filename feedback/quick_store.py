"""Storing what is new in one statement, for the doors that are called hundreds of times a second.

On PostgreSQL a call costs as many waits as it has statements; here it has one, which is a commit
too. It stores only what is plain: new, from nobody who asked to be forgotten, and of a customer of
whom nothing new is learned. What it leaves out goes the ordinary way. What is in no answer is left
to a worker, which looks at it within seconds (`feedback.sorting`): the language, and whether the
same was said before.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from feedback.models import FeedbackItem
from feedback.remembering import fingerprints_of
from feedback.rows import Said

_STORE = """
WITH said AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS said(
        source text, external_id text, text text, rating float8, rating_scale text,
        rating_given float8, version text, environment text, area text, url text,
        said_at timestamptz, reply_text text, replied_at timestamptz, extra jsonb, status text,
        theme text, mood text, triage_method text, known_by text, name text,
        email text, prints text[])
), gone AS (
    SELECT fingerprint FROM feedback_forgotten
    WHERE project_id = %(project)s AND fingerprint = ANY(%(prints)s)
), plain AS (
    SELECT said.*, customer.id AS customer_id FROM said
    LEFT JOIN LATERAL (
        SELECT * FROM feedback_customer
        WHERE project_id = %(project)s AND external_id = said.known_by LIMIT 1
    ) AS customer ON said.known_by <> ''
    WHERE NOT EXISTS (SELECT FROM gone WHERE fingerprint = ANY(said.prints))
        AND NOT (customer.id IS NOT NULL AND (customer.name = '' AND said.name <> ''
            OR customer.email = '' AND said.email <> ''))
), met AS (
    INSERT INTO feedback_customer (project_id, external_id, name, email)
    SELECT DISTINCT ON (known_by) %(project)s, known_by, name, email
    FROM plain WHERE known_by <> '' AND customer_id IS NULL ORDER BY known_by
    ON CONFLICT DO NOTHING RETURNING id, external_id
)
INSERT INTO feedback_feedbackitem (project_id, source, external_id, text, rating, rating_scale,
    rating_given, version, environment, area, url, customer_id, said_at, received_at, reply_text,
    replied_at, status, held_because, merged_because, answer_to, language, theme, mood,
    triage_method, extra, awaits_sorting)
SELECT %(project)s, plain.source, plain.external_id, text, rating, rating_scale, rating_given,
    version, environment, area, url, coalesce(plain.customer_id, met.id), said_at, %(now)s,
    reply_text, replied_at, status, '', '', '{}', '', theme, mood, triage_method, extra,
    true
FROM plain LEFT JOIN met ON met.external_id = plain.known_by
WHERE plain.known_by = '' OR coalesce(plain.customer_id, met.id) IS NOT NULL
ORDER BY plain.source, plain.external_id
ON CONFLICT DO NOTHING
RETURNING id, source, external_id, customer_id
"""


def store_plain(
    project_id: int, pairs: Sequence[tuple[Said, FeedbackItem]], *, now: datetime
) -> None:
    """Store what is plain of the items made of what was said, and give those their keys.

    Only on PostgreSQL, and outside of a transaction: the statement is one.
    """
    rows = [_row(project_id, one, item) for one, item in pairs]
    items = {(item.source, item.external_id): item for _, item in pairs}
    values: dict[str, Any] = {
        "rows": json.dumps(rows, ensure_ascii=False),
        "prints": [print_ for row in rows for print_ in row["prints"]],
        "project": project_id,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)
        for pk, source, external_id, customer_id in cursor.fetchall():
            item = items[source, external_id]
            item.pk, item.customer_id, item._state.adding = pk, customer_id, False


def _row(project_id: int, one: Said, item: FeedbackItem) -> dict[str, Any]:
    known_by, name, email = one.customer or ("", "", "")
    return {
        "source": one.source,
        "external_id": one.external_id,
        "text": one.text,
        "rating": one.rating,
        "rating_scale": one.rating_scale,
        "rating_given": one.rating_given,
        "version": one.version,
        "environment": one.environment,
        "area": one.area,
        "url": one.url,
        "said_at": one.said_at.isoformat(),
        "reply_text": one.reply_text,
        "replied_at": one.replied_at and one.replied_at.isoformat(),
        "extra": one.extra,
        "status": item.status,
        "theme": item.theme,
        "mood": item.mood,
        "triage_method": item.triage_method,
        "known_by": known_by,
        "name": name,
        "email": email,
        "prints": fingerprints_of(project_id, one),
    }
