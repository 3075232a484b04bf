"""The door that OpenTelemetry's exporters post metrics to: OTLP/HTTP, as Protobuf or as JSON.

https://opentelemetry.io/docs/specs/otlp/#otlphttp says what is answered when.
"""

import logging
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse as Answer,
)

from accounts.known_keys import NoSuchKey, known_key, shown_as_user
from accounts.models import Project, Scope
from common.errors import BadInput
from common.otlp import JSON, PROTOBUF, kind_of, status_body
from common.overload import BUSY_TEXT, busy_headers, is_busy
from engagement.event_calls import body_of, too_large
from engagement.telemetry_intake import record_points
from engagement.telemetry_points import instruments_in, read_request
from engagement.telemetry_taken import Taken

logger = logging.getLogger(__name__)

# Some ten times what a collector sends at a time by default.
MAX_BODY = 4 * 1024 * 1024
MOST_POINTS = 50_000


@csrf_exempt
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Take the points of instruments from whoever shows a key that may send metrics.

    What the database could not store now is safe to send again, since each point counts once.
    """
    if request.method != "POST":
        return _refused(request, 405, "Send it by POST.")
    try:
        return _taken(request, timezone.now())
    except OperationalError as error:
        # Exporters give up what is answered by 500, and try 503 again.
        if not is_busy(error):
            logger.exception("Points of instruments could not be stored")
        status = 429 if is_busy(error) else 503
        return _refused(request, status, BUSY_TEXT)


def _taken(request: HttpRequest, now: datetime) -> HttpResponse:
    kind = kind_of(str(request.META.get("CONTENT_TYPE", "")))
    try:
        key = known_key(_shown(request), Scope.METRICS_WRITE, now=now)
        if kind not in (JSON, PROTOBUF):
            return _refused(request, 415, f"Send {PROTOBUF} or {JSON}.")
        body = body_of(request, most=MAX_BODY)
        found = list(instruments_in(read_request(body, is_json=kind == JSON)))
    except NoSuchKey as why:
        return _refused(request, why.status, _why(request, why))
    except BadInput as error:
        is_large = str(error) == str(too_large(MAX_BODY))
        return _refused(request, 413 if is_large else 400, str(error))
    points = sum(len(one.points) for one in found)
    if points > MOST_POINTS:
        return _refused(request, 413, f"{points:,} points; send at most {MOST_POINTS:,} at a time.")
    taken = record_points(Project.objects.get(pk=key.project_id), found, now=now)
    return _answer(kind, taken)


def _shown(request: HttpRequest) -> str:
    for name in ("HTTP_API_KEY", "HTTP_X_API_KEY"):
        if shown := str(request.META.get(name, "")).strip():
            return shown
    scheme, _, shown = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return shown.strip() if scheme.lower() == "api-key" else shown_as_user(request)


def _why(request: HttpRequest, why: NoSuchKey) -> str:
    if _shown(request):
        return str(why)
    return "Send an API key: Authorization: Bearer KEY, in OTEL_EXPORTER_OTLP_HEADERS."


def _answer(kind: str, taken: Taken) -> HttpResponse:
    answer = Answer()
    if taken.refused:
        answer.partial_success.rejected_data_points = taken.refused
        answer.partial_success.error_message = " ".join(taken.why)[:1_000]
    body = MessageToJson(answer, indent=None) if kind == JSON else answer.SerializeToString()
    return HttpResponse(body, content_type=kind)


def _refused(request: HttpRequest, status: int, said: str) -> HttpResponse:
    body, kind = status_body(said, content_type=str(request.META.get("CONTENT_TYPE", "")))
    headers = busy_headers() if status in (429, 503) else {}
    return HttpResponse(body, status=status, headers={**headers, "Content-Type": kind})
