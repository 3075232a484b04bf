"""The doors of the pages on events: what came, how to send, and the latest as they came."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import project_for
from accounts.keys import make_api_key
from accounts.models import Role, Scope, User
from accounts.settings_pages import settings_context
from common.paging import page_of
from common.values import storable
from dashboard.event_snippets import event_snippets
from dashboard.reads.events import events_seen, first_event
from engagement.event_intake import oldest_kept, read_again, spelling_of
from engagement.models import Event, RefusedEvent


@require_safe
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what came in the last four weeks, what was refused and why, and how to send."""
    project = project_for(request.user, slug)
    context = {
        **settings_context(request, project),
        "seen": events_seen(project, now=timezone.now()),
        "first": first_event(project),
        "snippets": event_snippets(settings.BASE_URL),
        "kept_days": settings.EVENT_RETENTION_DAYS,
    }
    return render(request, "dashboard/events.html", context)


@never_cache
@require_safe
def events_arrival(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whether the first event has come; the part of a page that asks by itself."""
    project = project_for(request.user, slug)
    context = {"project": project, "first": first_event(project)}
    return render(request, "dashboard/events_arrival.html", context)


@never_cache
@require_POST
def events_key(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a key that may send events and nothing else, and show it this once."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    by = cast(User, request.user)
    _, key = make_api_key(project, name="Events", scopes=[Scope.EVENTS_WRITE], by=by)
    context = {
        **settings_context(request, project),
        "key": key,
        "snippets": event_snippets(settings.BASE_URL, key),
        "first": first_event(project),
    }
    return render(request, "dashboard/events_key.html", context)


@require_safe
def events_latest(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the latest events as they are kept, of one name or of any, for who looks for a fault."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    name = storable(request.GET.get("name", ""))[:200]
    rows = Event.objects.filter(project=project, occurred_at__gte=oldest_kept(timezone.now()))
    rows = rows.filter(name=name) if name else rows
    listing = page_of(request, rows, by=("-occurred_at", "-pk"))
    context = {
        **settings_context(request, project),
        "name": name,
        "listing": listing,
        # In a template `properties.items` would be the property of that name, if there is one.
        "events": [(event, list(event.properties.items())) for event in listing.rows],
    }
    return render(request, "dashboard/events_latest.html", context)


@require_POST
def events_read_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Read again what was refused."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    count, mended = read_again(project.pk, spelling=spelling_of(project), now=timezone.now())
    left = f" {count - mended} still cannot be." if count > mended else ""
    messages.success(request, f"{mended} of {count} are taken now.{left}")
    return redirect("settings_events", slug)


@require_POST
def events_let_go(request: HttpRequest, slug: str) -> HttpResponse:
    """Let go of what was refused, so that there is room for what is refused next."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    RefusedEvent.objects.filter(project=project).delete()
    messages.success(request, "What was refused is let go.")
    return redirect("settings_events", slug)
