"""The writing door for what users do: every sample, however it came, passes here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.errors import BadInput, IntakeReport
from common.values import clean_text, read_duration
from engagement.models import Direction, Kind, Metric, NoData, Role, Way
from engagement.no_data import note_way
from engagement.rolling import roll_anew
from engagement.sample_metrics import (
    Found,
    find_metrics,
    make_metrics,
    metric_for,
    refuse_made_of_events,
)
from engagement.sample_rows import Read, read_key, read_samples
from engagement.sample_store import store

BATCH = 10_000
MAX_RESOLUTION = timedelta(days=1)


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
    for name, length in (("name", 150), ("unit", 30)):
        if row.get(name) is not None:
            text = clean_text(row[name], field=name, max_length=length)
            if text or name != "name":  # a unit may be taken away, a name may not
                facts[name] = text
    chosen = (("kind", Kind), ("good_direction", Direction), ("role", Role), ("no_data", NoData))
    for name, choices in chosen:
        if row.get(name) is not None:
            if row[name] not in choices.values:
                raise BadInput(name, "is not known.", f"Send one of {', '.join(choices.values)}.")
            facts[name] = row[name]
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

    new_metrics: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as an API answer shows it."""
        return {**IntakeReport.as_dict(self), "new_metrics": sorted(self.new_metrics)}


def record_samples(
    *,
    project: Project,
    rows: Iterable[Any],
    now: datetime,
    zone: tzinfo | None = None,
    first_index: int = 0,
    dry_run: bool = False,
    way: Way | None = None,
    worked_out: bool = False,
) -> SamplesReport:
    """Save the good rows and report the bad ones; the last value for a bucket is the one kept.

    Late, repeated and corrected samples are all welcome: each lands in its own bucket. With
    `dry_run` nothing is written, and the counts are what writing would have given. `way` is the
    door, if somebody sent them; only what was `worked_out` here may be stored for a metric that is
    made of events.
    """
    read, errors = read_samples(rows, now=now, zone=zone, first_index=first_index)
    report = SamplesReport(errors=errors)
    with transaction.atomic():
        known = find_metrics(project, {row[0] for row in read})
        if not worked_out and any(one.is_made_of_events for one in known.values()):
            read, report.errors = refuse_made_of_events(
                read, errors, known, first_index=first_index
            )
        if len(known) < len({row[0] for row in read} | known.keys()):
            report.new_metrics = make_metrics(project, read, known)
        buckets = _buckets(read, known)
        stored = store(buckets, now=now)
        is_news = stored.created or stored.updated or report.new_metrics
        if way:
            is_news = note_way({metric for metric, _at in buckets}, way, now=now) or is_news
        transaction.set_rollback(dry_run or not is_news)
    report.created, report.updated = stored.created, stored.updated
    # Rows that named a bucket twice were taken too; the later one is the value.
    report.unchanged = len(read) - stored.created - stored.updated
    return report


def _buckets(
    read: Iterable[Read], known: Mapping[str, Found]
) -> dict[tuple[int, int], tuple[float, float | None]]:
    """Return {(metric id, epoch second of the bucket): (value, exposure)}; the last one stays."""
    places = {key: (one.pk, one.seconds) for key, one in known.items()}
    buckets = {}
    for key, at, value, exposure in read:
        metric, width = places[key]
        buckets[metric, at - at % width] = value, exposure
    return buckets
