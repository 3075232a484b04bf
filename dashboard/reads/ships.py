"""Ships as rows of a list, with what became of each."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Project
from dashboard.week_ships import ShipLine, lines_of, with_next_look
from deployments.models import Deployment, DeploymentStatus
from deployments.succession import Succession, successions
from learning.models import Learning
from learning.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ShipRow:
    """One ship in a list: the deployment, and the line that the week's review has for it too."""

    ship: Deployment
    line: ShipLine
    life: Succession

    @property
    def can_teach(self) -> bool:
        """True if it went live where customers are, so that a verdict may be expected."""
        return self.ship.is_live and self.ship.environment.reaches_customers


@dataclass(frozen=True, slots=True)
class ShipFilters:
    """What a list of ships is narrowed to; empty means all."""

    q: str = ""
    environment: str = ""
    service: str = ""
    status: str = ""
    verdict: str = ""

    def __bool__(self) -> bool:
        return any((self.q, self.environment, self.service, self.status, self.verdict))


def ships_matching(project: Project, filters: ShipFilters) -> QuerySet[Deployment]:
    """Return the project's ships that match; an unknown word matches nothing or is passed over."""
    ships = project.deployments.select_related("environment", "service")
    if filters.q:
        words = Q(title__icontains=filters.q) | Q(version__icontains=filters.q)
        ships = ships.filter(words | Q(sha__startswith=filters.q.lower()))
    if filters.environment:
        ships = ships.filter(environment__name=filters.environment)
    if filters.service:
        ships = ships.filter(service__name=filters.service)
    if filters.status in DeploymentStatus.values:
        ships = ships.filter(status=filters.status)
    if filters.verdict in Verdict.values:
        ships = ships.filter(_has_verdict(Verdict(filters.verdict)))
    return ships


def _has_verdict(verdict: Verdict) -> Q:
    learnings = Learning.objects.current().filter(deployment=OuterRef("pk"))
    given = Q(Exists(learnings.filter(verdict=verdict)))
    if verdict == Verdict.TOO_EARLY:
        return given | Q(~Exists(learnings), hypothesis__isnull=False)
    if verdict == Verdict.NO_HYPOTHESIS:
        return given | Q(~Exists(learnings), hypothesis__isnull=True)
    return given


def ship_rows(ships: list[Deployment], *, now: datetime) -> list[ShipRow]:
    """Return the ships as rows, in the same order, in nine queries however many they are."""
    keys = [ship.pk for ship in ships]
    read = list(with_next_look(Deployment.objects.filter(pk__in=keys), now))
    lines = {line.pk: line for line in lines_of(read, now)}
    lives = successions(ships)
    return [ShipRow(ship, lines[ship.pk], lives[ship.pk]) for ship in ships if ship.pk in lines]


@dataclass(frozen=True, slots=True)
class ShipChoices:
    """What the list of ships can be narrowed to."""

    environments: list[str]
    services: list[str]
    statuses: list[tuple[str, str]]
    verdicts: list[tuple[str, str]]


def ship_choices(project: Project) -> ShipChoices:
    """Return the project's environments and services, and every state and verdict."""
    return ShipChoices(
        environments=list(project.environments.order_by("name").values_list("name", flat=True)),
        services=list(project.services.order_by("name").values_list("name", flat=True)),
        statuses=list(DeploymentStatus.choices),
        verdicts=list(Verdict.choices),
    )
