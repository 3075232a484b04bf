"""The doors of the settings page on where feedback comes from."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import project_for
from accounts.models import Project, Role, User
from accounts.settings_pages import settings_context
from common.pages import code_pieces, page_or_part
from common.webhooks import ANY_TOKEN
from feedback.connection_forms import ConnectionForm, SecretForm, blank_connection
from feedback.connections import (
    Trial,
    change_connection,
    connections_of,
    health_of,
    make_connection,
    try_out,
)
from feedback.connectors.base import Connector
from feedback.connectors.registry import CONNECTORS
from feedback.connectors.webhook import mapping_of
from feedback.models import Connection

MAX_CONNECTIONS = 50
CALLS_SHOWN = 5


@require_safe
def connections(request: HttpRequest, slug: str) -> HttpResponse:
    """List where feedback comes from and how each place does; owners may add one."""
    project = project_for(request.user, slug)
    now = timezone.now()
    context = {
        **settings_context(request, project),
        "listed": connections_of(project, now=now),
        "kinds": sorted(CONNECTORS.values(), key=lambda one: one.label.casefold()),
        "now": now,
    }
    return render(request, "feedback/connections.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connection_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Connect a place of the `kind` in the address: fill in what it needs, try it, and save it."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    connector = CONNECTORS.get(request.GET.get("kind", ""))
    if connector is None:
        return redirect("settings_connections", slug)
    blank, now = blank_connection(project, connector), timezone.now()
    form = ConnectionForm(_sent(request), connection=blank, connector=connector)
    if form.is_valid() and "test" not in request.POST:
        if project.connections.count() >= MAX_CONNECTIONS:
            messages.error(request, f"A project has at most {MAX_CONNECTIONS}. Remove one first.")
            return redirect("settings_connections", slug)
        by = cast(User, request.user)
        made, secret = make_connection(project, connector, form.filled(), by=by, now=now)
        messages.success(request, _welcome(connector))
        if secret:
            return connection_page(request, project, made, shown_secret=secret)
        return redirect("settings_connection", slug, made.pk)
    return _form_page(request, form, trial=_trial(request, form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connection_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change what a connection needs; what is stored is tried before it is replaced."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Connection.objects.select_related("project"), project=project, pk=pk)
    connector = CONNECTORS.get(row.kind)
    if connector is None:
        raise Http404("This Wake has no such connector.")
    form = ConnectionForm(_sent(request), connection=row, connector=connector)
    if form.is_valid() and "test" not in request.POST:
        change_connection(row, form.filled(), now=timezone.now())
        messages.success(request, "Saved. It holds from now on.")
        return redirect("settings_connection", slug, pk)
    return _form_page(request, form, trial=_trial(request, form))


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _welcome(connector: Connector) -> str:
    if connector.gather:
        return "Connected. What customers said there is gathered in the next minute."
    return "Connected. Set it up as shown here."


def _trial(request: HttpRequest, form: ConnectionForm) -> Trial | None:
    if "test" not in request.POST or not form.is_valid() or form.connector.gather is None:
        return None
    return try_out(form.connection, form.connector, form.filled(), now=timezone.now())


def _form_page(request: HttpRequest, form: ConnectionForm, *, trial: Trial | None) -> HttpResponse:
    context = {
        **settings_context(request, form.connection.project),
        "form": form,
        "connector": form.connector,
        "connection": form.connection if form.connection.pk else None,
        "trial": trial,
        "is_asked": form.connector.gather is not None,
        "steps": [code_pieces(step) for step in form.connector.setup if "{" not in step],
        "has_secrets": any(one.is_secret for one in form.connector.settings),
    }
    return page_or_part(request, "feedback/connection_form.html", "trial", context)


@never_cache
@require_safe
def connection(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show how one place does; owners also how to set it up."""
    project = project_for(request.user, slug)
    row = get_object_or_404(Connection, project=project, pk=pk)
    return connection_page(request, project, row)


def connection_page(
    request: HttpRequest, project: Project, row: Connection, *, shown_secret: str = ""
) -> HttpResponse:
    """Return the page of a connection; `shown_secret` is shown on it this once."""
    now = timezone.now()
    connector = CONNECTORS.get(row.kind)
    takes_calls = connector is not None and connector.read is not None
    is_asked = connector is not None and connector.gather is not None
    calls = row.calls.defer("body", "headers").order_by("-received_at", "-pk")
    context = {
        **settings_context(request, project),
        "connection": row,
        "connector": connector,
        "health": health_of(row, now=now),
        "now": now,
        "takes_calls": takes_calls,
        "is_asked": is_asked,
        "calls": calls[:CALLS_SHOWN] if takes_calls else [],
        "shown_secret": shown_secret,
        "secret_form": SecretForm(),
        "schemes": (connector.schemes or ANY_TOKEN) if connector else (),
        "mapping": mapping_of(row.options),
        "bad_rows": row.bad_rows[:CALLS_SHOWN],
        **_set_up(row, connector),
    }
    return render(request, "feedback/connection.html", context)


def _set_up(row: Connection, connector: Connector | None) -> dict[str, Any]:
    """Return the address, the steps and the texts to copy, with the connection's own words."""
    address = settings.BASE_URL + reverse("feedback_hook", args=[row.key])

    def own(text: str) -> str:
        for word, value in (("{url}", address), ("{base}", settings.BASE_URL), ("{key}", row.key)):
            text = text.replace(word, value)
        return text

    return {
        "address": address,
        "steps": [code_pieces(own(step)) for step in (connector.setup if connector else ())],
        "copies": [(what, own(text)) for what, text in (connector.copies if connector else ())],
    }
