"""The doors for the widget: its script, and where its messages go. Open to the world."""

import gzip
import hashlib
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_safe

from accounts.callers import address_of
from common.api import read_json
from common.errors import BadInput
from feedback.connectors.widget import may_send, read_message, settings_for_page
from feedback.messages import TooMany, note_refusal, open_connection, take_message
from feedback.models import Connection

SCRIPT = settings.BASE_DIR / "static" / "widget.js"
MAX_BODY = 32 * 1024
# Its address never changes, so that nobody has to change their pages: an hour after an upgrade
# every page has the new one, and asking whether there is one costs a 304.
SCRIPT_IS_FRESH = "public, max-age=3600, stale-while-revalidate=86400"
SETTINGS_ARE_FRESH = "public, max-age=300"


@lru_cache(maxsize=1)
def _script(_changed: float) -> tuple[bytes, bytes, str]:
    text = Path(SCRIPT).read_bytes()
    return text, gzip.compress(text, 9, mtime=0), hashlib.sha256(text).hexdigest()[:20]


def script_now() -> tuple[bytes, bytes, str]:
    """Return the widget's script as it is, compressed by gzip, and its fingerprint."""
    return _script(Path(SCRIPT).stat().st_mtime)


@login_not_required
@require_safe
@condition(etag_func=lambda _request: f'W/"{script_now()[2]}"')
def widget_script(request: HttpRequest) -> HttpResponse:
    """Return the script, for pages of any site."""
    plain, zipped, _ = script_now()
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        zipped if takes_gzip else plain,
        content_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": SCRIPT_IS_FRESH,
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    # The same for everybody, whom the middleware looked for: caches need not tell cookies apart.
    request.session.accessed = False
    return response


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def widget(request: HttpRequest, key: str) -> HttpResponse:
    """Say what the widget asks for (GET), or take a message (POST), if the page's site may ask.

    There is no session and no cookie here, so there is nothing that another site could misuse.
    """
    try:
        connection = open_connection(key)
    except Http404:
        return _refused(404, "Nothing has this key.", origins="*")
    origin = request.headers.get("Origin", "")
    if not may_send(connection.options, origin):
        if request.method == "POST":
            note_refusal(connection, now=timezone.now())
        mend = "List it in Wake: this project’s settings, Sources."
        return _refused(403, f"{origin[:200] or 'This'} is no site that may send. {mend}")
    origins = origin if str(connection.options.get("origins", "")).strip() else "*"
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = "GET, POST"
        response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Access-Control-Max-Age"] = "86400"
    elif request.method == "POST":
        response = _take(request, connection)
    else:
        response = JsonResponse(settings_for_page(connection.options))
        response["Cache-Control"] = SETTINGS_ARE_FRESH
    return _readable_by(response, origins)


def _take(request: HttpRequest, connection: Connection) -> HttpResponse:
    now = timezone.now()
    try:
        row, waited = read_message(
            read_json(small_body(request)),
            signing_secret=str(connection.secrets.get("signing_secret") or ""),
            environment=connection.environment,
            agent=request.headers.get("User-Agent", ""),
        )
        created = take_message(connection, row, waited=waited, sender=address_of(request), now=now)
    except RequestDataTooBig:
        return _refused(413, f"The message is larger than {MAX_BODY // 1024} KB.")
    except UnreadablePostError:
        return _refused(400, "The message broke off.")
    except BadInput as error:
        return _refused(400, str(error), errors=[error.as_dict()])
    except TooMany as too_many:
        response = _refused(429, str(too_many))
        response["Retry-After"] = str(math.ceil(too_many.wait.total_seconds()))
        return response
    return JsonResponse({"received": True, "created": created}, status=201 if created else 200)


def small_body(request: HttpRequest) -> bytes:
    """Return the body of a call; raises RequestDataTooBig before reading more than MAX_BODY."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise RequestDataTooBig
    return request.body


def _refused(status: int, detail: str, *, origins: str = "", **more: Any) -> HttpResponse:
    response = JsonResponse({"detail": detail, **more}, status=status)
    return _readable_by(response, origins) if origins else response


def _readable_by(response: HttpResponse, origins: str) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = origins
    response["Access-Control-Expose-Headers"] = "Retry-After"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Origin"])
    return response
