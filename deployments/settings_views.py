"""The door of the settings page that connects CI and other tools with Wake."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import may, project_for
from accounts.models import Role
from deployments.arrivals import first_arrival
from deployments.models import Delivery
from deployments.provider_names import labelled
from deployments.providers.registry import PROVIDERS
from deployments.snippets import snippets

DELIVERIES_SHOWN = 5


@never_cache
@require_safe
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what to paste into CI, the addresses for other tools, and what has come in lately.

    Members may copy snippets; only owners see the webhooks' addresses and secrets.
    """
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    is_owner = may(request, project, Role.OWNER)
    webhooks = list(project.webhooks.order_by("pk")) if is_owner else []
    used = {webhook.provider for webhook in webhooks}
    deliveries = (
        Delivery.objects.filter(project=project)
        .select_related("deployment")
        .defer("body", "headers")
        .order_by("-received_at", "-pk")[:DELIVERIES_SHOWN]
    )
    context = {
        "project": project,
        "is_owner": is_owner,
        "may_connect": True,
        "snippets": snippets(settings.BASE_URL),
        "webhooks": [(webhook, PROVIDERS[webhook.provider]) for webhook in webhooks],
        "providers": [one for one in PROVIDERS.values() if one.name not in used],
        "deliveries": labelled(deliveries),
        "arrival": first_arrival(project),
    }
    return render(request, "deployments/connect.html", context)
