"""The doors for what was learned: scripts read, people confirm on the pages."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Project, Scope
from common.paging import page_of
from common.query import read_choice, read_since_until
from common.values import storable
from deployments.addresses import page_of_deployment
from learning import api_schema
from learning.grounds import Grounds, grounds_of
from learning.library import State, holding, in_state
from learning.models import ImpactEstimate, Learning
from learning.verdict import Verdict


class LearningList(APIView):
    """What the team took away from its ships."""

    @api_schema.describe_list
    def get(self, request: Request) -> Response:
        """Return the newest version of each learning, newest first.

        `state=superseded` returns the versions that a later one has replaced instead.
        """
        project = project_for_key(request, Scope.READ)
        rows = _filtered(project, request.query_params)
        page = page_of(request, rows, by=("-drafted_at", "-pk"))
        grounds = grounds_of(page.rows)
        results = [_learning(learning, grounds.get(learning.pk)) for learning in page.rows]
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
        "drafted_at__gte": since,
        "drafted_at__lt": until,
    }
    rows = in_state(read_choice(asked, "state", State) or "", timezone.now())
    rows = rows.filter(project=project).select_related("deployment__project", "confirmed_by")
    rows = rows.prefetch_related("tags", "also_taught_by")
    if asked.get("tag"):
        rows = rows.filter(tags__name=storable(asked["tag"]).strip().lower())
    rows = holding(rows, asked.get("q", ""))
    return rows.filter(**{lookup: value for lookup, value in wanted.items() if value})


def _learning(learning: Learning, grounds: Grounds | None) -> dict[str, Any]:
    ship = learning.deployment
    return {
        "id": learning.pk,
        "deployment": ship.pk,
        "deployment_version": ship.version,
        "url": page_of_deployment(ship),
        "version": learning.version,
        "supersedes": learning.supersedes_id,
        "verdict": learning.verdict,
        "headline": learning.headline,
        "evidence": learning.evidence,
        "takeaway": learning.takeaway,
        "tags": [tag.name for tag in learning.tags.all()],
        "also_taught_by": [other.pk for other in learning.also_taught_by.all()],
        "state": learning.state,
        "drafted_at": learning.drafted_at,
        "confirmed_at": learning.confirmed_at,
        "confirmed_by": str(learning.confirmed_by) if learning.confirmed_by else "",
        "grounds": _grounds(grounds) if grounds else None,
    }


def _grounds(grounds: Grounds) -> dict[str, Any]:
    row = grounds.estimate
    needed = grounds.needed_window
    return {
        "metric": grounds.hypothesis.metric.key,
        "goal": grounds.goal,
        "goal_window_seconds": int(grounds.hypothesis.window.total_seconds()),
        "effect": row.effect if row else None,
        "low": row.low if row else None,
        "high": row.high if row else None,
        "smallest_visible": row.smallest_visible if row else None,
        "window_start_at": row.window_start_at if row else None,
        "window_end_at": row.window_end_at if row else None,
        "decided_after_seconds": int(row.checkup.horizon.total_seconds()) if row else None,
        "method": row.method if row else "",
        "note": row.note if row else "",
        "needed": grounds.needed,
        "needed_window_seconds": int(needed.total_seconds()) if needed else None,
        "look_again_at": grounds.next_look_at,
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
        "beside": estimate.beside,
        "method": estimate.method,
        "estimated_at": estimate.estimated_at,
    }
