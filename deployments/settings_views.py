"""The doors of the settings page that connects CI and GitHub with Wake."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Role
from deployments.models import Delivery, Webhook, new_webhook_secret
from deployments.snippets import snippets

DELIVERIES_SHOWN = 20


@never_cache
@require_safe
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what to paste into CI, the address for GitHub, and what has come in lately.

    Members may copy snippets; only owners see the webhook's address and secret.
    """
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    is_owner = may(request, project, Role.OWNER)
    webhook = project.webhooks.filter(provider="github").first() if is_owner else None
    deliveries = (
        Delivery.objects.filter(project=project)
        .select_related("deployment")
        .defer("body")
        .order_by("-received_at", "-pk")[:DELIVERIES_SHOWN]
    )
    context = {
        "project": project,
        "is_owner": is_owner,
        "may_connect": True,
        "snippets": snippets(settings.BASE_URL),
        "webhook": webhook,
        "webhook_url": _address_of(webhook) if webhook else "",
        "deliveries": deliveries,
    }
    return render(request, "deployments/connect.html", context)


def _address_of(webhook: Webhook) -> str:
    return settings.BASE_URL + reverse("hook-github", args=[webhook.key])


@require_POST
def webhook_make(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the address that GitHub posts to; a second time changes nothing."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    Webhook.objects.get_or_create(project=project, provider="github")
    return redirect(reverse("settings_connect", args=[slug]) + "#github")


@require_POST
def webhook_rotate(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the webhook a new secret; deliveries signed with the old one are refused from now on."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    webhook = get_object_or_404(Webhook, project=project, provider="github")
    webhook.secret = new_webhook_secret()
    webhook.save(update_fields=["secret"])
    messages.success(request, "There is a new secret. Enter it in GitHub now.")
    return redirect(reverse("settings_connect", args=[slug]) + "#github")
