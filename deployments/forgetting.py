"""Forgetting a customer in this room: kept calls, and ships that name what they said."""

from accounts.models import Project
from common.blanking import blank_rows, naming
from common.traces import Traces
from deployments.models import Change, Delivery, Deployment, Hypothesis

SHIP = ["title", "notes", "url", "fixes", "extra", "tags", "told"]


def forget_in_ships(project: Project, traces: Traces) -> dict[str, int]:
    """Blank what ships, changes and kept calls say of the customer; return the rows by table."""
    changes = Change.objects.filter(deployment__project=project)
    bets = Hypothesis.objects.filter(deployment__project=project)
    return {
        "Delivery": blank_rows(
            Delivery.objects.filter(project=project),
            ["event", "delivery_id", "headers", "path", "body", "reason"],
            traces,
        ),
        "Deployment": blank_rows(Deployment.objects.filter(project=project), SHIP, traces),
        # Of the many, only those that name somebody are read.
        "Change": blank_rows(
            naming(changes, ["message", "url"], traces), ["message", "url"], traces
        ),
        "Hypothesis": blank_rows(bets, ["statement", "because"], traces),
    }
