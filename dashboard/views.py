"""The pages that read across all rooms: who may, one read, answer."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from accounts.access import may, project_for
from accounts.models import Role, User
from accounts.projects import create_project
from common.pages import is_a_persons_look, page_or_part
from common.paging import page_of
from common.query import read_word
from common.values import storable
from dashboard.forms import MetricForm, ProjectForm
from dashboard.reads.deployment import deployment_page
from dashboard.reads.estimates import effects
from dashboard.reads.event_metrics import defined
from dashboard.reads.findings import findings_on
from dashboard.reads.home import latest_ships, project_home
from dashboard.reads.metric_health import metric_health
from dashboard.reads.metrics import estimates_on, metric_page, metric_rows
from dashboard.reads.replies import replies_of_ship
from dashboard.reads.ships import ShipFilters, ship_choices, ship_rows, ships_matching
from dashboard.reads.untouched import stated_of_ship
from deployments.hypotheses import has_been_looked_at
from deployments.models import Deployment
from engagement.intake import define_metric
from engagement.models import Metric
from learning.looking import note_look
from learning.untouched import look_again_at_all


def home(request: HttpRequest) -> HttpResponse:
    """List my projects; with only one, go there."""
    projects = list(cast(User, request.user).projects.order_by("name")[:200])
    if len(projects) == 1:
        return redirect("project", projects[0].slug)
    return render(request, "dashboard/home.html", {"projects": projects})


def project_new(request: HttpRequest) -> HttpResponse:
    """Make a project; whoever makes it owns it."""
    user = cast(User, request.user)
    form = ProjectForm(request.POST or None, initial={"timezone": user.timezone})
    if request.method == "POST" and form.is_valid():
        project = create_project(owner=user, **form.cleaned_data)
        return redirect("project", project.slug)
    return render(request, "dashboard/project_new.html", {"form": form})


def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how fast the project learns, what it shipped, and what waits for me."""
    project = project_for(request.user, slug)
    now = timezone.now()
    context = {"project": project, "ships": latest_ships(project, now=now)}
    if request.headers.get("HX-Target") != "timeline":
        context["home"] = project_home(project, user=cast(User, request.user), now=now)
        context["base"] = settings.BASE_URL
    return page_or_part(request, "dashboard/project.html", "timeline", context)


def deployments(request: HttpRequest, slug: str) -> HttpResponse:
    """List the ships, newest first, narrowed to what was asked for."""
    project = project_for(request.user, slug)
    names = ("q", "environment", "service", "status", "verdict")
    filters = ShipFilters(**{name: read_word(request.GET, name).strip() for name in names})
    page = page_of(request, ships_matching(project, filters), by=("-shipped_at", "-pk"))
    context = {
        "project": project,
        "filters": filters,
        "choices": ship_choices(project),
        "page": page,
        "rows": ship_rows(page.rows, now=timezone.now()),
        "base": settings.BASE_URL,
    }
    return render(request, "dashboard/deployments.html", context)


def deployment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what one ship left behind; while signals come in, the page asks again.

    Where it shows customers' words, a member who opens it has seen them: a GET notes the first
    time, which is safe to repeat.
    """
    project = project_for(request.user, slug)
    ships = Deployment.objects.select_related("environment", "service", "project", "adoption")
    ship = get_object_or_404(ships, project=project, pk=pk)
    now = timezone.now()
    page = deployment_page(ship, now=now)
    may_edit = may(request, project, Role.MEMBER)
    if may_edit and page.words.count and is_a_persons_look(request):
        note_look(ship, by=cast(User, request.user), now=now)
    context = {
        "project": project,
        "ship": ship,
        "page": page,
        "learning": page.outcome.learning,  # for the editor, which the library shows too
        "may_edit": may_edit,
        "may_bet": may_edit and not has_been_looked_at(ship),
        "replies": replies_of_ship(ship),
        "stated": stated_of_ship(ship),
        "metrics": list(project.metrics.order_by("name", "pk")) if may_edit else [],
        "found": findings_on(ship),
    }
    return page_or_part(request, "dashboard/deployment.html", "wake", context)


def metrics(request: HttpRequest, slug: str) -> HttpResponse:
    """List the metrics with their last weeks."""
    project = project_for(request.user, slug)
    rows = metric_rows(project, now=timezone.now())
    may_edit = may(request, project, Role.MEMBER)
    context = {"project": project, "rows": rows, "base": settings.BASE_URL, "may_edit": may_edit}
    return render(request, "dashboard/metrics.html", context)


def metric(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Show one metric through time, with all ships and what each did to it."""
    role = Role.MEMBER if request.method == "POST" else Role.VIEWER
    project = project_for(request.user, slug, at_least=role)
    rows = Metric.objects.select_related("definition")
    metric = get_object_or_404(rows, project=project, key=storable(key))
    facts = {name: getattr(metric, name) for name in MetricForm.base_fields}
    form = MetricForm(request.POST or None, initial=facts)
    made_of = defined(metric)
    form.fields["kind"].disabled = made_of is not None  # its measure decides
    if request.method == "POST" and form.is_valid():
        saved, _created = define_metric(project, {"key": metric.key, **form.cleaned_data})
        if saved.no_data != metric.no_data:
            look_again_at_all(saved)
        messages.success(request, "Saved.")
        return redirect("metric", project.slug, metric.key)
    page = page_of(request, estimates_on(metric), by=("-window_start_at", "-pk"))
    context = {
        "project": project,
        "metric": metric,
        "made_of": made_of,
        "view": metric_page(metric, now=timezone.now()),
        "health": metric_health(metric, now=timezone.now()),
        "page": page,
        "effects": effects(page.rows),
        "form": form if may(request, project, Role.MEMBER) else None,
        "base": settings.BASE_URL,
    }
    return render(request, "dashboard/metric.html", context)
