"""The doors that providers post to."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from common.api import TooLarge
from common.values import storable
from common.webhooks import github_signature_is_valid
from deployments.addresses import page_of_deployment
from deployments.deliveries import receive
from deployments.models import Delivery, Webhook

logger = logging.getLogger(__name__)

_STATUS = {
    Delivery.Outcome.RECORDED: 201,
    Delivery.Outcome.IGNORED: 202,
    Delivery.Outcome.UNREADABLE: 400,
}


@csrf_exempt
@login_not_required
@require_POST
def github(request: HttpRequest, key: str) -> JsonResponse:
    """Take a delivery from GitHub, if it is signed with the webhook's secret."""
    webhook = Webhook.objects.select_related("project").filter(key=key, provider="github").first()
    if webhook is None:
        return JsonResponse({"detail": "No webhook has this address."}, status=404)
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"detail": TooLarge.default_detail}, status=TooLarge.status_code)
    signature = request.headers.get("X-Hub-Signature-256", "")
    if not github_signature_is_valid(body, webhook.secret, signature):
        why = "does not match" if signature else "is missing"
        logger.warning("Refused a delivery to webhook %s: its signature %s.", webhook.pk, why)
        mend = "Set the webhook's secret in GitHub to the one shown in Wake's settings."
        detail = f"X-Hub-Signature-256 {why}. {mend}"
        return JsonResponse({"detail": detail}, status=401)
    delivery = receive(
        webhook,
        event=storable(request.headers.get("X-GitHub-Event", ""))[:100],
        delivery_id=storable(request.headers.get("X-GitHub-Delivery", ""))[:200],
        body=body,
        now=timezone.now(),
    )
    return _answer(delivery)


def _answer(delivery: Delivery) -> JsonResponse:
    """Say what became of the delivery; the same delivery always gets the same answer."""
    said: dict[str, object] = {"outcome": delivery.outcome, "detail": delivery.reason}
    if delivery.deployment:
        said["id"] = delivery.deployment.pk
        said["url"] = page_of_deployment(delivery.deployment)
    return JsonResponse(said, status=_STATUS[Delivery.Outcome(delivery.outcome)])
