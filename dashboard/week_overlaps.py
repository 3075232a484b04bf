"""Ships of a week that went live so close together that nobody can tell which did what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from accounts.models import Project
from common.windows import DAY, Window
from deployments.models import Deployment, Hypothesis
from learning.models import ImpactEstimate
from learning.verdict import Verdict

READ = 200  # estimates of a week, the newest
NAMED = 3  # ships beside one
CLOSE = DAY  # only those that near are named, or else the nearest one


@dataclass(frozen=True, slots=True)
class Overlap:
    """A ship, the ships that it is mixed with, and what cannot be told of them."""

    ship_id: int
    ship: str
    beside: tuple[tuple[int, str], ...]  # ids and names, the nearest first
    metric: str  # the one it was shipped for, if any; else one that cannot be told
    was_bet: bool  # a hypothesis is waiting for it
    next_look_at: datetime | None


def overlaps_of(project: Project, week: Window, *, now: datetime) -> list[Overlap]:
    """Return the ships that a look of the week found mixed with others, bets first; two queries.

    A ship whose effect on the metric was told by an earlier look is left out, and of two ships
    that are mixed with each other only one is told.
    """
    told = ImpactEstimate.objects.filter(
        deployment=OuterRef("deployment"), metric=OuterRef("metric"), effect__isnull=False
    )
    rows = (
        ImpactEstimate.objects.filter(
            ~Exists(told),
            deployment__project=project,
            word=Verdict.CONFOUNDED,
            estimated_at__gte=week.start,
            estimated_at__lt=week.end,
        )
        .select_related("deployment__hypothesis", "metric")
        .order_by("-estimated_at", "-pk")[:READ]
    )
    by_ship: dict[int, ImpactEstimate] = {}
    for row in (row for row in rows if row.beside):
        known = by_ship.get(row.deployment_id)
        if known is None or (_is_bet(row) and not _is_bet(known)):
            by_ship[row.deployment_id] = row
    chosen = _once_a_pair(sorted(by_ship.values(), key=lambda row: not _is_bet(row)))
    named = {pk for row in chosen for pk in row.beside}
    ships = Deployment.objects.filter(project=project).in_bulk(named)
    return [_overlap(row, near, now) for row in chosen if (near := _near(row, ships))]


def _near(row: ImpactEstimate, ships: dict[int, Deployment]) -> list[Deployment]:
    """Return the ships beside one that went live within CLOSE of it, or the nearest."""

    def gap(ship: Deployment) -> timedelta:
        return abs(ship.shipped_at - row.deployment.shipped_at)

    beside = sorted((ships[pk] for pk in row.beside if pk in ships), key=gap)
    return [ship for ship in beside if gap(ship) <= CLOSE][:NAMED] or beside[:1]


def _is_bet(row: ImpactEstimate) -> bool:
    hypothesis: Hypothesis | None = getattr(row.deployment, "hypothesis", None)
    return hypothesis is not None and hypothesis.metric_id == row.metric_id


def _once_a_pair(rows: list[ImpactEstimate]) -> list[ImpactEstimate]:
    seen: set[int] = set()
    kept = []
    for row in rows:
        if row.deployment_id not in seen:
            kept.append(row)
        seen.update((row.deployment_id, *row.beside[:NAMED]))
    return kept


def _overlap(row: ImpactEstimate, near: list[Deployment], now: datetime) -> Overlap:
    again = row.look_again_at
    return Overlap(
        ship_id=row.deployment_id,
        ship=str(row.deployment),
        beside=tuple((ship.pk, str(ship)) for ship in near),
        metric=row.metric.name,
        was_bet=_is_bet(row),
        next_look_at=again if again and again > now else None,
    )
