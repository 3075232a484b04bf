"""The doors for what was learned: scripts read, people confirm on the pages."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Project, Scope
from common.paging import page_of
from common.query import read_choice, read_since_until
from deployments.addresses import page_of_deployment
from learning import api_schema
from learning.models import ImpactEstimate, Learning
from learning.verdict import Verdict


class LearningList(APIView):
    """What the team took away from its ships."""

    @api_schema.describe_list
    def get(self, request: Request) -> Response:
        """Return the newest version of each learning, newest first."""
        project = project_for_key(request, Scope.READ)
        rows = _filtered(project, request.query_params)
        page = page_of(request, rows, by=("-drafted_at", "-pk"))
        results = [_learning(learning) for learning in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


class EstimateList(APIView):
    """What one deployment did to the metrics."""

    @api_schema.describe_estimates
    def get(self, request: Request, pk: int) -> Response:
        """Return every estimate of the deployment's effects, newest first."""
        project = project_for_key(request, Scope.READ)
        deployment = get_object_or_404(project.deployments.all(), pk=pk)
        rows = deployment.estimates.select_related("metric", "checkup")
        page = page_of(request, rows, by=("-estimated_at", "-pk"))
        results = [_estimate(estimate) for estimate in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


def _filtered(project: Project, asked: Mapping[str, str]) -> "QuerySet[Learning]":
    since, until = read_since_until(asked)
    wanted: dict[str, Any] = {
        "verdict": read_choice(asked, "verdict", Verdict),
        "state": read_choice(asked, "state", Learning.State),
        "drafted_at__gte": since,
        "drafted_at__lt": until,
    }
    rows: QuerySet[Learning] = Learning.objects.current().filter(project=project)
    rows = rows.select_related("deployment__project", "confirmed_by")
    return rows.filter(**{lookup: value for lookup, value in wanted.items() if value})


def _learning(learning: Learning) -> dict[str, Any]:
    ship = learning.deployment
    return {
        "id": learning.pk,
        "deployment": ship.pk,
        "deployment_version": ship.version,
        "url": page_of_deployment(ship),
        "version": learning.version,
        "verdict": learning.verdict,
        "headline": learning.headline,
        "evidence": learning.evidence,
        "takeaway": learning.takeaway,
        "state": learning.state,
        "drafted_at": learning.drafted_at,
        "confirmed_at": learning.confirmed_at,
        "confirmed_by": str(learning.confirmed_by) if learning.confirmed_by else "",
    }


def _estimate(estimate: ImpactEstimate) -> dict[str, Any]:
    return {
        "metric": estimate.metric.key,
        "after_seconds": int(estimate.checkup.horizon.total_seconds()),
        "word": estimate.word,
        "effect": estimate.effect,
        "low": estimate.low,
        "high": estimate.high,
        "smallest_visible": estimate.smallest_visible,
        "is_real": estimate.is_real,
        "look_again_at": estimate.look_again_at,
        "note": estimate.note,
        "method": estimate.method,
        "estimated_at": estimate.estimated_at,
    }
