"""Which metrics a batch of samples is for: found in one query, and those that are missing made."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.models import Project
from common.errors import BadInput, RowError
from engagement.models import Kind, Metric
from engagement.sample_rows import Read

_FIND = """
SELECT metric.key, metric.id, {seconds}, made.id IS NOT NULL
FROM engagement_metric AS metric
LEFT JOIN engagement_eventmetric AS made ON made.metric_id = metric.id
WHERE metric.project_id = %s AND metric.key {among}
"""
# Written out: a thousand keys through the ORM take as long as storing their samples.
_STATEMENTS = {
    "postgresql": _FIND.format(
        seconds="EXTRACT(EPOCH FROM metric.resolution)::integer", among="= ANY(%s::text[])"
    ),
    "sqlite": _FIND.format(
        seconds="metric.resolution / 1000000", among="IN (SELECT value FROM json_each(%s))"
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A metric as storing its samples needs it."""

    pk: int
    seconds: int  # how long a bucket is
    is_made_of_events: bool = False


def find_metrics(project: Project, keys: Collection[str]) -> dict[str, Found]:
    """Return {key: metric} of those that there are."""
    if not keys:
        return {}
    # Letters, digits and underscores alone: as text, a thousand are read in half the time.
    asked = json.dumps(sorted(keys))
    if connection.vendor == "postgresql":
        asked = "{" + asked[1:-1] + "}"
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[connection.vendor], [project.pk, asked])
        return {key: Found(pk, width, bool(made)) for key, pk, width, made in cursor.fetchall()}


def make_metrics(project: Project, read: Sequence[Read], known: dict[str, Found]) -> list[str]:
    """Make the metrics that `read` names and `known` lacks, and add them; return the new keys."""
    shares = {key for key, _at, _value, exposure in read if exposure is not None}
    new = []
    for key in sorted({row[0] for row in read} - known.keys()):
        kind = Kind.RATIO if key in shares else Kind.GAUGE
        metric, created = metric_for(project, key, kind=kind)
        known[key] = Found(metric.pk, int(metric.resolution.total_seconds()))
        if created:
            new.append(key)
    return new


def metric_for(project: Project, key: str, **facts: Any) -> tuple[Metric, bool]:
    """Return the project's metric with that key, made if need be, and whether it was made."""
    return Metric.objects.get_or_create(
        project=project,
        key=key,
        defaults={"name": key.replace("_", " ").capitalize(), **facts},
    )


def refuse_made_of_events(
    read: Sequence[Read],
    errors: Sequence[RowError],
    known: dict[str, Found],
    *,
    first_index: int,
) -> tuple[list[Read], list[RowError]]:
    """Return the rows that may be stored, and the errors with those of the others among them.

    What is worked out of events would be overwritten by what is sent, and the next time it is
    worked out, the other way round.
    """
    bad = {error.index for error in errors}
    places = (n for n in range(first_index, first_index + len(read) + len(bad)) if n not in bad)
    kept: list[Read] = []
    refused = list(errors)
    for index, row in zip(places, read, strict=True):
        if row[0] in known and known[row[0]].is_made_of_events:
            refused.append(RowError(index, _made_of_events(row[0])))
        else:
            kept.append(row)
    return kept, sorted(refused, key=lambda one: one.index)


def _made_of_events(key: str) -> BadInput:
    return BadInput(
        "metric",
        f"{key} is worked out of events.",
        "Send its events instead, or samples under another key.",
    )
