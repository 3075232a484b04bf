"""The one chart that tells the most of a week."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import Project
from common.days import zone_of
from dashboard.charts import Chart
from dashboard.reads.charts import chart_of_row
from dashboard.reads.estimates import telling
from dashboard.week_lessons import TAUGHT, Lesson, Surprise
from learning.models import ImpactEstimate

NOT_DRAWN = ("told",)  # what a chart's data holds for the script alone
LOOKED_AT = 3  # lessons, and as many surprises: what is not told first is not drawn


@dataclass(frozen=True, slots=True)
class WeekChart:
    """What a ship did to a metric, on the project's own calendar."""

    ship_id: int
    metric_id: int
    chart: Chart
    fingerprint: str  # of all that is drawn; made once for all who are shown it


def chart_of_week(
    project: Project, lessons: Sequence[Lesson], surprises: Sequence[Surprise], *, now: datetime
) -> WeekChart | None:
    """Return the chart of the first settled bet, or of the first surprise; in four queries.

    None where nothing was measured that could be drawn.
    """
    wanted = [
        (row.ship_id, row.metric_id)
        for row in lessons[:LOOKED_AT]
        if row.metric_id is not None and row.verdict in TAUGHT
    ]
    wanted += [(row.ship_id, row.metric_id) for row in surprises[:LOOKED_AT]]
    if not wanted:
        return None
    measured = ImpactEstimate.objects.filter(
        deployment__project=project,
        deployment__in={ship for ship, _ in wanted},
        metric__in={metric for _, metric in wanted},
        effect__isnull=False,
    )
    rows = telling(measured).select_related("deployment__adoption")
    known = {(row.deployment_id, row.metric_id): row for row in rows}
    row = next((known[pair] for pair in wanted if pair in known), None)
    if row is None:
        return None
    with timezone.override(zone_of(project.timezone)):
        chart = chart_of_row(row, now=now)
    if not chart.has_data:
        return None
    return WeekChart(row.deployment_id, row.metric_id, chart, _fingerprint(chart))


def _fingerprint(chart: Chart) -> str:
    data = {name: column for name, column in chart.data.items() if name not in NOT_DRAWN}
    tone = chart.effect.tone if chart.effect else ""
    said = json.dumps([chart.metric.name, chart.metric.unit, tone, data], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
