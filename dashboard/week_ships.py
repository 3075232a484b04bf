"""What went out in a week, and which ships it is too early to judge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Count,
    Exists,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)

from accounts.models import Project
from common.windows import Window
from deployments.models import Deployment, DeploymentStatus, Shipper
from learning.models import Attribution, Learning
from learning.verdict import Verdict

LISTED = 100  # ships of one week that are listed one by one; the rest is only counted
WATCHED = timedelta(days=90)  # a ship older than that is no news, even if its window is still open
UNDECIDED = (Verdict.TOO_EARLY, Verdict.NO_HYPOTHESIS)
EARLY = 10  # ships that are too early to judge: the next of them
# Who shipped it, with their accounts, in one query.
SHIPPERS = Prefetch("shippers", queryset=Shipper.objects.select_related("user"))


@dataclass(frozen=True, slots=True)
class ShipLine:
    """One ship as the week tells it."""

    pk: int
    name: str
    version: str
    service: str
    shipped_at: datetime
    shipped_by: tuple[str, ...]
    hypothesis: str  # empty when none was stated
    verdict: Verdict
    was_rolled_back: bool
    feedback_count: int  # what customers said that is most likely about it
    next_look_at: datetime | None

    @property
    def word(self) -> str:
        """The verdict in words, or that it was rolled back."""
        return "Rolled back" if self.was_rolled_back else self.verdict.label


@dataclass(frozen=True, slots=True)
class Ships:
    """The ships of a week that reached customers, newest first, and how many there were."""

    lines: tuple[ShipLine, ...]
    count: int
    count_before: int  # in the stretch of equal length before
    with_hypothesis: int


def ships_of(project: Project, week: Window, *, now: datetime) -> tuple[Ships, list[ShipLine]]:
    """Return what went out in the week, and the ships that are too early to judge; six queries."""
    ships = Deployment.objects.filter(project=project).reaching_customers()
    in_week = Q(shipped_at__gte=week.start, shipped_at__lt=week.end)
    before = Q(shipped_at__gte=week.start - week.length, shipped_at__lt=week.start)
    counts = ships.filter(in_week | before).aggregate(
        count=Count("pk", filter=in_week),
        before=Count("pk", filter=before),
        bets=Count("pk", filter=in_week & Q(hypothesis__isnull=False)),
    )
    newest = list(_newest(ships.filter(in_week), now))
    open_bets = list(_newest(_unjudged(project, week), now))
    read = list({ship.pk: ship for ship in (*newest, *open_bets)}.values())
    prefetch_related_objects(read, SHIPPERS)
    lines = {line.pk: line for line in lines_of(read, now)}
    told = tuple(lines[ship.pk] for ship in newest)
    return (
        Ships(told, counts["count"], counts["before"], counts["bets"]),
        _next_first([lines[ship.pk] for ship in open_bets], now),
    )


def _unjudged(project: Project, week: Window) -> QuerySet[Deployment]:
    """Return the ships whose hypothesis has no verdict yet."""
    judged = (
        Learning.objects.current().filter(deployment=OuterRef("pk")).exclude(verdict__in=UNDECIDED)
    )
    return (
        Deployment.objects.filter(project=project, hypothesis__isnull=False)
        .reaching_customers()
        .exclude(status=DeploymentStatus.ROLLED_BACK)
        .filter(~Exists(judged), shipped_at__gte=week.end - WATCHED, shipped_at__lt=week.end)
    )


def _next_first(lines: list[ShipLine], now: datetime) -> list[ShipLine]:
    """Return the ships that Wake looks at again, the next to be judged first."""
    watched = [line for line in lines if line.next_look_at]
    return sorted(watched, key=lambda line: line.next_look_at or now)[:EARLY]


def with_next_look(ships: QuerySet[Deployment], now: datetime) -> QuerySet[Deployment]:
    """Read with each ship what its line needs, and when Wake looks at it next."""
    return _with_next_look(ships, now).prefetch_related(SHIPPERS)


def _with_next_look(ships: QuerySet[Deployment], now: datetime) -> QuerySet[Deployment]:
    to_come = Q(checkups__finished_at=None, checkups__due_at__gt=now)
    return ships.select_related("hypothesis__metric", "service", "adoption").annotate(
        looks_next_at=Min("checkups__due_at", filter=to_come)
    )


def _newest(ships: QuerySet[Deployment], now: datetime) -> QuerySet[Deployment]:
    return _with_next_look(ships, now).order_by("-shipped_at", "-pk")[:LISTED]


def lines_of(ships: Sequence[Deployment], now: datetime) -> tuple[ShipLine, ...]:
    """Return one line for each ship read by `with_next_look`, in the same order, in two queries."""
    keys = [ship.pk for ship in ships]
    best = Attribution.objects.counted().filter(deployment__in=keys, is_best=True)
    said = dict(best.order_by().values_list("deployment").annotate(count=Count("*")))
    verdicts = dict(
        Learning.objects.current()
        .filter(deployment__in=keys)
        .order_by("version")
        .values_list("deployment", "verdict")
    )
    return tuple(_line(ship, said.get(ship.pk, 0), verdicts.get(ship.pk), now) for ship in ships)


def _line(ship: Deployment, said: int, verdict: str | None, now: datetime) -> ShipLine:
    hypothesis = getattr(ship, "hypothesis", None)
    next_look_at = getattr(ship, "looks_next_at", None)
    if hypothesis:
        judged_at = ship.starts_at + hypothesis.window
        next_look_at = judged_at if judged_at > now else next_look_at
    unjudged = Verdict.TOO_EARLY if hypothesis else Verdict.NO_HYPOTHESIS
    return ShipLine(
        pk=ship.pk,
        name=str(ship),
        version=ship.version,
        service=ship.service.name if ship.service else "",
        shipped_at=ship.shipped_at,
        shipped_by=names_of(ship),
        hypothesis=str(hypothesis) if hypothesis else "",
        verdict=Verdict(verdict) if verdict else unjudged,
        was_rolled_back=ship.status == DeploymentStatus.ROLLED_BACK,
        feedback_count=said,
        next_look_at=next_look_at,
    )


def names_of(ship: Deployment) -> tuple[str, ...]:
    """Return the names of those who shipped it, each once."""
    shippers: Iterable[object] = ship.shippers.all()
    return tuple(dict.fromkeys(str(shipper) for shipper in shippers))
