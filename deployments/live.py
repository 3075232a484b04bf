"""Which version was live where, and when."""

from datetime import datetime

from django.db.models import Q

from accounts.models import Project
from common.windows import Window
from deployments.models import Deployment


def versions_live(
    project: Project, *, environment: str, service: str, window: Window
) -> list[tuple[datetime, str]]:
    """Return (since when, version) of what went live in the window, oldest first.

    The first is what was live as the window began, if anything was. A ship that was rolled back
    gives way to the one before it. With no `service`, ships of all services count.
    """
    ships = Deployment.objects.live().filter(project=project, environment__name__iexact=environment)
    if service:
        ships = ships.filter(Q(service=None) | Q(service__name__iexact=service))
    told = ships.filter(shipped_at__lt=window.end).order_by("shipped_at", "pk")
    before = told.filter(shipped_at__lte=window.start).order_by("-shipped_at", "-pk")
    facts = ("shipped_at", "rolled_back_at", "version")
    first = list(before.values_list(*facts)[:20])[::-1]
    return _changes([*first, *told.filter(shipped_at__gt=window.start).values_list(*facts)], window)


def _changes(
    ships: list[tuple[datetime, datetime | None, str]], window: Window
) -> list[tuple[datetime, str]]:
    moments = {shipped_at for shipped_at, _back, _version in ships}
    moments |= {back for _at, back, _version in ships if back}
    found: list[tuple[datetime, str]] = []
    for moment in sorted(moment for moment in moments if moment < window.end):
        live = [v for at, back, v in ships if at <= moment and not (back and back <= moment)]
        if live and (not found or found[-1][1] != live[-1]):
            found.append((moment, live[-1]))
    past = [one for one in found if one[0] <= window.start]
    return [*past[-1:], *(one for one in found if one[0] > window.start)]
