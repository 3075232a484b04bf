"""What customers speak of, week by week."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, DateField, F
from django.db.models.expressions import Func
from django.utils.dateformat import format as format_date

from accounts.models import Project
from common.windows import WEEK, Window
from deployments.models import Deployment
from feedback.models import FeedbackItem
from feedback.triage import THEMES

SPANS = (12, 26, 52)  # weeks to choose from
SHIPS_MARKED = 60
MIDDLE = timedelta(days=3, hours=12)
TICKS = 4
Sql = tuple[str, tuple[Any, ...]]
RECENT = 4  # weeks that are set against the rest in a theme's heading


class _Day(Func):
    """The day of a moment in UTC, by what each database does without a function call in Python."""

    output_field = DateField()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        column, params = compiler.compile(self.source_expressions[0])
        return f"substr({column}, 1, 10)", tuple(params)

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        column, params = compiler.compile(self.source_expressions[0])
        return f"({column} AT TIME ZONE 'UTC')::date", tuple(params)


@dataclass(frozen=True, slots=True)
class WeekRow:
    """One week, from Monday to Sunday in UTC."""

    start_at: datetime
    count: int
    unhappy: int
    themes: dict[str, int]
    ships: tuple[str, ...]

    @property
    def share_unhappy(self) -> float | None:
        """What share was in a bad mood; None if nothing was said."""
        return self.unhappy / self.count if self.count else None

    @property
    def counts(self) -> list[int]:
        """How often each of THEMES was spoken of."""
        return [self.themes.get(theme, 0) for theme in THEMES]


@dataclass(frozen=True, slots=True)
class ThemeChart:
    """One line through the weeks; `data` is what static/charts.js draws."""

    key: str
    name: str
    count: int
    recent: float | None  # its share of the last RECENT weeks
    earlier: float | None  # ... and of the weeks before
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Themes:
    """The weeks, the themes that were spoken of, and the mood."""

    weeks: list[WeekRow]  # the newest first
    charts: list[ThemeChart]  # mood first, then the themes, the most spoken of first
    count: int
    names: tuple[str, ...] = THEMES


def themes_over(project: Project, *, weeks: int, now: datetime) -> Themes:
    """Return the last `weeks` weeks, the present one last and not over yet, in two queries."""
    monday = now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday())
    starts = [monday - WEEK * back for back in reversed(range(weeks))]
    window = Window(_moment(starts[0]), now)
    ships = _ships(project, window)
    rows = _weeks(project, window, starts, ships)
    return Themes(
        weeks=rows[::-1],
        charts=_charts(rows[:-1], ships),  # a week that is not over would look like a fall
        count=sum(row.count for row in rows),
    )


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _ships(project: Project, window: Window) -> list[Deployment]:
    ships = (
        Deployment.objects.filter(project=project)
        .reaching_customers()
        .filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
        .order_by("-shipped_at", "-pk")[:SHIPS_MARKED]
    )
    return list(ships)[::-1]


def _weeks(
    project: Project, window: Window, starts: Sequence[date], ships: Sequence[Deployment]
) -> list[WeekRow]:
    """Return the weeks: grouped by day, theme and mood in the database, by week here."""
    groups = (
        FeedbackItem.objects.filter(project=project)
        .heard()
        .said_within(window)
        .annotate(day=_Day(F("said_at")))
        .values("day", "theme", "mood")
        .annotate(count=Count("pk"))
        .order_by()
    )
    themes: dict[date, Counter[str]] = {start: Counter() for start in starts}
    unhappy: Counter[date] = Counter()
    for group in groups:
        day: date = group["day"]
        start = day - timedelta(days=day.weekday())
        themes[start][group["theme"] or "other"] += group["count"]
        unhappy[start] += group["count"] if group["mood"] == "bad" else 0
    shipped: dict[date, list[str]] = {}
    for ship in ships:
        shipped_on = ship.shipped_at.astimezone(UTC).date()
        start = shipped_on - timedelta(days=shipped_on.weekday())
        shipped.setdefault(start, []).append(ship.version)
    return [
        WeekRow(
            start_at=_moment(start),
            count=themes[start].total(),
            unhappy=unhappy[start],
            themes=dict(themes[start]),
            ships=tuple(shipped.get(start, ())),
        )
        for start in starts
    ]


def _charts(rows: Sequence[WeekRow], ships: Sequence[Deployment]) -> list[ThemeChart]:
    totals: Counter[str] = Counter()
    for row in rows:
        totals.update(row.themes)
    lines = [("all", "Everything said", [row.count for row in rows], False)]
    lines.append(("unhappy", "Unhappy", [row.unhappy for row in rows], True))
    lines += [
        (theme, theme.capitalize(), [row.themes.get(theme, 0) for row in rows], True)
        for theme, _ in totals.most_common()
    ]
    return [
        _chart(key, name, counts, rows, ships, of_all=of_all)
        for key, name, counts, of_all in lines
        if sum(counts)
    ]


def _chart(
    key: str,
    name: str,
    counts: Sequence[int],
    rows: Sequence[WeekRow],
    ships: Sequence[Deployment],
    *,
    of_all: bool,
) -> ThemeChart:
    """Return one line: how much was said, or what share of all that was."""
    values: list[float | None] = [
        (round(100 * count / row.count, 1) if row.count else None) if of_all else count
        for count, row in zip(counts, rows, strict=True)
    ]
    middles = [row.start_at + MIDDLE for row in rows]
    return ThemeChart(
        key=f"theme-{key}",
        name=name,
        count=sum(counts),
        recent=_share(counts[-RECENT:], rows[-RECENT:]) if of_all else None,
        earlier=_share(counts[:-RECENT], rows[:-RECENT]) if of_all else None,
        data={
            "label": name,
            "unit": "%" if of_all else "",
            "times": [_milliseconds(moment) for moment in middles],
            "observed": values,
            "marks": [
                {"at": _milliseconds(ship.shipped_at), "label": ship.version, "main": False}
                for ship in ships
            ],
            "told": [f"Week of {format_date(row.start_at, 'j M Y')}" for row in rows],
            "ticks": [
                {"at": _milliseconds(moment), "label": format_date(row.start_at, "j M")}
                for row, moment in list(zip(rows, middles, strict=True))[
                    :: max(1, len(rows) // TICKS)
                ]
            ],
        },
    )


def _share(counts: Sequence[int], rows: Sequence[WeekRow]) -> float | None:
    total = sum(row.count for row in rows)
    return sum(counts) / total if total else None


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
