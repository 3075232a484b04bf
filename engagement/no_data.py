"""What a bucket without a sample means: unknown, or that nothing happened."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from common.errors import BadInput
from common.windows import Window
from engagement.models import EventMetric, Feed, Kind, Metric, MetricSample, NoData, SampleWay, Way
from engagement.sample_rows import read_key

FRESH = timedelta(hours=1)


def zeros_known(metric: Metric, window: Window) -> Window | None:
    """Return the part of a window in which an empty bucket is a zero, or None if there is none.

    It begins with the first sample ever: before, nobody measured. Where Wake gathers, it ends with
    what was gathered, and of events with what was worked out; else it goes on, as those who send
    nothing say that nothing happened.
    """
    if metric.no_data != NoData.ZERO or metric.kind == Kind.RATIO:
        return None
    samples = MetricSample.objects.filter(metric=metric).order_by("taken_at")
    first = samples.values_list("taken_at", flat=True).first()
    if first is None:
        return None
    end = window.end
    cursor = Feed.objects.filter(metric=metric).values_list("cursor", flat=True).first()
    if cursor is not None:
        until = cursor.get("until")
        end = min(end, datetime.fromisoformat(until)) if until else first
    made = EventMetric.objects.filter(metric=metric).values_list("worked_out_until", flat=True)
    for until in made:  # one, if any
        end = min(end, until or first)
    start = max(first, window.start)
    return Window(start, end) if start < end else None


def note_way(metrics: Iterable[Any], way: Way, *, project_id: int, now: datetime) -> None:
    """Note that samples of these metrics, by key as they were sent, came this way, to the hour."""
    keys = set()
    for name in set(map(str, metrics)):
        try:
            keys.add(read_key(name, field="metric"))
        except BadInput:
            continue  # its row was refused
    rows = Metric.objects.filter(project=project_id, key__in=keys)
    fresh = SampleWay.objects.filter(way=way, last_at__gt=now - FRESH, last_at__lte=now)
    stale = rows.exclude(pk__in=fresh.values("metric")).order_by("pk")
    SampleWay.objects.bulk_create(
        [SampleWay(metric=metric, way=way, last_at=now) for metric in stale],
        update_conflicts=True,
        unique_fields=["metric", "way"],
        update_fields=["last_at"],
    )
