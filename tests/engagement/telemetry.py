"""What OpenTelemetry sends, from the few facts a test is about."""

from datetime import datetime
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest as Request,
)

from accounts.models import Project
from engagement.models import FollowedInstrument, Kind, Metric
from tests.factories import NOW

PLACE = {"service.name": "web", "service.version": "2.0", "deployment.environment": "production"}


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


def request_of(
    name: str,
    points: list[dict[str, Any]],
    *,
    told: str = "sum",
    is_delta: bool = False,
    is_monotonic: bool = True,
    place: dict[str, str] | None = None,
) -> Request:
    """Return a request with points of one instrument, each {at, since, value, count, ...}."""
    request = Request()
    resource = request.resource_metrics.add()
    for key, value in (PLACE if place is None else place).items():
        resource.resource.attributes.add(key=key).value.string_value = value
    metric = resource.scope_metrics.add().metrics.add(name=name, unit="1")
    data = getattr(metric, told)
    data.SetInParent()
    if told in ("sum", "histogram", "exponential_histogram"):
        data.aggregation_temporality = 1 if is_delta else 2
    if told == "sum":
        data.is_monotonic = is_monotonic
    for point in points:
        raw = data.data_points.add(
            time_unix_nano=ns(point["at"]), flags=point.get("flags", 0)
        )  # fmt: skip
        if "since" in point:
            raw.start_time_unix_nano = ns(point["since"])
        if told in ("histogram", "exponential_histogram", "summary"):
            raw.count = point["count"]
            if point.get("value") is not None:
                raw.sum = point["value"]
        elif point.get("value") is not None:
            raw.as_double = point["value"]
        for key, value in point.get("attributes", {}).items():
            raw.attributes.add(key=key).value.string_value = value
    return request


def follow(project: Project, name: str = "orders", **facts: Any) -> FollowedInstrument:
    """Return an instrument that feeds a metric of the key `orders`, by the hour."""
    facts.setdefault("shape", "sum")
    facts.setdefault("take", "increase")
    resolution = facts.pop("resolution", None)
    metric = Metric.objects.create(
        project=project, key=name.replace(".", "_"), name=name, kind=Kind.COUNT
    )  # fmt: skip
    if resolution:
        metric.resolution = resolution
        metric.save()
    return FollowedInstrument.objects.create(
        project=project, metric=metric, name=name, created_at=NOW, **facts
    )
