"""The writing door for what users do: every sample, however it came, passes here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.errors import BadInput, IntakeReport
from common.values import clean_text, read_duration
from engagement.models import Direction, Kind, Metric, NoData, Role
from engagement.rolling import roll_anew
from engagement.sample_rows import Read, read_key, read_samples
from engagement.sample_store import store

BATCH = 10_000
MAX_RESOLUTION = timedelta(days=1)


def metric_for(project: Project, key: str, **facts: Any) -> tuple[Metric, bool]:
    """Return the project's metric with that key, made if need be, and whether it was made."""
    return Metric.objects.get_or_create(
        project=project,
        key=key,
        defaults={"name": key.replace("_", " ").capitalize(), **facts},
    )


def define_metric(project: Project, row: Any) -> tuple[Metric, bool]:
    """Save what `row` says of a metric, and return it and whether it is new.

    Fields: `key`, and any of `name`, `unit`, `kind`, `good_direction`, `role`, `no_data`,
    `resolution`. What is not said stays as it is. Raises BadInput naming the field.
    """
    if not isinstance(row, Mapping):
        raise BadInput("metric", "must be an object.", 'Send {"key": ...}.')
    key = read_key(row.get("key"), field="key")
    facts = _said_of(row)
    metric, created = metric_for(project, key, **facts)
    if not created and facts:
        is_regrouped = facts.get("resolution", metric.resolution) != metric.resolution
        for field, value in facts.items():
            setattr(metric, field, value)
        with transaction.atomic():
            metric.save(update_fields=list(facts))
            if is_regrouped:
                roll_anew(metric)
    return metric, created


def _said_of(row: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for field, length in (("name", 150), ("unit", 30)):
        if row.get(field) is not None:
            text = clean_text(row[field], field=field, max_length=length)
            if text or field != "name":  # a unit may be taken away, a name may not
                facts[field] = text
    chosen = (("kind", Kind), ("good_direction", Direction), ("role", Role), ("no_data", NoData))
    for field, choices in chosen:
        if row.get(field) is not None:
            if row[field] not in choices.values:
                raise BadInput(field, "is not known.", f"Send one of {', '.join(choices.values)}.")
            facts[field] = row[field]
    if facts.get("no_data") == NoData.ZERO and facts.get("kind") == Kind.RATIO:
        raise BadInput("no_data", "cannot be zero for a ratio.", "A share of nothing is unknown.")
    resolution = read_duration(row.get("resolution"), field="resolution")
    if resolution:
        if MAX_RESOLUTION % resolution:
            raise BadInput("resolution", "must divide a day.", 'Send "5m", "1h" or "1d".')
        facts["resolution"] = resolution
    return facts


@dataclass(slots=True)
class SamplesReport(IntakeReport):
    """What became of a batch of samples, and the metrics that it named for the first time."""

    new_metrics: list[str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as an API answer shows it."""
        return {**IntakeReport.as_dict(self), "new_metrics": sorted(self.new_metrics or [])}


def record_samples(
    *,
    project: Project,
    rows: Iterable[Any],
    now: datetime,
    zone: tzinfo | None = None,
    first_index: int = 0,
    dry_run: bool = False,
) -> SamplesReport:
    """Save the good rows and report the bad ones; the last value for a bucket is the one kept.

    Late, repeated and corrected samples are all welcome: each lands in its own bucket. With
    `dry_run` nothing is written, and the counts are what writing would have given.
    """
    read, errors = read_samples(rows, now=now, zone=zone, first_index=first_index)
    report = SamplesReport(errors=errors, new_metrics=[])
    with transaction.atomic():
        widths = _widths(project, read, report)
        buckets: dict[tuple[int, int], tuple[float, float | None]] = {}
        for key, at, value, exposure in read:
            metric_id, width = widths[key]
            buckets[metric_id, at - at % width] = (value, exposure)
        stored = store(buckets, now=now)
        is_news = stored.created or stored.updated or report.new_metrics
        transaction.set_rollback(dry_run or not is_news)
    report.created, report.updated = stored.created, stored.updated
    # Rows that named a bucket twice were taken too; the later one is the value.
    report.unchanged = len(read) - stored.created - stored.updated
    return report


def _widths(
    project: Project, read: list[Read], report: SamplesReport
) -> dict[str, tuple[int, int]]:
    """Return {key: (metric id, seconds of a bucket)}, making the metrics that are missing."""
    keys = {row[0] for row in read}
    known = Metric.objects.filter(project=project, key__in=keys)
    widths = {
        key: (metric_id, int(resolution.total_seconds()))
        for key, metric_id, resolution in known.values_list("key", "pk", "resolution")
    }
    if len(widths) < len(keys):
        shares = {key for key, _at, _value, exposure in read if exposure is not None}
        for key in sorted(keys - widths.keys()):
            kind = Kind.RATIO if key in shares else Kind.GAUGE
            metric, created = metric_for(project, key, kind=kind)
            widths[key] = metric.pk, int(metric.resolution.total_seconds())
            if created and report.new_metrics is not None:
                report.new_metrics.append(key)
    return widths
