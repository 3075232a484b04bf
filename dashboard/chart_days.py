"""The days of a chart in its reader's zone: rows of its table, ticks and words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.dateformat import format as format_date

from common.windows import DAY
from dashboard.chart_effect import Mark


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day in a chart's table."""

    day: datetime
    observed: float | None
    expected: float | None
    low: float | None
    high: float | None
    ships: tuple[Mark, ...] = ()


def told(moment: datetime) -> str:
    """Return a moment in the reader's words: `Mon 3 Mar, 14:05`."""
    return told_each([timezone.localtime(moment)])[0]


def told_each(moments: Sequence[datetime]) -> list[str]:
    """Return what `told` says of moments that are in the reader's zone; a day is written once."""
    days: dict[date, str] = {}
    words = []
    for moment in moments:
        day = moment.date()
        if day not in days:
            days[day] = format_date(moment, "D j M")
        words.append(f"{days[day]}, {moment.hour:02}:{moment.minute:02}")
    return words


def ticks_of(times: Any) -> list[dict[str, Any]]:
    """Return midnights in between, in the reader's zone, and within two days also hours."""
    if len(times) < 2:
        return []
    first, last = (datetime.fromtimestamp(int(times[i]), UTC) for i in (0, -1))
    length = last - first
    is_by_hours = length < 2 * DAY and times[1] - times[0] < DAY.total_seconds() / 4
    every = DAY / 4 if is_by_hours else max(1, round(length / DAY / 8)) * DAY
    tick = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0)
    ticks: list[dict[str, Any]] = []
    while (tick := tick + every) <= last:
        label = format_date(tick, "H:i" if tick.hour else "j M")
        if tick > first:
            ticks.append({"at": int(tick.timestamp() * 1000), "label": label})
    return ticks


def days_of(
    moments: Sequence[datetime], columns: dict[str, Any], marks: Sequence[Mark]
) -> list[DayRow]:
    """Return the means of each day of the moments' zone; the moments are in order."""
    shipped: dict[date, list[Mark]] = {}
    for mark in marks:
        shipped.setdefault(timezone.localtime(mark.at).date(), []).append(mark)
    rows, start = [], 0
    for day, of_day in groupby(moments, key=datetime.date):
        end = start + sum(1 for _ in of_day)
        means = {name: _mean(column[start:end]) for name, column in columns.items()}
        start = end
        rows.append(
            DayRow(
                day=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
                observed=means["observed"],
                expected=means.get("expected"),
                low=means.get("low"),
                high=means.get("high"),
                ships=tuple(shipped.get(day, ())),
            )
        )
    return rows


def _mean(values: Any) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
