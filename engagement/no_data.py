"""What a bucket without a sample means: unknown, or that nothing happened."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from common.windows import Window
from engagement.models import EventMetric, Feed, Kind, Metric, MetricSample, NoData, SampleWay, Way

FRESH = timedelta(hours=1)
MOST_NOTED = 100_000  # in the memory of one process


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


def note_way(metrics: Iterable[int], way: Way, *, now: datetime) -> bool:
    """Note that samples of these metrics, by id, came this way, to the hour.

    Returns whether anything had to be written. What was noted and committed is remembered for the
    hour, and not asked for again.
    """
    unsure = {pk for pk in metrics if not _is_fresh(_noted.get((pk, way)), now)}
    if not unsure:
        return False
    known = SampleWay.objects.filter(metric__in=unsure, way=way).values_list("metric", "last_at")
    fresh = {pk: last_at for pk, last_at in known if _is_fresh(last_at, now)}
    stale = sorted(unsure - fresh.keys())
    SampleWay.objects.bulk_create(
        [SampleWay(metric_id=pk, way=way, last_at=now) for pk in stale],
        update_conflicts=True,
        unique_fields=["metric", "way"],
        update_fields=["last_at"],
    )
    noted = {(pk, way): fresh.get(pk, now) for pk in unsure}
    transaction.on_commit(lambda: _remember(noted))
    return bool(stale)


def forget_noted_ways() -> None:
    """Ask the database for every way anew."""
    _noted.clear()


def _remember(noted: dict[tuple[int, Way], datetime]) -> None:
    if len(_noted) > MOST_NOTED:
        _noted.clear()
    _noted.update(noted)


def _is_fresh(last_at: datetime | None, now: datetime) -> bool:
    return last_at is not None and now - FRESH < last_at <= now


_noted: dict[tuple[int, Way], datetime] = {}
