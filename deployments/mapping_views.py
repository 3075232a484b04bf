"""The doors of a field mapping: write it, try it on a real delivery, save it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import project_for
from accounts.models import Project, Role
from common.bodies import laid_out
from common.pages import page_or_part
from deployments.deliveries import options_of, read_kept, replay_unreadable
from deployments.hook_forms import MappingForm
from deployments.models import Delivery, Webhook
from deployments.providers.base import Options
from deployments.reading import Reading

OFFERED = 10


@dataclass
class Trial:
    """A delivery that a mapping is tried on, and what comes out."""

    delivery: Delivery | None
    options: Options

    @cached_property
    def reading(self) -> Reading | None:
        """What the mapping makes of the delivery."""
        return read_kept(self.delivery, self.options) if self.delivery else None

    @property
    def payload(self) -> str:
        """The delivery's body, laid out to be read."""
        return laid_out(bytes(self.delivery.body), self.delivery.headers) if self.delivery else ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Write a field mapping; it is tried on a delivery that came in before it is saved."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    webhook = get_object_or_404(Webhook, project=project, pk=pk, provider="generic")
    recent = list(
        project.deliveries.filter(provider="generic").order_by("-received_at", "-pk")[:OFFERED]
    )
    form = MappingForm(request.POST if request.method == "POST" else None, initial=webhook.mapping)
    written: dict[str, Any] = webhook.mapping
    if request.method == "POST":
        written = form.cleaned_data if form.is_valid() else {}
        if form.is_valid() and "save" in request.POST:
            return _save(request, project, webhook, written)
    chosen = request.POST.get("delivery") or request.GET.get("delivery") or ""
    delivery = next((one for one in recent if str(one.pk) == chosen), recent[0] if recent else None)
    options = options_of(webhook)
    trial = Trial(delivery, Options(environment=options.environment, mapping=written))
    context = {
        "project": project,
        "is_owner": True,
        "webhook": webhook,
        "form": form,
        "recent": recent,
        "trial": trial,
        "tried": request.method == "POST" and form.is_valid(),
    }
    return page_or_part(request, "deployments/mapping.html", "trial", context)


def _save(
    request: HttpRequest, project: Project, webhook: Webhook, written: dict[str, Any]
) -> HttpResponse:
    webhook.mapping = written
    webhook.save(update_fields=["mapping"])
    messages.success(request, "The field mapping is saved. It holds from now on.")
    if "replay" in request.POST:
        waiting, mended = replay_unreadable(project, provider="generic")
        messages.info(request, f"{mended} of {waiting} kept deliveries could be read with it.")
    return redirect("settings_webhook", slug=project.slug, pk=webhook.pk)
