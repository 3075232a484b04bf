"""Learning speed, Wake's headline number: how quickly a team listens and learns.

For every ship that reached customers, five times are measured from the moment it went live:

- to first feedback: the first thing a customer said that is most likely about it;
- to an engineer's eyes: the first time that one of those who shipped it saw such words, on the
  ship's page, in a finding about it or by opening the feedback (`learning/looking.py`);
- to the team's eyes: the first time that anybody on the team did;
- to verdict: the first learning that was drafted about it;
- to confirmed learning: the first learning about it that a person confirmed.

Each is given as the median over the ships that got so far, with how many of them there are. The
share of ships learned from is the ships with a confirmed learning over all ships. The time before
is the stretch of equal length just before; the trend has one point a week.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery

from accounts.models import Project
from common.windows import WEEK, Window
from deployments.models import Deployment
from learning.models import Attribution, Learning, ShipLook


@dataclass(frozen=True, slots=True)
class Measure:
    """A median over `count` ships, and the same for the time before."""

    median: timedelta | None
    previous: timedelta | None
    count: int


@dataclass(frozen=True, slots=True)
class WeekPoint:
    """One week of the trend."""

    week_start_at: datetime
    ships: int
    learned: int
    share_learned: float | None


@dataclass(frozen=True, slots=True)
class LearningSpeed:
    """How quickly the team listened to and learned from what it shipped in the window."""

    window: Window
    ships: int
    time_to_feedback: Measure
    time_to_eyes: Measure
    time_to_team_eyes: Measure
    time_to_verdict: Measure
    time_to_learning: Measure
    share_learned: float | None
    share_previous: float | None
    trend: list[WeekPoint]


@dataclass(frozen=True, slots=True)
class ShipTimes:
    """When a ship went live, and when each of the five came; None for what did not."""

    shipped_at: datetime
    feedback_at: datetime | None
    eyes_at: datetime | None
    team_eyes_at: datetime | None
    verdict_at: datetime | None
    learned_at: datetime | None


def learning_speed(project: Project, *, now: datetime, weeks: int = 12) -> LearningSpeed:
    """Return the learning speed of the last `weeks`, and of as long before, in three queries."""
    return speed_among(ship_times(project, Window.before(now, 2 * weeks * WEEK)), now, weeks)


def speed_among(ships: Sequence[ShipTimes], now: datetime, weeks: int = 12) -> LearningSpeed:
    """Return the learning speed of the last `weeks`; other ships than theirs do not count."""
    window = Window.before(now, weeks * WEEK)
    before = Window.before(window.start, weeks * WEEK)
    recent = [ship for ship in ships if ship.shipped_at in window]
    earlier = [ship for ship in ships if ship.shipped_at in before]

    def measure(moment: Callable[[ShipTimes], datetime | None]) -> Measure:
        times = _times(recent, moment)
        return Measure(_median(times), _median(_times(earlier, moment)), len(times))

    return LearningSpeed(
        window=window,
        ships=len(recent),
        time_to_feedback=measure(lambda ship: ship.feedback_at),
        time_to_eyes=measure(lambda ship: ship.eyes_at),
        time_to_team_eyes=measure(lambda ship: ship.team_eyes_at),
        time_to_verdict=measure(lambda ship: ship.verdict_at),
        time_to_learning=measure(lambda ship: ship.learned_at),
        share_learned=_share(recent),
        share_previous=_share(earlier),
        trend=_trend(recent, window, weeks),
    )


def ship_times(project: Project, *windows: Window) -> list[ShipTimes]:
    """Return the times of the ships that went live in any of the windows, in three queries."""
    within = Q()
    for window in dict.fromkeys(windows):
        within |= Q(shipped_at__gte=window.start, shipped_at__lt=window.end)
    ships = Deployment.objects.filter(project=project).reaching_customers().filter(within)
    # One step into an index a ship, however much was said of it.
    first_word = (
        Attribution.objects.heard()
        .filter(deployment=OuterRef("pk"), is_best=True, said_at__gte=OuterRef("shipped_at"))
        .order_by("said_at")
        .values("said_at")[:1]
    )
    looked = _first(ShipLook.objects.filter(deployment__in=ships), _EYES)
    taught = _first(Learning.objects.filter(deployment__in=ships), _LEARNED)
    rows = ships.annotate(first_word=Subquery(first_word))
    return [
        ShipTimes(shipped_at, said_at, *looked.get(pk, (None, None)), *taught.get(pk, (None, None)))
        for pk, shipped_at, said_at in rows.values_list("pk", "shipped_at", "first_word")
    ]


_ITS_SHIPPER = Q(deployment__shippers__user=F("user"))
_EYES = {"first": Min("looked_at", filter=_ITS_SHIPPER), "second": Min("looked_at")}
_LEARNED = {"first": Min("drafted_at"), "second": Min("confirmed_at")}


def _first(
    rows: "QuerySet[Any]", moments: dict[str, Min]
) -> dict[int, tuple[datetime | None, datetime | None]]:
    """Return two first moments of each ship, in one query."""
    found = rows.values("deployment").annotate(**moments).order_by()
    return {row["deployment"]: (row["first"], row["second"]) for row in found}


def _times(
    ships: Sequence[ShipTimes], moment: Callable[[ShipTimes], datetime | None]
) -> list[timedelta]:
    reached = ((ship.shipped_at, moment(ship)) for ship in ships)
    return [at - shipped_at for shipped_at, at in reached if at and at >= shipped_at]


def _median(times: list[timedelta]) -> timedelta | None:
    seconds = [time.total_seconds() for time in times]
    return timedelta(seconds=median(seconds)) if seconds else None


def _share(ships: Sequence[ShipTimes]) -> float | None:
    return sum(ship.learned_at is not None for ship in ships) / len(ships) if ships else None


def _trend(ships: Sequence[ShipTimes], window: Window, weeks: int) -> list[WeekPoint]:
    by_week: list[list[ShipTimes]] = [[] for _ in range(weeks)]
    for ship in ships:
        by_week[(ship.shipped_at - window.start) // WEEK].append(ship)
    return [
        WeekPoint(
            window.start + number * WEEK,
            len(of_week),
            sum(ship.learned_at is not None for ship in of_week),
            _share(of_week),
        )
        for number, of_week in enumerate(by_week)
    ]
