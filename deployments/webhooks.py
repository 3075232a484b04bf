"""The one door that providers post to."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from common.hook_calls import CallUnread, read_hook_call
from common.webhooks import NotSigned, check_signature
from deployments.addresses import page_of_deployment
from deployments.deliveries import receive
from deployments.models import Delivery, Webhook
from deployments.providers.registry import PROVIDERS

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def hook(request: HttpRequest, provider: str, key: str, path: str = "") -> JsonResponse:
    """Take a delivery, if it proves that it is from whom it says.

    Once a delivery is safe the answer is a 2xx, whatever is in it: senders give up, or switch a
    webhook off, when they are told that they were wrong.
    """
    known = provider in PROVIDERS and "\x00" not in key
    webhook = Webhook.objects.select_related("project").filter(key=key, provider=provider)
    row = webhook.first() if known else None
    if row is None:
        return JsonResponse({"detail": "No webhook has this address."}, status=404)
    now = timezone.now()
    try:
        call = read_hook_call(request, now=now)
        check_signature(call, row.secrets_at(now), PROVIDERS[provider].schemes)
    except CallUnread as why:
        return why.answer()
    except NotSigned as why:
        logger.warning("Refused a delivery to webhook %s (%s): %s.", row.pk, provider, why)
        webhook.update(refused_count=F("refused_count") + 1, last_refused_at=now)
        mend = f"Set the secret in {PROVIDERS[provider].label} to the one in Wake's settings."
        return JsonResponse({"detail": f"{why}. {mend}"}, status=401)
    return _answer(receive(row, headers=call.headers, path=path, body=call.body, now=now))


def _answer(delivery: Delivery) -> JsonResponse:
    """Say what became of the delivery; the same delivery gets the same answer."""
    said: dict[str, object] = {"outcome": delivery.outcome, "detail": delivery.reason}
    if delivery.outcome == Delivery.Outcome.UNREADABLE:
        said["detail"] = f"It is kept, to be read again after a fix: {delivery.reason}"
    if delivery.outcome == Delivery.Outcome.RECEIVED:
        said["detail"] = "It is kept, and is read in a moment."
    if delivery.deployment:
        said["id"] = delivery.deployment.pk
        said["url"] = page_of_deployment(delivery.deployment)
    return JsonResponse(said, status=201 if delivery.outcome == Delivery.Outcome.RECORDED else 202)
