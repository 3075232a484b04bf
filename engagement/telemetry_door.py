"""The door that OpenTelemetry's exporters post metrics to: OTLP/HTTP, as Protobuf or as JSON.

https://opentelemetry.io/docs/specs/otlp/#otlphttp says what is answered when.
"""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse as Answer,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from accounts.known_keys import NoSuchKey, known_key, shown_as_user
from accounts.models import Project, Scope
from common.errors import BadInput
from engagement.event_calls import body_of, too_large
from engagement.telemetry_intake import Taken, record_points
from engagement.telemetry_points import instruments_in, read_request

JSON, PROTOBUF = "application/json", "application/x-protobuf"
# Some ten times what a collector sends at a time by default.
MAX_BODY = 4 * 1024 * 1024
MOST_POINTS = 50_000
RETRY_SECONDS = "5"


@csrf_exempt
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Take the points of instruments from whoever shows a key that may send metrics."""
    if request.method != "POST":
        return _refused(request, 405, "Send it by POST.")
    kind = str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    now = timezone.now()
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
    try:
        taken = record_points(Project.objects.get(pk=key.project_id), found, now=now)
    except OperationalError:  # too many write at once: what was sent is safe to send again
        return _refused(request, 503, "Wake is busy.", {"Retry-After": RETRY_SECONDS})
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
    return _as(kind, answer, 200)


def _refused(
    request: HttpRequest, status: int, said: str, headers: dict[str, str] | None = None
) -> HttpResponse:
    # The specification wants a google.rpc.Status. Its message has the number 2, as this one's has:
    # on the wire, and in JSON, the two are the same.
    kind = str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    answer = _as(kind if kind == JSON else PROTOBUF, Status(message=said), status)
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def _as(kind: str, message: Any, status: int) -> HttpResponse:
    body = MessageToJson(message, indent=None) if kind == JSON else message.SerializeToString()
    return HttpResponse(body, status=status, content_type=kind)
