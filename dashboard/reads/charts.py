"""The charts of a ship: which metrics, how much of each, and with which ships marked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from common.windows import DAY, WEEK, Window
from dashboard.chart_effect import Mark
from dashboard.charts import LONGEST_LABEL, Chart, metric_chart
from dashboard.reads.estimates import Effect, telling
from deployments.models import Deployment, Hypothesis
from engagement.models import Metric
from learning.inputs import LONGEST_HISTORY, Inputs, drawn_series_for, history_length
from learning.models import ImpactEstimate

CHARTS_SHOWN = 4
MARKS_SHOWN = 100


def charts_of(
    ship: Deployment, hypothesis: Hypothesis | None, effects: Sequence[Effect], *, now: datetime
) -> list[Chart]:
    """Return a chart of each metric worth one: that of the hypothesis, then those that moved."""
    metrics: list[Metric] = [hypothesis.metric] if hypothesis else []
    metrics += [one.row.metric for one in effects if one.row.is_real]
    metrics += [one.row.metric for one in effects if one.row.effect is not None][:1]
    chosen = list({metric.pk: metric for metric in metrics}.values())[:CHARTS_SHOWN]
    length = hypothesis.window if hypothesis else WEEK
    rows = {one.row.metric_id: one.row for one in effects}
    charts = _charts(ship, [(metric, rows.get(metric.pk)) for metric in chosen], length, now=now)
    return [chart for chart in charts if chart.has_data]


def chart_of(deployment: Deployment, metric: Metric, *, now: datetime) -> Chart:
    """Return the chart of what the ship did to one metric, in four queries.

    The same as on the ship's page. Its words are in the current time zone: call it within
    `timezone.override(zone)` for a reader in another. Where nothing was recorded around the ship,
    `has_data` is False.
    """
    rows = telling(ImpactEstimate.objects.filter(deployment=deployment, metric=metric))
    return _charts(deployment, [(metric, rows.first())], WEEK, now=now)[0]


def chart_of_row(row: ImpactEstimate, *, now: datetime) -> Chart:
    """Return the same chart for the estimate that `telling` keeps, in three queries."""
    return _charts(row.deployment, [(row.metric, row)], WEEK, now=now)[0]


def _charts(
    ship: Deployment,
    wanted: Sequence[tuple[Metric, ImpactEstimate | None]],
    length: timedelta,
    *,
    now: datetime,
) -> list[Chart]:
    """Return the charts; those without a number reach `length` and a day beyond the ship."""
    ends = [_end(ship, row, length, now) for _metric, row in wanted]
    if not ends:
        return []
    inputs = Inputs(ship.project_id, Window(ship.shipped_at, max(ends)))
    others = inputs.neighbours(ship, Window(ship.shipped_at - LONGEST_HISTORY, max(ends)))
    charts = []
    for (metric, row), end in zip(wanted, ends, strict=True):
        start = ship.shipped_at - history_length(metric)
        touching = inputs.touching(metric, others)
        marked = [
            Mark(one.pk, datetime.fromtimestamp(one.starts_at, UTC), one.version[:LONGEST_LABEL])
            for one in others
            if (ship.shipped_at - WEEK).timestamp() <= one.starts_at < end.timestamp()
        ]
        charts.append(
            metric_chart(
                metric,
                drawn_series_for(metric, Window(start, end)),
                ship=ship,
                row=row,
                beside=marked[-MARKS_SHOWN:],
                other_ships=[
                    one.starts_at for one in touching if one.starts_at >= start.timestamp()
                ],
                end=end,
            )
        )
    return charts


def _end(
    ship: Deployment, row: ImpactEstimate | None, length: timedelta, now: datetime
) -> datetime:
    """Return until when a chart goes: somewhat beyond the window, so that its end is seen."""
    if row is None or row.effect is None:
        return max(ship.shipped_at, min(now, ship.shipped_at + length + DAY))
    window = row.window_end_at - row.window_start_at
    return min(now, row.window_end_at + max(DAY, window / 4))
