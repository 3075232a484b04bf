"""The writing door for what users do: every sample, however it came, passes here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Project
from common.errors import BadInput, IntakeReport, RowError
from common.values import clean_text, read_duration, read_moment, read_number
from engagement.models import Direction, Kind, Metric, MetricSample, Role

BATCH = 10_000
MAX_RESOLUTION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One row as it came, read and checked."""

    metric: str
    taken_at: datetime
    value: float
    exposure: float | None


def read_sample(row: Any, *, now: datetime, zone: tzinfo | None = None) -> Sample:
    """Return the sample that `row` describes; raises BadInput naming the field.

    Fields: `metric` (its key), `at` (time), and `value`, or `numerator` and `denominator`.
    """
    if not isinstance(row, Mapping):
        raise BadInput("sample", "must be an object.", 'Send {"metric", "at", "value"}.')
    metric = read_key(row.get("metric"), field="metric")
    taken_at = read_moment(row.get("at"), field="at", now=now, zone=zone)
    if taken_at is None:
        raise BadInput("at", "is missing.", "Send the start of the sample's bucket.")
    value = read_number(row.get("value"), field="value")
    exposure = read_number(row.get("denominator"), field="denominator")
    numerator = read_number(row.get("numerator"), field="numerator")
    if exposure is not None and exposure < 0:
        raise BadInput("denominator", "is negative.", "Send how many were asked.")
    if value is None and numerator is not None:
        if not exposure:
            raise BadInput("denominator", "is missing or 0.", "Send it with the numerator.")
        value = read_number(numerator / exposure, field="numerator")
    if value is None:
        raise BadInput("value", "is missing.", "Send a number, or numerator and denominator.")
    return Sample(metric, taken_at, value, exposure)


def read_key(value: Any, *, field: str) -> str:
    """Return a metric's key as it is stored: `Checkout Conversion` is checkout_conversion."""
    text = clean_text(value, field=field, max_length=100, required=True)
    key = slugify(text.replace(".", "_").replace("/", "_")).replace("-", "_")
    if not key:
        raise BadInput(field, f"{text!r} has no letter or digit.", "Send a key: checkout_rate.")
    return key


def metric_for(project: Project, key: str, **facts: Any) -> tuple[Metric, bool]:
    """Return the project's metric with that key, made if need be, and whether it was made."""
    return Metric.objects.get_or_create(
        project=project,
        key=key,
        defaults={"name": key.replace("_", " ").capitalize(), **facts},
    )


def define_metric(project: Project, row: Any) -> tuple[Metric, bool]:
    """Save what `row` says of a metric, and return it and whether it is new.

    Fields: `key`, and any of `name`, `unit`, `kind`, `good_direction`, `role`, `resolution`. What
    is not said stays as it is. Raises BadInput naming the field.
    """
    if not isinstance(row, Mapping):
        raise BadInput("metric", "must be an object.", 'Send {"key": ...}.')
    key = read_key(row.get("key"), field="key")
    facts: dict[str, Any] = {}
    for field, length in (("name", 150), ("unit", 30)):
        if row.get(field) is not None:
            text = clean_text(row[field], field=field, max_length=length)
            if text or field != "name":  # a unit may be taken away, a name may not
                facts[field] = text
    for field, choices in (("kind", Kind), ("good_direction", Direction), ("role", Role)):
        if row.get(field) is not None:
            if row[field] not in choices.values:
                raise BadInput(field, "is not known.", f"Send one of {', '.join(choices.values)}.")
            facts[field] = row[field]
    resolution = read_duration(row.get("resolution"), field="resolution")
    if resolution:
        if MAX_RESOLUTION % resolution:
            raise BadInput("resolution", "must divide a day.", 'Send "5m", "1h" or "1d".')
        facts["resolution"] = resolution
    metric, created = metric_for(project, key, **facts)
    if not created and facts:
        for field, value in facts.items():
            setattr(metric, field, value)
        metric.save(update_fields=list(facts))
    return metric, created


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
    report = SamplesReport(new_metrics=[])
    read: list[Sample] = []
    for index, row in enumerate(rows, first_index):
        try:
            read.append(read_sample(row, now=now, zone=zone))
        except BadInput as error:
            report.errors.append(RowError(index, error))
    with transaction.atomic():
        metrics = _metrics(project, read, report)
        buckets: dict[tuple[int, datetime], Sample] = {}
        for sample in read:
            metric = metrics[sample.metric]
            buckets[metric.pk, metric.bucket(sample.taken_at)] = sample
        _save(buckets, report, now)
        transaction.set_rollback(dry_run)
    # Rows that named a bucket twice were taken too; the later one is the value.
    report.unchanged += len(read) - len(buckets)
    return report


def _metrics(project: Project, read: list[Sample], report: SamplesReport) -> dict[str, Metric]:
    keys = {sample.metric for sample in read}
    shares = {sample.metric for sample in read if sample.exposure is not None}
    metrics = {m.key: m for m in Metric.objects.filter(project=project, key__in=keys)}
    for key in sorted(keys - metrics.keys()):
        kind = Kind.RATIO if key in shares else Kind.GAUGE
        metrics[key], created = metric_for(project, key, kind=kind)
        if created and report.new_metrics is not None:
            report.new_metrics.append(key)
    return metrics


def _save(
    buckets: dict[tuple[int, datetime], Sample], report: SamplesReport, now: datetime
) -> None:
    if not buckets:
        return
    times = [taken_at for _, taken_at in buckets]
    known = {
        (metric_id, taken_at): (value, exposure)
        for metric_id, taken_at, value, exposure in MetricSample.objects.filter(
            metric_id__in={metric_id for metric_id, _ in buckets},
            taken_at__gte=min(times),
            taken_at__lte=max(times),
        ).values_list("metric_id", "taken_at", "value", "exposure")
    }
    fresh = []
    # In one order for everybody, so that two batches of the same buckets wait for each other
    # instead of each holding a row that the other needs.
    for (metric_id, taken_at), sample in sorted(buckets.items(), key=itemgetter(0)):
        before = known.get((metric_id, taken_at))
        if before == (sample.value, sample.exposure):
            report.unchanged += 1
            continue
        if before is None:
            report.created += 1
        else:
            report.updated += 1
        fresh.append(
            MetricSample(
                metric_id=metric_id,
                taken_at=taken_at,
                value=sample.value,
                exposure=sample.exposure,
                received_at=now,
            )
        )
    MetricSample.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["metric", "taken_at"],
        update_fields=["value", "exposure", "received_at"],
        batch_size=2000,
    )
