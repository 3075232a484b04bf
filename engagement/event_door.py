"""The doors that Segment's libraries post to. Open to pages of any site: there is no session here,
and a key that stands in a page may do nothing but this.
"""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.known_keys import KnownKey, NoSuchKey, known_key, shown_as_user
from accounts.models import Scope
from common.errors import BadInput, IntakeReport
from engagement.event_calls import (
    CALLS,
    MAX_BATCH,
    MAX_MESSAGE,
    EventCall,
    body_of,
    read_call,
)
from engagement.event_intake import as_refused, keep_refused, record_events
from engagement.segment import Spelling

TAKEN = b'{"success": true}'
_READABLE_BY_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_TAKEN = {
    **_READABLE_BY_ALL,
    "Content-Length": str(len(TAKEN)),
    "Content-Type": "application/json",
}
_MAY_ASK = {
    **_READABLE_BY_ALL,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Encoding, Content-Type, X-Retry-Count",
    "Access-Control-Max-Age": "86400",
}


@csrf_exempt
@login_not_required
def events(request: HttpRequest, call: str) -> HttpResponse:
    """Take one message, or a batch, from whoever shows a key that may send events.

    What cannot be taken is named in the answer. Only when nothing could, it is a 400: libraries
    drop a batch for that, and never send it again.
    """
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=_MAY_ASK)
    if request.method != "POST":
        return _refused("method_not_allowed", "Send it by POST.", status=405)
    now, kind = timezone.now(), CALLS[call]
    shown = shown_as_user(request)
    try:
        # The key first: whoever has none is not worth reading.
        key = _key(request, shown, now) if shown else None
        body = body_of(request, most=MAX_BATCH if kind == "batch" else MAX_MESSAGE)
    except NoSuchKey as why:
        return _refused("invalid_write_key", str(why), status=why.status)
    except BadInput as error:
        return _refused("bad_request", str(error), errors=[error.as_dict()])
    try:
        heard = read_call(body, kind)
        key = key or _key(request, heard.key, now)
    except NoSuchKey as why:
        return _refused("invalid_write_key", str(why), status=why.status)
    except BadInput as error:
        return _unreadable(key, kind, body, error, now)
    return _take(key, heard, kind, now)


def _key(request: HttpRequest, shown: str, now: datetime) -> KnownKey:
    key = known_key(shown, Scope.EVENTS_WRITE, now=now)
    if request.META.get("HTTP_ORIGIN") and key.scopes != {Scope.EVENTS_WRITE.value}:
        raise NoSuchKey(
            "This key stands in a page and may do more than send events: anybody can read it. "
            "Revoke it, and make one that may only send events.",
            status=403,
        )
    return key


def _take(key: KnownKey, heard: EventCall, kind: str, now: datetime) -> HttpResponse:
    spelling = Spelling(key.environments, key.services)
    single = "" if kind == "batch" else kind
    report = record_events(
        key.project_id, heard.messages, spelling=spelling, now=now, kind=single,
        sent_at=heard.sent_at, context=heard.context,
    )  # fmt: skip
    if not report.errors:
        return HttpResponse(TAKEN, headers=_TAKEN)
    refused = [
        (
            as_refused(heard.messages[one.index], kind=single, sent_at=heard.sent_at),
            str(one.error),
        )
        for one in report.errors
    ]
    keep_refused(key.project_id, kind, refused, now=now)
    return _partly(report, single)


def _partly(report: IntakeReport, single: str) -> HttpResponse:
    errors = [one.error.as_dict() if single else one.as_dict() for one in report.errors]
    first = report.errors[0].error
    if single:
        return _refused("bad_request", str(first), errors=errors)
    if not report.created + report.unchanged:
        return _refused("bad_request", f"No message could be taken. {first}", errors=errors)
    said = {"success": True, **report.as_dict()}
    return HttpResponse(json.dumps(said), content_type="application/json", headers=_READABLE_BY_ALL)


def _unreadable(
    key: KnownKey | None, kind: str, body: bytes, error: BadInput, now: datetime
) -> HttpResponse:
    detail = str(error)
    if key is not None:
        text = body.decode("utf-8", "replace")
        if keep_refused(key.project_id, kind, [(text, detail)], now=now):
            detail += " It is kept, to be read again after a fix."
    return _refused("bad_request", detail, errors=[error.as_dict()])


def _refused(code: str, said: str, *, status: int = 400, errors: Any = ()) -> HttpResponse:
    # Libraries log `code` and `message`; the rest of Wake says `detail` and `errors`.
    answer = {"success": False, "code": code, "message": said, "detail": said}
    return _said({**answer, "errors": list(errors)}, headers=_MAY_ASK, status=status)


def _said(answer: dict[str, Any], *, headers: dict[str, str], status: int = 200) -> HttpResponse:
    body = json.dumps(answer).encode()
    # Nobody behind this door says how long the answer is; without it, it goes out in pieces.
    length = {"Content-Length": str(len(body)), "Content-Type": "application/json"}
    return HttpResponse(body, status=status, headers={**headers, **length})


@csrf_exempt
@login_not_required
def library_settings(request: HttpRequest, key: str) -> HttpResponse:
    """Tell a library that asks Segment's CDN for its settings that it shall send events here."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=_MAY_ASK)
    if request.method not in ("GET", "HEAD"):
        return _refused("method_not_allowed", "Ask by GET.", status=405)
    try:
        _key(request, key, timezone.now())
    except NoSuchKey as why:
        return _refused("invalid_write_key", str(why), status=why.status)
    here = request.build_absolute_uri("/v1")
    protocol, _, host = here.partition("://")
    goal = {"apiKey": key, "apiHost": host, "protocol": protocol}
    return _said({"integrations": {"Segment.io": goal}, "plan": {}}, headers=_READABLE_BY_ALL)
