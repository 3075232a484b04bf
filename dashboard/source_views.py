"""The doors of the settings pages on where metrics come from."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import project_for
from accounts.models import Role, User
from accounts.settings_pages import settings_context
from common.pages import page_or_part
from dashboard.source_forms import SourceForm
from engagement.feeding import Trial, blank_source, feeds_of, save_source, try_source
from engagement.models import Source
from engagement.sources.base import SourceKind
from engagement.sources.registry import SOURCES

MAX_SOURCES = 50


@require_safe
def sources(request: HttpRequest, slug: str) -> HttpResponse:
    """List where metrics come from and how each does; owners may add one."""
    project = project_for(request.user, slug)
    context = {
        **settings_context(request, project),
        "sources": project.sources.order_by("name", "pk"),
        "listed": feeds_of(project, now=timezone.now()),
        "kinds": sorted(SOURCES.values(), key=lambda one: one.label.casefold()),
    }
    return render(request, "dashboard/sources.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def source_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Connect a place of the `kind` in the address: fill in how to get in, try it, save it."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    kind = SOURCES.get(request.GET.get("kind", ""))
    if kind is None:
        return redirect("settings_sources", slug)
    by, now = cast(User, request.user), timezone.now()
    if project.sources.count() >= MAX_SOURCES:
        messages.error(request, f"A project has at most {MAX_SOURCES}. Remove one first.")
        return redirect("settings_sources", slug)
    return _form(request, blank_source(project, kind, by=by, now=now), kind)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def source_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change how to get into a place; what is stored is tried before it is replaced."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    source = get_object_or_404(Source.objects.select_related("project"), project=project, pk=pk)
    return _form(request, source, kind_or_404(source))


def kind_or_404(source: Source) -> SourceKind:
    """Return the kind of a source; raises Http404 if this Wake has none such any more."""
    kind = SOURCES.get(source.kind)
    if kind is None:
        raise Http404("This Wake has no such kind of source.")
    return kind


def _form(request: HttpRequest, source: Source, kind: SourceKind) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = SourceForm(sent, source=source, kind=kind)
    trial: Trial | None = None
    if form.is_valid():
        entered: dict[str, Any] = {
            "options": form.entered(secret=False),
            "secrets": form.entered(secret=True),
            "now": timezone.now(),
        }
        if "test" not in request.POST:
            told = "Saved." if source.pk else "Connected. Now add a metric."
            saved = save_source(source, name=form.cleaned_data["name"], **entered)
            messages.success(request, told)
            return redirect("settings_source", source.project.slug, saved.pk)
        trial = try_source(source, **entered)
    context = {
        **settings_context(request, source.project),
        "form": form,
        "kind": kind,
        "source": source if source.pk else None,
        "trial": trial,
    }
    return page_or_part(request, "dashboard/source_form.html", "trial", context)


@require_safe
def source(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what a place feeds and how each metric does."""
    project = project_for(request.user, slug)
    row = get_object_or_404(Source, project=project, pk=pk)
    listed = [one for one in feeds_of(project, now=timezone.now()) if one.feed.source_id == row.pk]
    context = {
        **settings_context(request, project),
        "source": row,
        "kind": SOURCES.get(row.kind),
        "listed": listed,
    }
    return render(request, "dashboard/source.html", context)


@require_POST
def source_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a source; the metrics it fed stay with their samples."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Source, project=project, pk=pk)
    row.delete()
    messages.success(request, f"{row.name} is removed. Its metrics stay, with their samples.")
    return redirect("settings_sources", slug)
