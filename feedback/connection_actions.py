"""The doors that do one thing to a connection: pause, gather, exchange its secret, remove."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import project_for
from accounts.models import Role
from feedback.connection_forms import SecretForm
from feedback.connection_views import connection_page
from feedback.connections import exchange_secret, gather_now, pause, remove_connection, resume
from feedback.models import Connection


@require_POST
def connection_switch(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Pause a connection, or let it go on."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Connection, project=project, pk=pk)
    if "on" in request.POST:
        resume(row, now=timezone.now())
        messages.success(request, "It goes on. What was sent meanwhile is read in a minute.")
    else:
        pause(row)
        messages.success(request, "Paused. Nothing is gathered until you let it go on.")
    return redirect("settings_connection", slug, pk)


@require_POST
def connection_gather(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let a worker gather at once."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Connection, project=project, pk=pk)
    if not row.is_active or row.next_due_at is None:
        messages.error(request, "It is paused, or not one that Wake asks.")
    elif gather_now(row, now=timezone.now()):
        messages.success(request, "A worker gathers in the next half minute.")
    else:
        messages.info(request, "The place asked to be left alone for a while; Wake keeps to that.")
    return redirect("settings_connection", slug, pk)


@never_cache
@require_POST
def connection_secret(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Exchange the secret that signs calls; one that Wake made is shown this once."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Connection, project=project, pk=pk)
    form = SecretForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A secret has at least 8 characters and at most 500.")
        return redirect("settings_connection", slug, pk)
    given, keep_old = form.cleaned_data["secret"], form.cleaned_data["keep_old"]
    secret = exchange_secret(row, given=given, keep_old=keep_old, now=timezone.now())
    if given:
        messages.success(request, "The secret is kept. Calls signed with it are taken now.")
        return redirect("settings_connection", slug, pk)
    messages.success(request, "There is a new secret. Enter it in the tool now.")
    row.refresh_from_db()
    return connection_page(request, project, row, shown_secret=secret)


@require_POST
def connection_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a connection; what came by it stays."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Connection, project=project, pk=pk)
    remove_connection(row)
    messages.success(request, f"{row.name} is removed. The feedback that came by it stays.")
    return redirect("settings_connections", slug)
