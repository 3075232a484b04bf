"""The door that the tools of a project's customers post to."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.hook_calls import CallUnread, read_hook_call
from common.webhooks import ANY_TOKEN, NotSigned, check_signature
from feedback.calls import receive
from feedback.connections import hook_secrets
from feedback.connectors.registry import CONNECTORS
from feedback.models import Call, Connection

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_http_methods(["HEAD", "POST"])
def feedback_hook(request: HttpRequest, key: str) -> HttpResponse:
    """Take a call, if it proves that it is from whom it says.

    Once a call is safe the answer is a 2xx, whatever is in it: senders give up, or switch a
    webhook off, when they are told that they were wrong. HEAD is how some look whether it is there.
    """
    found = Connection.objects.select_related("project").filter(key=key)
    connection = found.first() if "\x00" not in key else None
    connector = CONNECTORS.get(connection.kind) if connection else None
    if connection is None or connector is None or connector.read is None:
        return JsonResponse({"detail": "No connection has this address."}, status=404)
    if request.method == "HEAD":
        return HttpResponse()
    now = timezone.now()
    try:
        call = read_hook_call(request, now=now)
        check_signature(call, hook_secrets(connection, now=now), connector.schemes or ANY_TOKEN)
    except CallUnread as why:
        return why.answer()
    except NotSigned as why:
        logger.warning(
            "Refused a call to connection %s (%s): %s.", connection.pk, connector.name, why
        )
        found.update(refused_count=F("refused_count") + 1, refused_at=now)
        mend = f"Set the secret in {connector.label} to the one of this connection in Wake."
        return JsonResponse({"detail": f"{why}. {mend}"}, status=401)
    return _answer(receive(connection, headers=call.headers, body=call.body, now=now))


def _answer(call: Call) -> JsonResponse:
    """Say what became of the call; the same call gets the same answer."""
    said = {"outcome": call.outcome, "detail": call.reason}
    if call.outcome == Call.Outcome.UNREADABLE:
        said["detail"] = f"It is kept, to be read again after a fix: {call.reason}"
    if call.outcome == Call.Outcome.RECEIVED:
        said["detail"] = "It is kept, and is read later."
    return JsonResponse(said, status=201 if call.outcome == Call.Outcome.RECORDED else 202)
