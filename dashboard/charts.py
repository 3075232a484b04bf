"""Series as charts: what the script draws, and the table that says the same. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.dateformat import format as format_date

from common.windows import WEEK
from dashboard.chart_days import DayRow, days_of, ticks_of, told, told_each
from dashboard.chart_effect import Drawn, Mark, drawn
from deployments.models import Deployment
from engagement.models import Metric
from learning.impact_band import Band, expected_band
from learning.impact_series import Series
from learning.models import ImpactEstimate
from learning.verdict import percent

MOST_POINTS = 700
LONGEST_LABEL = 40
NOTHING = float("nan")


@dataclass(frozen=True, slots=True)
class Chart:
    """A metric through time; `data` is what static/charts.js and chart_png draw.

    Its times are in epoch milliseconds, and its words are written in the time zone that was
    current when it was made.
    """

    metric: Metric
    data: dict[str, Any]
    days: list[DayRow]
    has_band: bool
    effect: Drawn | None = None
    has_data: bool = field(default=True)

    @property
    def key(self) -> str:
        """The id of the chart's data in the page."""
        return f"chart-{self.metric.pk}"

    @property
    def alt(self) -> str:
        """What the chart shows, in a sentence."""
        return alt_text(self)


def metric_chart(
    metric: Metric,
    series: Series,
    *,
    ship: Deployment,
    row: ImpactEstimate | None,
    beside: Iterable[Mark],
    other_ships: Sequence[int],
    end: datetime,
) -> Chart:
    """Return the chart of the week before a ship and the time until `end`, with what was expected.

    `row` is the estimate that is drawn, if there is one: the band ends with its window. `beside`
    are the other ships that are marked; `other_ships` are when those of the history went live that
    could touch the metric, in epoch seconds, as the estimate was told, so that chart and number
    agree.
    """
    shipped_at = int(ship.shipped_at.timestamp())
    known = None
    if row and row.effect is not None and row.low is not None and row.high is not None:
        known, end = (row.effect, row.low, row.high), row.window_end_at
    band = expected_band(
        series,
        shipped_at=int(ship.starts_at.timestamp()),
        window_end=int(end.timestamp()),
        other_ships=other_ships,
        known=known,
    )
    shown = series.times >= shipped_at - WEEK.total_seconds()
    marks = [*beside, Mark(ship.pk, ship.shipped_at, ship.version[:LONGEST_LABEL], is_main=True)]
    effect = drawn(row, marks) if band is not None else None
    return _chart(metric, series.times[shown], series.values[shown], band, marks, effect)


def history_chart(
    metric: Metric, points: Sequence[tuple[datetime, float]], ships: Iterable[Deployment]
) -> Chart:
    """Return the chart of a metric's days, with every ship marked."""
    times = np.array([int(at.timestamp()) for at, _ in points], dtype=np.int64)
    values = np.array([value for _, value in points], dtype=np.float64)
    marks = [Mark(ship.pk, ship.shipped_at, ship.version[:LONGEST_LABEL]) for ship in ships]
    return _chart(metric, times, values, None, marks, None)


def alt_text(chart: Chart) -> str:
    """Return what the chart shows in one sentence, for those who do not see it."""
    times, effect = chart.data["times"], chart.effect
    if not times:
        return f"{chart.metric.name}: nothing was recorded."
    first, last = (_day(datetime.fromtimestamp(times[i] / 1000, UTC)) for i in (0, -1))
    start = f"{chart.metric.name} from {first} to {last}"
    main = next((mark for mark in chart.data["marks"] if mark["main"]), None)
    if main is None:
        ships = len(chart.data["marks"])
        return f"{start}, with {ships} ship{'' if ships == 1 else 's'} marked."
    if effect is None:
        return f"{start}; what {main['label']} changed cannot be told yet."
    way = "above" if effect.effect > 0 else "below"
    low, high = percent(effect.low, signed=True), percent(effect.high, signed=True)
    cut = f", until {effect.cut_by} ended the window" if effect.cut_by else ""
    return (
        f"{start}: after {main['label']} went live it was {percent(abs(effect.effect))} {way} what "
        f"was expected without the ship (95% interval {low} to {high}; {effect.word}){cut}."
    )


def _chart(
    metric: Metric,
    times: Any,
    values: Any,
    band: Band | None,
    marks: Sequence[Mark],
    effect: Drawn | None,
) -> Chart:
    step = max(1, -(-len(times) // MOST_POINTS))
    zone = timezone.get_current_timezone()
    moments = [datetime.fromtimestamp(int(at), zone) for at in times]
    columns = {"observed": values}
    if band is not None:
        place = {int(at): row for row, at in enumerate(band.times)}
        rows = [place.get(int(at)) for at in times]
        for name, line in (("expected", band.expected), ("low", band.low), ("high", band.high)):
            columns[name] = np.array(
                [NOTHING if row is None else line[row] for row in rows], dtype=np.float64
            )
    return Chart(
        metric=metric,
        data={
            "label": metric.name,
            "unit": metric.unit,
            "times": [int(at) * 1000 for at in times[::step]],
            **{name: _thinned(column, step) for name, column in columns.items()},
            "marks": [_mark(mark) for mark in marks],
            "effect": _effect(effect),
            "told": told_each(moments[::step]),
            "ticks": ticks_of(times),
        },
        days=days_of(moments, columns, marks),
        has_band=band is not None,
        effect=effect,
        has_data=bool(np.isfinite(values).any()) if len(values) else False,
    )


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "id": mark.pk,
        "at": int(mark.at.timestamp() * 1000),
        "label": mark.label,
        "main": mark.is_main,
        "told": told(mark.at),
    }


def _effect(effect: Drawn | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    return {
        "from": int(effect.start.timestamp() * 1000),
        "until": int(effect.end.timestamp() * 1000),
        "tone": effect.tone,
        "label": effect.label,
        "up": effect.effect > 0,
        "cut": effect.cut_by,
    }


def _day(moment: datetime) -> str:
    return format_date(timezone.localtime(moment), "j F")


def _thinned(values: Any, step: int) -> list[float | None]:
    """Return the means of `step` values each; None where nothing was recorded."""
    table = np.full((-(-len(values) // step), step), NOTHING)
    table.ravel()[: len(values)] = values
    known = np.isfinite(table)
    counts = known.sum(axis=1)
    means = np.where(known, table, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return [
        float(f"{mean:.6g}") if count else None
        for mean, count in zip(means.tolist(), counts.tolist(), strict=True)
    ]
