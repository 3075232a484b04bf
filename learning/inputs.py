"""What estimates read: the samples of each metric, the ships beside, and what people ruled out.

Everything is read once, however many ships of one project are looked at, so that looking again at
all of them costs little more than the estimates themselves.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models.functions import Coalesce

from common.windows import DAY, HOUR, Window
from deployments.models import Deployment
from engagement.models import Metric, MetricSample
from engagement.no_data import zeros_known
from engagement.rolled import Sums, hours_of
from engagement.rolling import has_hours
from learning.gaps import with_zeros
from learning.impact import Series, make_series
from learning.impact_series import between
from learning.models import Untouched

LONGEST_HISTORY = timedelta(days=120)
MOST_CONTROLS = 5


def history_length(metric: Metric) -> timedelta:
    """How far before a ship its metric is read: docs/methods.md says what each length buys."""
    if metric.resolution >= DAY:
        return LONGEST_HISTORY
    return timedelta(days=28) if metric.resolution >= timedelta(hours=1) else timedelta(days=14)


def series_for(metric: Metric, window: Window) -> Series:
    """Return the metric's samples in the window, on a regular grid, in one query.

    Where an empty bucket means zero, it is one; that takes two queries more.
    """
    rows = [
        (taken_at.timestamp(), value, exposure)
        for taken_at, value, exposure in MetricSample.objects.filter(metric=metric)
        .within(window)
        .series()
    ]
    series = make_series(
        rows,
        interval=int(metric.resolution.total_seconds()),
        kind=metric.kind,
        start=int(window.start.timestamp()),
        end=int(window.end.timestamp()),
    )
    zeros = zeros_known(metric, window)
    if zeros is None:
        return series
    return with_zeros(series, int(zeros.start.timestamp()), int(zeros.end.timestamp()))


def drawn_series_for(metric: Metric, window: Window) -> Series:
    """Return the metric in the window as a chart draws it, in one to five queries.

    What is measured more often than hourly is read from its sums by the hour: a tenth of the rows,
    and more than a chart has room for.
    """
    if not has_hours(metric.resolution):
        return series_for(metric, window)
    start = window.start.replace(minute=0, second=0, microsecond=0)
    zeros = zeros_known(metric, window)
    rows = [
        (hour.timestamp(), _mean_of(metric, hour, sums, zeros), sums.exposure or None)
        for hour, sums in hours_of(metric, Window(start, window.end))
    ]
    series = make_series(
        rows,
        interval=int(HOUR.total_seconds()),
        kind=metric.kind,
        start=int(start.timestamp()),
        end=int(window.end.timestamp()),
    )
    if zeros is None:
        return series
    return with_zeros(series, int(zeros.start.timestamp()), int(zeros.end.timestamp()))


def _mean_of(metric: Metric, hour: datetime, sums: Sums, zeros: Window | None) -> float:
    """Return the mean of an hour's buckets; where empty ones are zeros, of all that it has."""
    if zeros is not None and zeros.start <= hour and hour + HOUR <= zeros.end:
        return sums.total / (HOUR / metric.resolution)
    return sums.mean(metric.kind)


def other_ship_times(deployment: Deployment, window: Window) -> list[int]:
    """Return when other ships of the same environment went live in the window, as epoch seconds."""
    times = (
        Deployment.objects.beside(deployment)
        .live()
        .filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
        .order_by("shipped_at")
        .values_list("shipped_at", flat=True)
    )
    return [int(moment.timestamp()) for moment in times]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another ship of the same environment."""

    pk: int
    version: str
    starts_at: int  # when its window does, in epoch seconds
    areas: frozenset[str]


class Inputs:
    """What the estimates of one project's ships within a span of time are made from."""

    def __init__(self, project_id: int, span: Window) -> None:
        self.project_id = project_id
        self.span = Window(span.start - LONGEST_HISTORY, span.end)
        self._series: dict[int, Series] = {}
        self._neighbours: dict[int, list[Neighbour]] = {}

    @cached_property
    def metrics(self) -> list[Metric]:
        """The project's metrics, the oldest first."""
        return list(Metric.objects.filter(project=self.project_id).order_by("pk"))

    @cached_property
    def _untouched(self) -> tuple[dict[tuple[int, int], str], set[tuple[int, str]]]:
        ships, areas = {}, set()
        for row in Untouched.objects.filter(project=self.project_id).select_related("by"):
            if row.deployment_id is None:
                areas.add((row.metric_id, row.area.casefold()))
            else:
                ships[row.metric_id, row.deployment_id] = _said(row)
        return ships, areas

    def series(self, metric: Metric, window: Window) -> Series:
        """Return the metric's values in a window that lies within the span."""
        if metric.pk not in self._series:
            start = max(self.span.start, self.span.start + LONGEST_HISTORY - history_length(metric))
            self._series[metric.pk] = series_for(metric, Window(start, self.span.end))
        whole = self._series[metric.pk]
        return between(whole, int(window.start.timestamp()), int(window.end.timestamp()))

    def neighbours(self, deployment: Deployment, window: Window) -> list[Neighbour]:
        """Return the other live ships of its environment in the window, the oldest first."""
        environment = deployment.environment_id
        if environment not in self._neighbours:
            rows = (
                Deployment.objects.filter(environment=environment)
                .live()
                .filter(shipped_at__gte=self.span.start, shipped_at__lt=self.span.end)
                .annotate(begins_at=Coalesce("adoption__reached_at", "shipped_at"))
                .order_by("begins_at", "pk")
                .values_list("pk", "version", "begins_at", "areas")
            )
            self._neighbours[environment] = [
                Neighbour(pk, version, int(at.timestamp()), _folded(areas))
                for pk, version, at, areas in rows
            ]
        ships = self._neighbours[environment]
        times = [ship.starts_at for ship in ships]
        first = bisect_left(times, int(window.start.timestamp()))
        last = bisect_left(times, window.end.timestamp())
        return [ship for ship in ships[first:last] if ship.pk != deployment.pk]

    def touching(self, metric: Metric, ships: Iterable[Neighbour]) -> list[Neighbour]:
        """Return those of `ships` that nobody said cannot touch the metric."""
        stated, _areas = self._untouched
        return [
            ship
            for ship in ships
            if (metric.pk, ship.pk) not in stated and not self._is_elsewhere(metric, ship.areas)
        ]

    def ruled_out(self, metric: Metric, deployment: Deployment) -> str:
        """Return why the ship cannot touch the metric, as a person said, or nothing."""
        stated, _areas = self._untouched
        if (metric.pk, deployment.pk) in stated:
            return stated[metric.pk, deployment.pk]
        if self._is_elsewhere(metric, _folded(deployment.areas)):
            return f"Ships to {', '.join(deployment.areas)} alone were said not to touch it."
        return ""

    def controls(self, metric: Metric, deployment: Deployment) -> list[Metric]:
        """Return the other metrics in the same buckets that the ship was said not to touch."""
        return [
            other
            for other in self.metrics
            if other.pk != metric.pk
            and other.resolution == metric.resolution
            and self.ruled_out(other, deployment)
        ][:MOST_CONTROLS]

    def _is_elsewhere(self, metric: Metric, areas: frozenset[str]) -> bool:
        _ships, stated = self._untouched
        return bool(areas) and all((metric.pk, area) in stated for area in areas)


def digest_of(series: Series, *told: object) -> str:
    """Return a digest of all that an estimate is made from: the same one, the same result."""
    digest = hashlib.sha256(repr((series.interval, series.kind, *told)).encode())
    for column in (series.times, series.values, series.exposure):
        digest.update(b"" if column is None else column.tobytes())
        digest.update(b"|")
    return digest.hexdigest()


def span_of(ships: Iterable[Deployment], *, longest: timedelta, now: datetime) -> Window:
    """Return the span that `Inputs` needs to look at all these ships as far as `longest`."""
    ships = list(ships)
    first = min(ship.shipped_at for ship in ships)
    last = max(ship.starts_at for ship in ships)
    return Window(first, max(min(now, last + longest), first))


def _folded(areas: Iterable[object]) -> frozenset[str]:
    return frozenset(str(area).casefold() for area in areas)


def _said(row: Untouched) -> str:
    who = str(row.by) if row.by else "Somebody"
    because = f": {row.because.strip().rstrip('.')}." if row.because.strip() else "."
    return f"{who} said that this ship cannot touch it{because}"
