"""What people said that ships cannot touch, for the pages of a ship and of a metric."""

from django.db.models import Q

from deployments.models import Deployment
from engagement.models import Metric
from learning.models import Untouched


def stated_of_ship(ship: Deployment) -> list[Untouched]:
    """Return what was said of the ship, or of all the areas that it is for, in one query."""
    rows = (
        Untouched.objects.filter(Q(deployment=ship) | Q(deployment=None), project=ship.project_id)
        .select_related("metric", "by")
        .order_by("metric__name", "stated_at", "pk")
    )
    areas = {str(area).casefold() for area in ship.areas}
    stated: dict[int, set[str]] = {}
    for row in rows:
        if row.deployment_id is None:
            stated.setdefault(row.metric_id, set()).add(row.area.casefold())
    whole = {metric for metric, said in stated.items() if areas and areas <= said}
    return [
        row
        for row in rows
        if row.deployment_id or (row.metric_id in whole and row.area.casefold() in areas)
    ]


def stated_of_metric(metric: Metric) -> list[Untouched]:
    """Return what was said of the metric, areas first, in one query."""
    rows = Untouched.objects.filter(metric=metric).select_related("deployment", "by")
    return sorted(rows, key=lambda row: (row.deployment_id is not None, -row.stated_at.timestamp()))
