"""The doors of the delivery log: what came in, what became of it, and reading it again."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Role
from common.bodies import laid_out
from common.pages import page_or_part
from common.paging import page_of
from deployments.deliveries import record_delivery, replay_unreadable
from deployments.models import Delivery
from deployments.provider_names import LABELS, labelled


class FilterForm(forms.Form):
    """Which deliveries to list."""

    outcome = forms.ChoiceField(
        choices=[("", "Any"), *Delivery.Outcome.choices], required=False, label="What became of it"
    )
    provider = forms.ChoiceField(
        choices=[("", "Any"), *LABELS.items()], required=False, label="From"
    )


@require_safe
def deliveries(request: HttpRequest, slug: str) -> HttpResponse:
    """List what came in, newest first."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    form = FilterForm(request.GET or None)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = project.deliveries.select_related("deployment").defer("body", "headers")
    for name in ("outcome", "provider"):
        if wanted.get(name):
            rows = rows.filter(**{name: wanted[name]})
    listing = page_of(request, rows, by=("-received_at", "-pk"))
    context = {
        "project": project,
        "is_owner": may(request, project, Role.OWNER),
        "may_connect": True,
        "form": form,
        "listing": listing,
        "deliveries": labelled(listing.rows),
        "is_narrow": any(wanted.values()),
        "unreadable": project.deliveries.filter(outcome=Delivery.Outcome.UNREADABLE).count(),
    }
    return page_or_part(request, "deployments/deliveries.html", "list", context)


@never_cache
@require_safe
def delivery(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a delivery as it came, and what Wake made of it."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(Delivery.objects.select_related("deployment"), project=project, pk=pk)
    context = {
        "project": project,
        "is_owner": may(request, project, Role.OWNER),
        "may_connect": True,
        "delivery": row,
        "label": LABELS.get(row.provider, row.provider),
        "payload": laid_out(bytes(row.body), row.headers),
        "webhook": project.webhooks.filter(provider=row.provider).first(),
    }
    return render(request, "deployments/delivery.html", context)


@require_POST
def delivery_replay(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Read a delivery again; what it told of already is not recorded twice."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(Delivery.objects.select_related("project"), project=project, pk=pk)
    record_delivery(row)
    said = {
        Delivery.Outcome.RECORDED: (messages.success, "Read again: its ship is recorded."),
        Delivery.Outcome.IGNORED: (messages.info, "Read again: it tells of no ship."),
        Delivery.Outcome.UNREADABLE: (messages.error, "Read again: it still cannot be read."),
        Delivery.Outcome.RECEIVED: (
            messages.error,
            "Wake could not record it now; it tries again.",
        ),
    }
    tell, text = said[Delivery.Outcome(row.outcome)]
    tell(request, text)
    return redirect("settings_delivery", slug=slug, pk=pk)


@require_POST
def deliveries_replay(request: HttpRequest, slug: str) -> HttpResponse:
    """Read all deliveries again that could not be read."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    waiting, mended = replay_unreadable(project)
    if waiting:
        messages.info(request, f"{mended} of {waiting} could be read this time.")
    else:
        messages.info(request, "There is none that could not be read.")
    return redirect("settings_deliveries", slug=slug)
