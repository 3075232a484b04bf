"""Adding samples up by the hour and by the day, after the call that brought them was answered.

A due row is locked, what its days hold is worked out anew from the samples, and the row is deleted,
all in one transaction. It can be lost, doubled or cut off anywhere and the rollups come out right.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Min

from common.windows import HOUR, days_by_month
from engagement.models import Metric, MetricSample, MetricSampleQuerySet, Rollup, RollupDue
from engagement.sample_store import mark_due

# A month of five minutes is 8,928 samples: so many of them are added up in under a second.
AT_ONCE = 20
# Sums of the largest floats would not be floats any more.
LARGEST = 1e150

_VALUE = (
    f"(CASE WHEN new.value > {LARGEST} THEN {LARGEST} WHEN new.value < -{LARGEST} "
    f"THEN -{LARGEST} ELSE new.value END)"
)
_EXPOSURE = f"(CASE WHEN new.exposure > {LARGEST} THEN {LARGEST} ELSE new.exposure END)"
_STARTS = {
    ("postgresql", "hour"): "date_trunc('hour', new.taken_at, 'UTC')",
    ("postgresql", "day"): "date_trunc('day', new.taken_at, 'UTC')",
    ("sqlite", "hour"): "substr(new.taken_at, 1, 13) || ':00:00'",
    ("sqlite", "day"): "substr(new.taken_at, 1, 10) || ' 00:00:00'",
}
_ENDS = {
    ("postgresql", "hour"): "old.starts_at + interval '1 hour'",
    ("postgresql", "day"): "old.starts_at + interval '24 hours'",
    ("sqlite", "hour"): "datetime(old.starts_at, '+1 hour')",
    ("sqlite", "day"): "datetime(old.starts_at, '+1 day')",
}
_ADD_UP = """
INSERT INTO engagement_rollup AS old
    (metric_id, span, starts_at, samples, total, least, most, weighted, exposure)
SELECT new.metric_id, '{span}', {start}, COUNT(*), SUM({value}), MIN(new.value), MAX(new.value),
    SUM({value} * {exposure}), SUM({exposure})
FROM engagement_rollupdue AS due JOIN engagement_metricsample AS new
    ON new.metric_id = due.metric_id AND new.taken_at >= due.since AND new.taken_at < due.until
WHERE due.id IN ({due}) GROUP BY new.metric_id, {start}
ON CONFLICT (metric_id, span, starts_at) DO UPDATE SET samples = excluded.samples,
    total = excluded.total, least = excluded.least, most = excluded.most,
    weighted = excluded.weighted, exposure = excluded.exposure
WHERE (old.samples, old.total, old.least, old.most, old.weighted, old.exposure) {differs}
    (excluded.samples, excluded.total, excluded.least, excluded.most, excluded.weighted,
    excluded.exposure)
"""
_CLEAR = """
DELETE FROM engagement_rollup WHERE id IN (
    SELECT old.id FROM engagement_rollupdue AS due JOIN engagement_rollup AS old
        ON old.metric_id = due.metric_id AND old.span = '{span}'
        AND old.starts_at >= due.since AND old.starts_at < due.until
    WHERE due.id IN ({due}) {unless}
)
"""
_UNLESS_MEASURED = """AND NOT EXISTS (
    SELECT 1 FROM engagement_metricsample AS new WHERE new.metric_id = old.metric_id
        AND new.taken_at >= old.starts_at AND new.taken_at < {end}
)"""


def roll_up(*, most: int = AT_ONCE) -> int:
    """Bring up to `most` due months up to date, the newest first; return how many there were.

    What another worker is at just now is left to it. Safe to run twice, or side by side.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # The planner takes a few days for half the table, and would compile what it runs.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL jit = off")
        rows = RollupDue.objects.select_for_update(skip_locked=True, of=("self",))
        due = list(rows.select_related("metric").order_by("-month", "pk")[:most])
        fine = [row.pk for row in due if has_hours(row.metric.resolution)]
        coarse = [row.pk for row in due if not has_hours(row.metric.resolution)]
        # Only now that they are held are the samples read: nothing committed before is missed.
        _add_up(fine, Rollup.Span.HOUR)
        _run(_CLEAR, coarse, Rollup.Span.HOUR)
        _add_up([*fine, *coarse], Rollup.Span.DAY)
        RollupDue.objects.filter(pk__in=[*fine, *coarse]).delete()
    return len(due)


def has_hours(resolution: timedelta) -> bool:
    """Return True if a metric with such buckets is rolled up by the hour too."""
    return resolution < HOUR


def samples_changed(metric: Metric, first: datetime, last: datetime) -> None:
    """Note that samples from `first` to `last` were written or deleted without `record_samples`.

    Call it within the transaction that does so.
    """
    mark_due({(metric.pk, month): days for month, days in days_by_month(first, last)})


def delete_samples(metric: Metric, samples: MetricSampleQuerySet) -> None:
    """Delete these samples of the metric, and have their days added up anew."""
    with transaction.atomic():
        ends = samples.aggregate(first=Min("taken_at"), last=Max("taken_at"))
        if ends["first"]:
            samples_changed(metric, ends["first"], ends["last"])
            samples.delete()


def roll_anew(metric: Metric) -> None:
    """Make all days of the metric due, such as when the length of its buckets is another."""
    spans = [
        MetricSample.objects.filter(metric=metric).aggregate(
            first=Min("taken_at"), last=Max("taken_at")
        ),
        metric.rollups.aggregate(first=Min("starts_at"), last=Max("starts_at")),
    ]
    firsts = [span["first"] for span in spans if span["first"]]
    lasts = [span["last"] for span in spans if span["last"]]
    if firsts:
        samples_changed(metric, min(firsts), max(lasts))


def _add_up(due: Sequence[int], span: Rollup.Span) -> None:
    _run(_ADD_UP, due, span)
    _run(_CLEAR, due, span, unless=_UNLESS_MEASURED)


def _run(statement: str, due: Sequence[int], span: Rollup.Span, *, unless: str = "") -> None:
    if not due:
        return
    vendor = connection.vendor
    names = {
        "span": span.value,
        "start": _STARTS[vendor, span.value],
        "value": _VALUE,
        "exposure": _EXPOSURE,
        "differs": "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT",
        "due": ", ".join(str(int(pk)) for pk in due),
        "unless": unless.format(end=_ENDS[vendor, span.value]),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**names))
