"""What pages read of months of samples: means by the day, from rollups.

Days whose rollups are behind are read from the samples. Which these are is asked first: a rollup
that is made in between is newer than that, never older.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDay, TruncHour

from common.windows import DAY, Window
from engagement.models import Kind, Metric, MetricSample, Rollup, RollupDue
from engagement.rolling import LARGEST, has_hours

Series = list[tuple[datetime, float]]


@dataclass(slots=True)
class Sums:
    """Samples of one stretch of time, added up."""

    samples: int = 0
    total: float = 0.0
    weighted: float = 0.0
    exposure: float = 0.0

    def add(
        self, samples: int, total: float, weighted: float | None, exposure: float | None
    ) -> None:
        """Add those of another stretch."""
        self.samples += samples
        self.total += total
        self.weighted += weighted or 0.0
        self.exposure += exposure or 0.0

    def mean(self, kind: str) -> float:
        """Return the mean; that of a ratio weighs each sample by its denominator, if it has one."""
        if kind == Kind.RATIO and self.exposure:
            return self.weighted / self.exposure
        return self.total / self.samples


def days_of(metrics: Sequence[Metric], window: Window) -> dict[int, Series]:
    """Return {metric id: [(day, mean)]} by days of UTC, oldest first, in two or three queries.

    The window begins at a midnight of UTC.
    """
    due = _due(metrics, window)
    days: dict[tuple[int, datetime], Sums] = defaultdict(Sums)
    rolled = Rollup.objects.filter(
        metric__in=metrics,
        span=Rollup.Span.DAY,
        starts_at__gte=window.start,
        starts_at__lt=window.end,
    )
    for metric_id, day, *sums in rolled.values_list("metric", "starts_at", *_SUMS):
        if not _is_due(due, metric_id, day):
            days[metric_id, day].add(*sums)
    if due:
        spans = [span for of_one in due.values() for span in of_one]
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        behind = Window(max(window.start, first), min(window.end, last))
        samples = MetricSample.objects.filter(metric__in=list(due)).within(behind)
        for metric_id, day, *sums in _by_day(samples, "taken_at", ADDED_UP, UTC):
            if _is_due(due, metric_id, day):
                days[metric_id, day].add(*sums)
    kinds = {metric.pk: metric.kind for metric in metrics}
    series: dict[int, Series] = defaultdict(list)
    for metric_id, day in sorted(days):
        series[metric_id].append((day, days[metric_id, day].mean(kinds[metric_id])))
    return series


def local_days_of(metric: Metric, window: Window, *, zone: tzinfo) -> Series:
    """Return [(midnight, mean)] by days of `zone`, oldest first, in one to three queries.

    An hour, or a longer bucket, counts to the day that it begins in. A metric measured once a day
    has its own days, those of UTC, under their own dates.
    """
    if metric.resolution >= DAY:
        days = _by_day(_samples(metric, [window]), "taken_at", ADDED_UP, UTC)
        dated = [(datetime.combine(day, time(), zone), sums) for _pk, day, *sums in days]
    elif not has_hours(metric.resolution):
        days = _by_day(_samples(metric, [window]), "taken_at", ADDED_UP, zone)
        dated = [(day, sums) for _pk, day, *sums in days]
    else:
        dated = _from_hours(metric, window, zone)
    added: dict[datetime, Sums] = defaultdict(Sums)
    for day, sums in dated:
        added[day].add(*sums)
    return [(day, added[day].mean(metric.kind)) for day in sorted(added)]


def hours_of(metric: Metric, window: Window) -> list[tuple[datetime, Sums]]:
    """Return [(hour, its sums)] of a metric with shorter buckets, in two queries or three.

    The window begins at a full hour.
    """
    behind = _due([metric], window).get(metric.pk, [])
    rows = list(
        _hours(metric, window, behind).order_by("starts_at").values_list("starts_at", *_SUMS)
    )
    if behind:
        samples = _samples(metric, _within(window, behind))
        by_hour = samples.annotate(hour=TruncHour("taken_at", tzinfo=UTC)).values("hour")
        late = by_hour.annotate(**ADDED_UP).order_by("hour").values_list("hour", *ADDED_UP)
        rows = sorted([*rows, *late])
    return [
        (hour, Sums(samples, total, weighted or 0.0, exposure or 0.0))
        for hour, samples, total, weighted, exposure in rows
    ]


def _hours(metric: Metric, window: Window, behind: Iterable[Window]) -> QuerySet[Rollup]:
    hours = Rollup.objects.filter(
        metric=metric,
        span=Rollup.Span.HOUR,
        starts_at__gte=window.start,
        starts_at__lt=window.end,
    )
    for span in behind:
        hours = hours.exclude(starts_at__gte=span.start, starts_at__lt=span.end)
    return hours


def _within(window: Window, spans: Iterable[Window]) -> list[Window]:
    return [Window(max(one.start, window.start), min(one.end, window.end)) for one in spans]


def _from_hours(metric: Metric, window: Window, zone: tzinfo) -> list[tuple[datetime, list[Any]]]:
    behind = _due([metric], window).get(metric.pk, [])
    hours = _hours(metric, window, behind)
    rows = _by_day(hours, "starts_at", {f"{name}_sum": Sum(name) for name in _SUMS}, zone)
    if behind:
        late = _samples(metric, _within(window, behind))
        rows = [*rows, *_by_day(late, "taken_at", ADDED_UP, zone)]
    return [(day, sums) for _pk, day, *sums in rows]


_SUMS = ("samples", "total", "weighted", "exposure")
_VALUE = Case(
    When(value__gt=LARGEST, then=Value(LARGEST)),
    When(value__lt=-LARGEST, then=Value(-LARGEST)),
    default=F("value"),
)
_EXPOSURE = Case(When(exposure__gt=LARGEST, then=Value(LARGEST)), default=F("exposure"))
ADDED_UP = {
    "samples_sum": Count("pk"),
    "total_sum": Sum(_VALUE),
    "weighted_sum": Sum(_VALUE * _EXPOSURE),
    "exposure_sum": Sum(_EXPOSURE),
}


def _samples(metric: Metric, windows: Iterable[Window]) -> QuerySet[MetricSample]:
    within = Q()
    for window in windows:
        within |= Q(taken_at__gte=window.start, taken_at__lt=window.end)
    return MetricSample.objects.filter(within, metric=metric)


def _by_day(rows: QuerySet[Any], at: str, sums: dict[str, Any], zone: tzinfo) -> list[Any]:
    """Return (metric id, midnight, samples, total, weighted, exposure) by days of the zone."""
    by_day = rows.annotate(day=TruncDay(at, tzinfo=zone)).values("metric", "day").annotate(**sums)
    return list(by_day.order_by("metric", "day").values_list("metric", "day", *sums))


def _due(metrics: Sequence[Metric], window: Window) -> dict[int, list[Window]]:
    due: dict[int, list[Window]] = defaultdict(list)
    rows = RollupDue.objects.filter(
        metric__in=metrics, since__lt=window.end, until__gt=window.start
    )
    for metric_id, since, until in rows.values_list("metric", "since", "until"):
        due[metric_id].append(Window(since, until))
    return due


def _is_due(due: dict[int, list[Window]], metric_id: int, day: datetime) -> bool:
    return any(day in span for span in due.get(metric_id, ()))
