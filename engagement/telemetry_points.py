"""Reading what OpenTelemetry's exporters send: one request in, the points of its instruments out.

The format is OTLP 1.x: https://opentelemetry.io/docs/specs/otlp/ and
https://opentelemetry.io/docs/specs/otel/metrics/data-model/. Pure, but for the words of shapes.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest as Request,
)
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp

from common.errors import BadInput
from common.values import storable
from engagement.models import Shape

NO_RECORDED_VALUE = otlp.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
_CUMULATIVE = otlp.AGGREGATION_TEMPORALITY_CUMULATIVE
_DELTA = otlp.AGGREGATION_TEMPORALITY_DELTA
# As semantic conventions name them, the newer name first.
_PLACES = {
    "environment": ("deployment.environment.name", "deployment.environment"),
    "service": ("service.name",),
    "version": ("service.version",),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where points come from, as their resource says; blank where it does not."""

    environment: str = ""
    service: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One data point; of a histogram `value` is the sum, which need not be known."""

    time_ns: int
    start_ns: int
    value: float | None
    count: float | None
    mark: str  # the same for all points of its stream


@dataclass(frozen=True, slots=True)
class Instrument:
    """The points of one instrument from one place, and what is said of them."""

    name: str
    shape: Shape
    is_delta: bool
    unit: str
    description: str
    place: Place
    points: tuple[Point, ...]
    broken: int = 0  # points that are no finite numbers, or have no time


def read_request(body: bytes, *, is_json: bool) -> Request:
    """Return the request in a body; raises BadInput if it is none."""
    request = Request()
    try:
        if is_json:
            Parse(body, request, ignore_unknown_fields=True, max_recursion_depth=50)
        else:
            request.ParseFromString(body)
    except (ParseError, DecodeError, ValueError, RecursionError) as reason:
        what = f"is no OTLP request: {str(reason)[:200]}."
        raise BadInput("body", what, "Send ExportMetricsServiceRequest.") from None
    return request


def instruments_in(request: Request) -> Iterator[Instrument]:
    """Yield the instruments of a request with their points; those without any are left out."""
    for resource in request.resource_metrics:
        place = _place(resource.resource.attributes)
        origin = _digest(_attributes(resource.resource.attributes))
        for scope in resource.scope_metrics:
            where = _digest(origin, scope.scope.name, scope.scope.version)
            for metric in scope.metrics:
                found = _instrument(metric, place, where)
                if found is not None:
                    yield found


def _instrument(metric: otlp.Metric, place: Place, where: str) -> Instrument | None:
    told = metric.WhichOneof("data")
    if told is None or not metric.name:
        return None
    data = getattr(metric, told)
    shape, is_delta = _shape(told, data)
    kept, broken = [], 0
    for raw in data.data_points:
        if raw.flags & NO_RECORDED_VALUE:
            continue  # a stream that ended says so: nothing was measured, and nothing is wrong
        mark = _digest(where, shape.value, str(is_delta), metric.unit, _attributes(raw.attributes))
        point = _point(raw, mark, told)
        if point is None:
            broken += 1
        else:
            kept.append(point)
    if not kept and not broken:
        return None
    return Instrument(
        name=storable(metric.name)[:255],
        shape=shape,
        is_delta=is_delta,
        unit=storable(metric.unit)[:63],
        description=storable(metric.description)[:300],
        place=place,
        points=tuple(kept),
        broken=broken,
    )


def _shape(told: str, data: Any) -> tuple[Shape, bool]:
    if told == "gauge":
        return Shape.GAUGE, False
    if told == "summary":  # an older kind: its count and sum go on for ever
        return Shape.HISTOGRAM, False
    is_delta = data.aggregation_temporality == _DELTA
    if told == "sum":
        # What goes up and down is a level if it goes on; as changes alone it can only be added up.
        return (Shape.SUM if data.is_monotonic or is_delta else Shape.LEVEL), is_delta
    return Shape.HISTOGRAM, is_delta


def _point(raw: Any, mark: str, told: str) -> Point | None:
    if not 0 < raw.time_unix_nano < 2**63 or raw.start_time_unix_nano >= 2**63:
        return None
    count: float | None = None
    if told in ("gauge", "sum"):
        which = raw.WhichOneof("value")
        value = None if which is None else float(getattr(raw, which))
    else:
        count = float(raw.count)
        has_sum = told == "summary" or raw.HasField("sum")
        value = float(raw.sum) if has_sum and math.isfinite(raw.sum) else None
    if count is None and (value is None or not math.isfinite(value)):
        return None
    return Point(raw.time_unix_nano, raw.start_time_unix_nano, value, count, mark)


def _place(attributes: Any) -> Place:
    said = {one.key: one.value.string_value for one in attributes}
    found = {
        word: next((said[name] for name in names if said.get(name)), "")
        for word, names in _PLACES.items()
    }
    return Place(**{word: storable(text).strip()[:100] for word, text in found.items()})


def _attributes(attributes: Any) -> str:
    """Return attributes as one text, the same in whatever order they came."""
    pairs = ((one.key, one.value.SerializeToString(deterministic=True).hex()) for one in attributes)
    return repr(sorted(pairs))


def _digest(*parts: str) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
