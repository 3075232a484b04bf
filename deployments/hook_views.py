"""The doors of the settings of one webhook."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import project_for
from accounts.models import Project, Role
from common.pages import code_pieces
from deployments.hook_forms import SecretForm, options_form
from deployments.models import Webhook, new_webhook_secret
from deployments.provider_names import labelled
from deployments.providers.base import Provider
from deployments.providers.registry import PROVIDERS

# How long deliveries that the old secret signed are taken.
ROTATION = timedelta(days=1)


def address_of(webhook: Webhook) -> str:
    """Return where the provider is to post."""
    return settings.BASE_URL + reverse("hook", args=[webhook.provider, webhook.key])


@require_POST
def webhook_make(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the address that a provider posts to; a second time leads to the one there is."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    provider = request.POST.get("provider", "")
    if provider not in PROVIDERS:
        messages.error(request, "Choose which tool is to tell Wake.")
        return redirect("settings_connect", slug=slug)
    webhook, _ = Webhook.objects.get_or_create(project=project, provider=provider)
    return redirect("settings_webhook", slug=slug, pk=webhook.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show how to set the tool up, and what of its calls is read; owners may change that."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Webhook, project=project, pk=pk)
    provider = PROVIDERS[row.provider]
    form = options_form(row, provider, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        row.branch = form.cleaned_data.get("branch", "")
        row.names = form.cleaned_data.get("names", [])
        row.environment = form.cleaned_data.get("environment", "")
        row.save(update_fields=["branch", "names", "environment"])
        messages.success(request, "Saved. It holds for deliveries from now on.")
        return redirect("settings_webhook", slug=slug, pk=pk)
    return _page(request, project, row, provider, form=form)


def _page(
    request: HttpRequest, project: Project, row: Webhook, provider: Provider, **context: object
) -> HttpResponse:
    address = address_of(row)
    now = timezone.now()
    deliveries = project.deliveries.filter(provider=row.provider).defer("body", "headers")
    context = {
        "project": project,
        "is_owner": True,
        "webhook": row,
        "provider": provider,
        "address": address,
        "steps": [code_pieces(step.replace("{url}", address)) for step in provider.setup],
        "example": provider.example.replace("{url}", address),
        "schemes": provider.schemes,
        "old_until": row.previous_until if len(row.secrets_at(now)) > 1 else None,
        "secret_form": SecretForm(),
        "deliveries": labelled(
            deliveries.select_related("deployment").order_by("-received_at", "-pk")[:5]
        ),
        **context,
    }
    return render(request, "deployments/webhook.html", context)


@require_POST
def webhook_rotate(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give the webhook a new secret; the old one may hold for one more day."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Webhook, project=project, pk=pk)
    form = SecretForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A secret has at least 8 characters and at most 200.")
        return redirect("settings_webhook", slug=slug, pk=pk)
    keeps = form.cleaned_data["keep_old"]
    row.previous_secret = row.secret if keeps else None
    row.previous_until = timezone.now() + ROTATION if keeps else None
    row.secret = form.cleaned_data["secret"] or new_webhook_secret()
    row.save(update_fields=["secret", "previous_secret", "previous_until"])
    label = PROVIDERS[row.provider].label
    if form.cleaned_data["secret"]:
        messages.success(request, "The secret is kept. Deliveries signed with it are taken now.")
    else:
        messages.success(request, f"There is a new secret. Enter it in {label} now.")
    return redirect("settings_webhook", slug=slug, pk=pk)


@require_POST
def webhook_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take the address away; whatever was delivered stays."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = get_object_or_404(Webhook, project=project, pk=pk)
    row.delete()
    label = PROVIDERS[row.provider].label
    messages.success(request, f"The address for {label} is gone. What came in by it stays.")
    return redirect("settings_connect", slug=slug)
