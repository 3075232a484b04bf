"""Reading files of metric samples, batch by batch."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo

from accounts.models import Project
from common.batches import Batch, take_in
from common.errors import IntakeReport
from common.tables import Row, Table
from engagement.intake import BATCH, record_samples
from engagement.models import Way

FIELDS = ("metric", "at", "value", "numerator", "denominator")
# The names that other tools give to our fields, likeliest first.
_ALIASES: dict[str, tuple[str, ...]] = {
    "metric": ("metric", "metric_key", "key", "series", "metric_name", "name", "event"),
    "at": (
        "at",
        "time",
        "timestamp",
        "date",
        "datetime",
        "taken_at",
        "day",
        "hour",
        "bucket",
        "ts",
    ),
    "value": ("value", "y", "count", "total", "rate", "mean", "average"),
    "numerator": ("numerator", "successes", "conversions", "converted"),
    "denominator": ("denominator", "trials", "visits", "sessions", "exposure", "users"),
}


def guess_mapping(columns: Iterable[str]) -> dict[str, str]:
    """Return {their column: our field} for the columns whose name tells; each field once."""
    named: dict[str, str] = {}
    for column in columns:
        named.setdefault(re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_"), column)
    mapping: dict[str, str] = {}
    for field, aliases in _ALIASES.items():
        found = next((named[alias] for alias in aliases if alias in named), None)
        if found:
            mapping[found] = field
    return mapping


def import_batches(
    table: Table,
    *,
    project: Project,
    mapping: Mapping[str, str],
    zone: tzinfo,
    now: datetime,
    metric: str = "",
    dry_run: bool = False,
) -> Iterator[Batch]:
    """Store the rows of `table`, each BATCH in its own transaction.

    `metric` is the key for rows that name none. Raises NotATable if the file breaks off; what was
    before is stored.
    """

    def take(rows: list[Row]) -> IntakeReport:
        named = ({mapping[k]: v for k, v in row.values.items() if mapping.get(k)} for row in rows)
        samples = [{**row, "metric": row.get("metric") or metric} for row in named]
        return record_samples(
            project=project, rows=samples, now=now, zone=zone, dry_run=dry_run, way=Way.FILE
        )

    return take_in(table, take, size=BATCH)
