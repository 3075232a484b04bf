"""Which ship took over from which: read from the line as it stands, never stored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from deployments.models import Deployment, DeploymentKind, DeploymentStatus

SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Succession:
    """A ship's place in the line: whether it still runs, what it replaced, what replaced it."""

    ship: Deployment
    next: Deployment | None  # which took over; only code takes over from code
    taken_back_by: Deployment | None
    takes_back: Sequence[Deployment]  # which it rolled back, oldest first

    @property
    def state(self) -> str:
        """The ship's status, or `superseded` if it was live until another took over."""
        if self.next and self.ship.status == DeploymentStatus.SUCCEEDED:
            return SUPERSEDED
        return self.ship.status

    @property
    def ended_at(self) -> datetime | None:
        """When it stopped being what runs in its place, if it did."""
        if self.ship.rolled_back_at:
            return self.ship.rolled_back_at
        return self.next.shipped_at if self.next and self.ship.is_live else None

    @property
    def lasted(self) -> timedelta | None:
        """How long it ran, if it runs no more."""
        return self.ended_at - self.ship.shipped_at if self.ended_at else None

    @property
    def runs_now(self) -> bool:
        """True if it is the code that runs in its place."""
        return self.state == DeploymentStatus.SUCCEEDED and self.ship.kind == DeploymentKind.CODE


def successions(ships: Sequence[Deployment]) -> dict[int, Succession]:
    """Return the place of each ship in its line by its key, in four queries however many."""
    next_ids = _next_ids([ship for ship in ships if ship.kind == DeploymentKind.CODE])
    takes_back: dict[int, list[Deployment]] = defaultdict(list)
    rolled_back = Deployment.objects.filter(rolled_back_by__in=[ship.pk for ship in ships])
    for taken in rolled_back.order_by("shipped_at", "pk"):
        if taken.rolled_back_by_id:
            takes_back[taken.rolled_back_by_id].append(taken)
    others = {*next_ids.values(), *(ship.rolled_back_by_id for ship in ships)}
    named = Deployment.objects.in_bulk({*(pk for pk in others if pk), *(s.pk for s in ships)})
    return {
        ship.pk: Succession(
            ship=ship,
            next=named.get(next_ids.get(ship.pk) or 0),
            taken_back_by=named.get(ship.rolled_back_by_id or 0),
            takes_back=takes_back[ship.pk],
        )
        for ship in ships
    }


def _next_ids(ships: Sequence[Deployment]) -> dict[int, int | None]:
    after = (
        Deployment.objects.live()
        .filter(
            environment=OuterRef("environment"),
            kind=DeploymentKind.CODE,
            shipped_at__gt=OuterRef("shipped_at"),
        )
        .order_by("shipped_at", "pk")
        .values("pk")
    )
    found: dict[int, int | None] = {}
    # No service is a place too, but to a database NULL does not equal NULL.
    for alone in (True, False):
        keys = [ship.pk for ship in ships if (ship.service_id is None) == alone]
        same = after.filter(service=None) if alone else after.filter(service=OuterRef("service"))
        rows = Deployment.objects.filter(pk__in=keys).annotate(next_id=Subquery(same[:1]))
        found.update(rows.values_list("pk", "next_id") if keys else ())
    return found
