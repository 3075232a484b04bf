"""The door for scripts to what was found."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Scope
from common.api_schema import errors, filters, paged
from common.paging import page_of
from common.query import read_choice, read_since_until
from deployments.addresses import page_of_deployment
from learning.models import Finding


class FindingKept(serializers.Serializer[object]):
    """Something worth a person's attention; it names feedback by id, never by its words."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Finding.Kind.choices)
    headline = serializers.CharField()
    deployment = serializers.IntegerField(allow_null=True)
    deployment_version = serializers.CharField()
    url = serializers.CharField(help_text="The ship's page.")
    evidence = serializers.DictField(help_text="Numbers, phrases and ids of feedback, by kind.")
    score = serializers.FloatField(help_text="How many times over it passed its bar.")
    found_at = serializers.DateTimeField()
    claimed_by = serializers.CharField(help_text="Empty: nobody.")
    escalated_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class FindingList(APIView):
    """What is worth a person's attention."""

    @extend_schema(
        operation_id="list_findings",
        summary="List findings, newest first",
        tags=["learnings"],
        parameters=filters("kind", "since", "until"),
        responses={200: paged("FindingPage", FindingKept), **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """Return what was found, newest first; `since` and `until` are of when."""
        project = project_for_key(request, Scope.READ)
        since, until = read_since_until(request.query_params)
        wanted: dict[str, Any] = {
            "kind": read_choice(request.query_params, "kind", Finding.Kind),
            "found_at__gte": since,
            "found_at__lt": until,
        }
        rows = Finding.objects.filter(
            project=project, **{lookup: value for lookup, value in wanted.items() if value}
        ).select_related("deployment__project", "claimed_by")
        page = page_of(request, rows, by=("-found_at", "-pk"))
        results = [_finding(row) for row in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


def _finding(row: Finding) -> dict[str, Any]:
    ship = row.deployment
    return {
        "id": row.pk,
        "kind": row.kind,
        "headline": row.headline,
        "deployment": ship.pk if ship else None,
        "deployment_version": ship.version if ship else "",
        "url": page_of_deployment(ship) if ship else "",
        "evidence": row.evidence,
        "score": row.score,
        "found_at": row.found_at,
        "claimed_by": str(row.claimed_by) if row.claimed_by else "",
        "escalated_at": row.escalated_at,
        "closed_at": row.closed_at,
    }
