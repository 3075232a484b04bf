"""The doors of the log of calls: what a tool sent, what became of it, and reading it again."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import project_for
from accounts.models import Role
from accounts.settings_pages import settings_context
from common.bodies import laid_out
from common.pages import page_or_part
from common.paging import page_of
from feedback.calls import record, replay_unreadable
from feedback.models import Call, Connection


class FilterForm(forms.Form):
    """Which calls to list."""

    outcome = forms.ChoiceField(
        choices=[("", "Any"), *Call.Outcome.choices], required=False, label="What became of it"
    )


@require_safe
def calls(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """List what a connection's tool sent, newest first."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    connection = get_object_or_404(Connection, project=project, pk=pk)
    form = FilterForm(request.GET or None)
    wanted = form.cleaned_data.get("outcome") if form.is_valid() else ""
    rows = connection.calls.defer("body", "headers")
    if wanted:
        rows = rows.filter(outcome=wanted)
    context = {
        **settings_context(request, project),
        "connection": connection,
        "form": form,
        "listing": page_of(request, rows, by=("-received_at", "-pk")),
        "is_narrow": bool(wanted),
        "unreadable": connection.calls.filter(outcome=Call.Outcome.UNREADABLE).count(),
    }
    return page_or_part(request, "feedback/calls.html", "list", context)


@never_cache
@require_safe
def call(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Show a call as it came, and what Wake made of it."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    connection = get_object_or_404(Connection, project=project, pk=pk)
    row = get_object_or_404(Call, connection=connection, pk=number)
    context = {
        **settings_context(request, project),
        "connection": connection,
        "call": row,
        "payload": laid_out(bytes(row.body), row.headers),
    }
    return render(request, "feedback/call.html", context)


@require_POST
def call_replay(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Read a call again; what it told of already is not stored twice."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    found = Call.objects.select_related("connection__project")
    row = record(get_object_or_404(found, connection__project=project, connection=pk, pk=number))
    said = {
        Call.Outcome.RECORDED: (messages.success, f"Read again: {row.reason}"),
        Call.Outcome.IGNORED: (messages.info, "Read again: it tells of nothing said."),
        Call.Outcome.UNREADABLE: (messages.error, "Read again: it still cannot be read."),
        Call.Outcome.RECEIVED: (messages.error, "Wake could not record it now; it tries again."),
    }
    tell, text = said[Call.Outcome(row.outcome)]
    tell(request, text)
    return redirect("settings_call", slug, pk, number)


@require_POST
def calls_replay(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Read all calls of a connection again that could not be read."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    connection = get_object_or_404(Connection, project=project, pk=pk)
    waiting, mended = replay_unreadable(connection)
    if waiting:
        messages.info(request, f"{mended} of {waiting} could be read this time.")
    else:
        messages.info(request, "There is none that could not be read.")
    return redirect("settings_calls", slug, pk)
