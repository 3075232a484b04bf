"""The doors of the settings page on whom Wake tells its news."""

from datetime import timedelta
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import project_for
from accounts.models import Project, Role, User
from common.pages import page_or_part
from common.paging import page_of
from outbound.forms import GrafanaForm, WebhookForm
from outbound.models import Hook, Kind, Message, new_secret
from outbound.news import write_test
from outbound.sending import PATIENCE, send_again, turn_off, turn_on
from outbound.tasks import send_messages

# How long the secret before still signs, so that a receiver can change it in its own time.
OVERLAP = timedelta(days=1)
MAX_HOOKS = 20
PAGE = 25


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hooks(request: HttpRequest, slug: str) -> HttpResponse:
    """List who is told, or add somebody; a new webhook's secret is shown this once."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    kind = request.POST.get("kind", "")
    sent = request.POST if request.method == "POST" else None
    webhook = WebhookForm(sent if kind == Kind.WEBHOOK else None, prefix="webhook")
    grafana = GrafanaForm(sent if kind == Kind.GRAFANA else None, prefix="grafana")
    chosen = grafana if kind == Kind.GRAFANA else webhook
    made = None
    if chosen.is_valid():
        made = _make(request, project, Kind(kind), chosen.cleaned_data)
        if made is None or made.kind == Kind.GRAFANA:
            return redirect("settings_outgoing", slug)
        webhook = WebhookForm(prefix="webhook")
    context = {
        **_shared(project),
        "hooks": project.outgoing_hooks.order_by("pk"),
        "webhook": webhook,
        "grafana": grafana,
        "made": made,
    }
    return render(request, "outbound/hooks.html", context)


def _shared(project: Project) -> dict[str, Any]:
    return {"project": project, "is_owner": True, "may_connect": True}


def _make(request: HttpRequest, project: Project, kind: Kind, said: dict[str, Any]) -> Hook | None:
    if project.outgoing_hooks.count() >= MAX_HOOKS:
        messages.error(request, f"A project has at most {MAX_HOOKS}. Remove one first.")
        return None
    now = timezone.now()
    secret = said["token"].strip() if kind == Kind.GRAFANA else new_secret()
    if kind == Kind.GRAFANA:
        messages.success(request, "Grafana will be told. Send a test to see whether it arrives.")
    return Hook.objects.create(
        project=project,
        kind=kind,
        url=said["url"],
        secret=secret,
        events=said["events"],
        news_since=now,
        created_by=cast(User, request.user),
        created_at=now,
    )


def _hook(project: Project, pk: int) -> Hook:
    return get_object_or_404(Hook.objects.select_related("project"), project=project, pk=pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one hook with what became of its messages, or change it."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    hook = _hook(project, pk)
    form = _form_for(hook, request)
    if form.is_valid():
        hook.url, hook.events = form.cleaned_data["url"], form.cleaned_data["events"]
        hook.secret = form.cleaned_data.get("token", "").strip() or hook.secret
        hook.save(update_fields=["url", "events", "secret"])
        messages.success(request, "Saved.")
        return redirect("settings_outgoing_hook", slug, pk)
    return _page(request, hook, form)


def _form_for(hook: Hook, request: HttpRequest) -> WebhookForm:
    sent = request.POST if request.method == "POST" else None
    known = {"url": hook.url, "events": hook.events}
    if hook.kind == Kind.GRAFANA:
        return GrafanaForm(sent, initial=known, is_known=True)
    return WebhookForm(sent, initial=known)


def _page(
    request: HttpRequest, hook: Hook, form: WebhookForm, *, shown_secret: str = ""
) -> HttpResponse:
    rows = Message.objects.filter(hook=hook).prefetch_related("attempts")
    page = page_of(request, rows, by=("-made_at", "-pk"), size=PAGE)
    context = {
        **_shared(hook.project),
        "hook": hook,
        "form": form,
        "page": page,
        "log": [(message, message.attempts.all()) for message in page.rows],
        "is_waiting": hook.is_on and hook.messages.waiting().exists(),
        "shown_secret": shown_secret,
        "patience": PATIENCE,
        "overlap": OVERLAP,
        "both_until": hook.old_secret_until if hook.old_secret else None,
    }
    return page_or_part(request, "outbound/hook.html", "log", context)


def _ring(hook: Hook) -> None:
    # The row is kept whether or not the bell is heard: the next minute's rings anyway.
    transaction.on_commit(partial(_send_soon, hook.pk))


def _send_soon(hook_id: int) -> None:
    send_messages.apply_async(kwargs={"hook_id": hook_id}, expires=60)


@require_POST
def hook_test(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send a message that only says that messages arrive."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    hook = _hook(project, pk)
    if not hook.is_on:
        messages.error(request, "It is off. Turn it on, then send a test.")
        return redirect("settings_outgoing_hook", slug, pk)
    write_test(hook, now=timezone.now())
    _ring(hook)
    messages.success(request, "A test is on its way; what became of it is shown below.")
    return redirect("settings_outgoing_hook", slug, pk)


@require_POST
def message_again(request: HttpRequest, slug: str, pk: int, message: int) -> HttpResponse:
    """Send a message once more."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    hook = _hook(project, pk)
    send_again(get_object_or_404(Message, hook=hook, pk=message), now=timezone.now())
    _ring(hook)
    messages.success(request, "It is on its way again, under the same id.")
    return redirect("settings_outgoing_hook", slug, pk)


@never_cache
@require_POST
def hook_rotate(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make a new secret and show it this once; for a day the old one signs too."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    hook = get_object_or_404(
        Hook.objects.select_related("project"), project=project, pk=pk, kind=Kind.WEBHOOK
    )
    hook.old_secret, hook.secret = hook.secret, new_secret()
    hook.old_secret_until = timezone.now() + OVERLAP
    hook.save(update_fields=["secret", "old_secret", "old_secret_until"])
    form = WebhookForm(initial={"url": hook.url, "events": hook.events})
    return _page(request, hook, form, shown_secret=hook.secret)


@require_POST
def hook_switch(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Turn a hook on or off."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    hook = _hook(project, pk)
    if "on" in request.POST:
        turn_on(hook, now=timezone.now())
        _ring(hook)
        messages.success(request, "It is on: what happens from now on is told, and what waited.")
    else:
        turn_off(hook)
        messages.success(request, "It is off. Nothing is sent until you turn it on.")
    return redirect("settings_outgoing_hook", slug, pk)


@require_POST
def hook_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a hook and its log."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    _hook(project, pk).delete()
    messages.success(request, "Removed.")
    return redirect("settings_outgoing", slug)
