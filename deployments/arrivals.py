"""Has anything reached us yet? For whoever has just pasted a snippet and waits."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Project
from deployments.models import Delivery, Deployment, Webhook


@dataclass(frozen=True, slots=True)
class Arrival:
    """The first ship, if it has come; until then what came instead."""

    ship: Deployment | None
    delivery: Delivery | None  # the newest call that told of no ship, and why
    refused_at: datetime | None  # when a call was last turned away for its signature


def first_arrival(project: Project) -> Arrival:
    """Return what has reached the project so far, in three queries at most."""
    ships = project.deployments.select_related("environment")
    ship = ships.order_by("received_at", "pk").first()
    if ship:
        return Arrival(ship, None, None)
    deliveries = Delivery.objects.filter(project=project).defer("body")
    refused = Webhook.objects.filter(project=project, last_refused_at__isnull=False)
    return Arrival(
        ship=None,
        delivery=deliveries.order_by("-received_at", "-pk").first(),
        refused_at=refused.order_by("-last_refused_at")
        .values_list("last_refused_at", flat=True)
        .first(),
    )
