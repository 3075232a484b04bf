"""The doors of the settings pages on what OpenTelemetry sends."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import project_for
from accounts.models import Role
from accounts.settings_pages import settings_context
from common.values import storable
from dashboard.telemetry_forms import FollowForm
from engagement.models import FollowedInstrument, SeenInstrument
from engagement.telemetry_following import follow_instrument, followed_in, seen_lately

MAX_FOLLOWED = 200


@require_safe
def telemetry(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how to send, what feeds a metric, and what else was seen lately."""
    project = project_for(request.user, slug)
    context = {
        **settings_context(request, project),
        "base": request.build_absolute_uri("/").rstrip("/"),
        "followed": followed_in(project),
        "lately": seen_lately(project, now=timezone.now()),
    }
    return render(request, "dashboard/telemetry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def telemetry_follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the instrument that the address names feed a metric."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    rows = SeenInstrument.objects.select_related("project").filter(project=project)
    seen = rows.filter(name=storable(request.GET.get("name", ""))).first()
    if seen is None:
        return redirect("settings_telemetry", slug)
    if FollowedInstrument.objects.filter(project=project).count() >= MAX_FOLLOWED:
        messages.error(request, f"A project follows at most {MAX_FOLLOWED} instruments.")
        return redirect("settings_telemetry", slug)
    form = FollowForm(request.POST if request.method == "POST" else None, seen=seen)
    if form.is_valid():
        follow_instrument(seen, **form.facts(), now=timezone.now())
        messages.success(request, f"{seen.name} is followed from its next call on.")
        return redirect("settings_telemetry", slug)
    context = {**settings_context(request, project), "seen": seen, "form": form}
    return render(request, "dashboard/telemetry_follow.html", context)


@require_POST
def telemetry_unfollow(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Follow an instrument no more; its metric stays with its samples."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(FollowedInstrument, project=project, pk=pk)
    row.delete()
    messages.success(request, f"{row.name} is followed no more. Its metric keeps its samples.")
    return redirect("settings_telemetry", slug)
