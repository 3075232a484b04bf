"""The doors for what users do: metrics, and their samples."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Project, Scope
from common.api import batch_in
from common.errors import BadInput
from common.paging import page_of
from common.query import read_since_until
from engagement import api_schema
from engagement.event_defining import save_metric, shown
from engagement.intake import BATCH, record_samples
from engagement.models import Metric, MetricSample, Way


class MetricList(APIView):
    """The metrics of a project."""

    @api_schema.describe_define
    def post(self, request: Request) -> Response:
        """Define a metric, or change what is said of it; what is not sent stays as it is."""
        project = project_for_key(request, Scope.METRICS_WRITE)
        metric, created = save_metric(project, request.data, now=timezone.now())
        return Response({**_metric(metric), "created": created}, status=201 if created else 200)

    @api_schema.describe_list
    def get(self, request: Request) -> Response:
        """Return the project's metrics by key."""
        project = project_for_key(request, Scope.READ)
        metrics = project.metrics.select_related("definition")
        page = page_of(request, metrics, by=("key",))
        results = [_metric(metric) for metric in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


class SampleBatch(APIView):
    """Samples of any metrics."""

    @api_schema.describe_record
    def post(self, request: Request) -> Response:
        """Record samples; a bucket that is sent again keeps the last value."""
        project = project_for_key(request, Scope.METRICS_WRITE)
        return Response(take_samples(project, request.data, now=timezone.now()))


class SampleList(APIView):
    """The samples of one metric."""

    @api_schema.describe_samples
    def get(self, request: Request, key: str) -> Response:
        """Return the samples of a metric, oldest first."""
        project = project_for_key(request, Scope.READ)
        metric = get_object_or_404(project.metrics.all(), key=key)
        since, until = read_since_until(request.query_params)
        rows = metric.samples.all()
        if since:
            rows = rows.filter(taken_at__gte=since)
        if until:
            rows = rows.filter(taken_at__lt=until)
        page = page_of(request, rows, by=("taken_at",))
        results = [_sample(sample) for sample in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


def take_samples(project: Project, body: Any, *, now: datetime) -> dict[str, Any]:
    """Record the samples of a call and return the answer; raises BadInput or TooLarge."""
    rows = batch_in(body, "samples", most=BATCH)
    if rows is None:
        raise BadInput("samples", "is missing.", 'Send {"samples": [...]}, or a list.')
    return record_samples(project=project, rows=rows, now=now, way=Way.API).as_dict()


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "key": metric.key,
        "name": metric.name,
        "unit": metric.unit,
        "kind": metric.kind,
        "good_direction": metric.good_direction,
        "role": metric.role,
        "no_data": metric.no_data,
        "resolution_seconds": int(metric.resolution.total_seconds()),
        "definition": shown(metric.definition) if hasattr(metric, "definition") else None,
    }


def _sample(sample: MetricSample) -> dict[str, Any]:
    return {"at": sample.taken_at, "value": sample.value, "denominator": sample.exposure}
