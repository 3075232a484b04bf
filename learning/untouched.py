"""What people say that ships cannot touch: kept, taken back, and the estimates made anew."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from deployments.models import Checkup, Deployment
from engagement.models import Metric
from learning.models import ImpactEstimate, Untouched

# So many ships are looked at again at once, the newest first; others follow at their next look.
MOST_AGAIN = 50
MOST_READ = 1000  # ships of an area
LOOKS = 6  # at one ship
SECOND = timedelta(seconds=1)


def state_of_ship(
    deployment: Deployment, metric: Metric, *, because: str, by: User, now: datetime
) -> int:
    """Keep that the ship cannot touch the metric; return how many ships are looked at again.

    Said again, the new reason and the new name stand.
    """
    with transaction.atomic():
        Untouched.objects.update_or_create(
            metric=metric,
            deployment=deployment,
            defaults={
                "project_id": metric.project_id,
                "because": because,
                "by": by,
                "stated_at": now,
            },
        )
        return look_again(metric, [deployment])


def state_of_area(metric: Metric, area: str, *, because: str, by: User, now: datetime) -> int:
    """Keep that ships to the area alone cannot touch the metric; return as `state_of_ship`."""
    with transaction.atomic():
        known = Untouched.objects.filter(metric=metric, deployment=None, area__iexact=area).first()
        row = known or Untouched(metric=metric, area=area)
        row.project_id, row.because, row.by, row.stated_at = metric.project_id, because, by, now
        row.save()
        return look_again(metric, _ships_of(metric, area))


def withdraw(row: Untouched) -> int:
    """Forget what was said; return how many ships are looked at again. Safe to run twice."""
    with transaction.atomic():
        ships = [row.deployment] if row.deployment else _ships_of(row.metric, row.area)
        if not Untouched.objects.filter(pk=row.pk).delete()[0]:
            return 0
        return look_again(row.metric, ships)


def _ships_of(metric: Metric, area: str) -> list[Deployment]:
    ships = (
        Deployment.objects.filter(project=metric.project_id)
        .reaching_customers()
        .exclude(areas=[])
        .order_by("-shipped_at", "-pk")[:MOST_READ]
    )
    wanted = area.casefold()
    return [ship for ship in ships if wanted in {str(one).casefold() for one in ship.areas}]


def look_again_at_all(metric: Metric) -> int:
    """Let the newest ships' looks at the metric be due again; return how many ships."""
    ships = Deployment.objects.filter(project=metric.project_id).reaching_customers()
    with transaction.atomic():
        return look_again(metric, ships.order_by("-shipped_at", "-pk")[:MOST_AGAIN])


def look_again(metric: Metric, ships: Iterable[Deployment]) -> int:
    """Let the finished looks at these ships be due again, and at those whose windows they are in.

    From a ship's first look that is concerned, as a later one builds on those before it.
    """
    concerned = Q(pk__in=[])
    named = sorted(ships, key=lambda ship: ship.shipped_at, reverse=True)[:MOST_AGAIN]
    for ship in named:
        # A window that was cut ends at the ship; one that looked past it goes on beyond.
        concerned |= Q(deployment=ship) | Q(
            deployment__environment=ship.environment_id,
            window_start_at__lte=ship.shipped_at + metric.resolution,
            window_end_at__gte=ship.shipped_at - SECOND,
        )
    rows = ImpactEstimate.objects.filter(concerned, metric=metric)
    first: dict[int, datetime] = {}
    for ship_id, due_at in rows.order_by("-window_start_at", "-checkup__due_at").values_list(
        "deployment", "checkup__due_at"
    )[: MOST_AGAIN * LOOKS]:
        first[ship_id] = due_at  # the earliest, which comes last
    looks = Q(pk__in=[])
    for ship_id, due_at in list(first.items())[:MOST_AGAIN]:
        looks |= Q(deployment=ship_id, due_at__gte=due_at)
    Checkup.objects.filter(looks, finished_at__isnull=False).update(
        finished_at=None, claimed_at=None
    )
    return min(len(first), MOST_AGAIN)
