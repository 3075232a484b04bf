"""Metrics through time, and what ships did to them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import Project
from common.days import midnight
from common.windows import DAY, Window
from dashboard.charts import Chart, history_chart
from dashboard.reads.estimates import telling
from dashboard.reads.event_metrics import delay_of
from dashboard.reads.sums import Period, sums_on
from dashboard.reads.untouched import stated_of_metric
from deployments.models import Deployment
from engagement.models import Metric, MetricSample
from engagement.rolled import Series, days_of, local_days_of
from learning.models import ImpactEstimate, Untouched
from learning.trust import Trust, trust_in

SPARK_DAYS = 28
CHART_WEEKS = 16
MARKS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric in the list."""

    metric: Metric
    days: list[float]  # means of the last days of UTC, oldest first
    last_at: datetime | None
    last_value: float | None
    is_silent: bool  # whether more time has passed since the last sample than is usual
    effects: int  # ships that really moved it


@dataclass(frozen=True, slots=True)
class MetricPage:
    """One metric: its chart, and how fresh it is."""

    chart: Chart
    last_at: datetime | None
    is_silent: bool
    trust: list[Trust]
    sums: list[Period]
    stated: list[Untouched]  # what people said cannot touch it


def metric_rows(project: Project, *, now: datetime) -> list[MetricRow]:
    """Return the project's metrics by name, in five queries however many there are."""
    defined = project.metrics.select_related("definition")
    metrics = list(_with_last_sample(defined).order_by("name", "pk"))
    days = _daily_means(metrics, now=now)
    moved: dict[int, set[int]] = defaultdict(set)
    real = ImpactEstimate.objects.filter(metric__in=metrics, is_real=True)
    for metric_id, deployment_id in real.values_list("metric", "deployment").distinct():
        moved[metric_id].add(deployment_id)
    return [
        MetricRow(
            metric=metric,
            days=[value for _, value in days[metric.pk]],
            last_at=getattr(metric, "last_at", None),
            last_value=getattr(metric, "last_value", None),
            is_silent=is_silent(metric, getattr(metric, "last_at", None), now=now),
            effects=len(moved[metric.pk]),
        )
        for metric in metrics
    ]


def _with_last_sample(metrics: QuerySet[Metric]) -> QuerySet[Metric]:
    newest = MetricSample.objects.filter(metric=OuterRef("pk")).order_by("-taken_at")[:1]
    return metrics.annotate(
        last_at=Subquery(newest.values("taken_at")), last_value=Subquery(newest.values("value"))
    )


def is_silent(metric: Metric, last_at: datetime | None, *, now: datetime) -> bool:
    """Return True if samples used to come, and none has for a day and three buckets.

    Those made of events may have to wait longer, until what they are about can have happened.
    """
    usual = DAY + 3 * metric.resolution + delay_of(metric)
    return last_at is not None and now - last_at > usual


def _daily_means(metrics: list[Metric], *, now: datetime) -> dict[int, Series]:
    start = (now - timedelta(days=SPARK_DAYS)).astimezone(UTC)
    start = start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = days_of(metrics, Window(start, now))
    return {metric.pk: _without_today(days.get(metric.pk, []), now) for metric in metrics}


def _without_today(days: Series, now: datetime) -> Series:
    """Leave out a day that is still young: the mean of a few early hours looks like a fall."""
    return days[:-1] if len(days) > 2 and now - days[-1][0] < DAY else days


def metric_page(metric: Metric, *, now: datetime) -> MetricPage:
    """Return what the metric's page shows beside its table, in up to eight queries."""
    zone = timezone.get_current_timezone()
    start = midnight(timezone.localdate(now - timedelta(weeks=CHART_WEEKS)))
    window = Window(start, now)
    points = _without_today(local_days_of(metric, window, zone=zone), now)
    ships = (
        Deployment.objects.filter(project=metric.project_id)
        .reaching_customers()
        .filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
        .order_by("-shipped_at")[:MARKS_SHOWN]
    )
    newest = metric.samples.order_by("-taken_at").values_list("taken_at", flat=True).first()
    return MetricPage(
        chart=history_chart(metric, points, ships),
        last_at=newest,
        is_silent=is_silent(metric, newest, now=now),
        trust=trust_in(metric),
        sums=sums_on(metric, now=now),
        stated=stated_of_metric(metric),
    )


def estimates_on(metric: Metric) -> QuerySet[ImpactEstimate]:
    """Return the most telling estimate of each ship on the metric."""
    return telling(ImpactEstimate.objects.filter(metric=metric))
