"""The pages that read across all rooms: who may, one read, answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.access import project_for
from deployments.models import Deployment
from engagement.models import Metric


def home(request: HttpRequest) -> HttpResponse:
    """List my projects; with only one, go there."""
    return render(request, "dashboard/home.html")


def project_new(request: HttpRequest) -> HttpResponse:
    """Make a project."""
    return redirect("home")


def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how fast the project learns."""
    project = project_for(request.user, slug)
    return render(request, "dashboard/project.html", {"project": project})


def deployments(request: HttpRequest, slug: str) -> HttpResponse:
    """List the ships."""
    project = project_for(request.user, slug)
    return render(request, "dashboard/deployments.html", {"project": project})


def deployment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what one ship left behind."""
    project = project_for(request.user, slug)
    ship = get_object_or_404(Deployment, project=project, pk=pk)
    return render(request, "dashboard/deployment.html", {"project": project, "ship": ship})


def metrics(request: HttpRequest, slug: str) -> HttpResponse:
    """List the metrics."""
    project = project_for(request.user, slug)
    return render(request, "dashboard/metrics.html", {"project": project})


def metric(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Show one metric through time."""
    project = project_for(request.user, slug)
    metric = get_object_or_404(Metric, project=project, key=key)
    return render(request, "dashboard/metric.html", {"project": project, "metric": metric})
