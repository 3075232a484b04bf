"""The doors by which a person says that a ship, or an area, cannot touch a metric."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import project_for
from accounts.models import Role, User
from common.values import storable
from deployments.models import Deployment
from engagement.models import Metric
from learning.models import Untouched
from learning.untouched import state_of_area, state_of_ship, withdraw

MOST_REASON, MOST_AREA = 500, 200


@require_POST
def ship_untouched(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep that this ship cannot touch a metric."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    ship = get_object_or_404(Deployment, project=project, pk=pk)
    metric = Metric.objects.filter(project=project, key=_said(request, "metric")).first()
    because = _said(request, "because")[:MOST_REASON]
    if metric is None or not because:
        messages.error(request, "Nothing was kept: choose a metric, and say why.")
    else:
        assert isinstance(request.user, User)
        again = state_of_ship(ship, metric, because=because, by=request.user, now=timezone.now())
        messages.success(request, f"Kept. {_looks(again)}")
    return _at(redirect("deployment", slug, ship.pk))


@require_POST
def metric_untouched(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Keep that ships to an area alone cannot touch this metric."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    metric = get_object_or_404(Metric, project=project, key=storable(key))
    area, because = _said(request, "area"), _said(request, "because")[:MOST_REASON]
    if not area or len(area) > MOST_AREA or not because:
        messages.error(request, "Nothing was kept: name an area, and say why.")
    else:
        assert isinstance(request.user, User)
        now = timezone.now()
        again = state_of_area(metric, area, because=because, by=request.user, now=now)
        messages.success(request, f"Kept. {_looks(again)}")
    return _at(redirect("metric", slug, metric.key))


@require_POST
def untouched_withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back what was said."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    rows = Untouched.objects.select_related("metric", "deployment")
    row = get_object_or_404(rows, project=project, pk=pk)
    messages.success(request, f"Taken back. {_looks(withdraw(row))}")
    if row.deployment_id:
        return _at(redirect("deployment", slug, row.deployment_id))
    return _at(redirect("metric", slug, row.metric.key))


def _said(request: HttpRequest, name: str) -> str:
    return storable(request.POST.get(name, "")).strip()


def _looks(again: int) -> str:
    if not again:
        return "No estimate has to be made anew."
    ships = "one ship" if again == 1 else f"{again} ships"
    return f"Wake looks at {ships} again, within minutes."


def _at(answer: HttpResponse) -> HttpResponse:
    answer["Location"] += "#untouched"
    return answer
