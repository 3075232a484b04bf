"""The doors for deployments: CI posts, scripts read."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Project, Scope
from common.errors import BadInput
from common.paging import page_of
from common.query import read_choice, read_since_until, read_word
from deployments.addresses import page_of_deployment
from deployments.api_schema import describe_detail, describe_list, describe_report
from deployments.deliveries import keep_unreadable
from deployments.intake import Recorded, record_deployment
from deployments.models import Deployment, DeploymentStatus, Hypothesis
from deployments.providers import generic
from deployments.succession import Succession, successions


class DeploymentList(APIView):
    """What a project shipped."""

    @describe_report
    def post(self, request: Request) -> Response:
        """Record a ship; a retry of the same ship answers 200 and stores nothing twice."""
        project = project_for_key(request, Scope.DEPLOYMENTS_WRITE)
        now = timezone.now()
        try:
            ship = generic.parse(request.data, now=now)
        except BadInput as reason:
            body = request._request.body
            keep_unreadable(project=project, provider="api", body=body, reason=reason, now=now)
            raise
        recorded = record_deployment(project=project, ship=ship, now=now)
        return Response(_receipt(recorded), status=201 if recorded.created else 200)

    @describe_list
    def get(self, request: Request) -> Response:
        """Return the project's ships, newest first."""
        project = project_for_key(request, Scope.READ)
        rows = _filtered(project, request)
        page = page_of(request, rows, by=("-shipped_at", "-pk"))
        lives = successions(page.rows)
        results = [_summary(deployment, lives[deployment.pk]) for deployment in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


class DeploymentDetail(APIView):
    """One ship."""

    @describe_detail
    def get(self, request: Request, pk: int) -> Response:
        """Return one ship with its changes, its people and its checkups."""
        project = project_for_key(request, Scope.READ)
        return Response(_detail(get_object_or_404(_with_names(project), pk=pk)))


def _with_names(project: Project) -> QuerySet[Deployment]:
    return project.deployments.select_related(
        "project", "environment", "service", "hypothesis__metric"
    )


def _filtered(project: Project, request: Request) -> QuerySet[Deployment]:
    asked = request.query_params
    rows = _with_names(project).prefetch_related("shippers")
    since, until = read_since_until(asked)
    status = read_choice(asked, "status", DeploymentStatus)
    wanted: dict[str, Any] = {
        "environment__name": read_word(asked, "environment"),
        "service__name": read_word(asked, "service"),
        "version": read_word(asked, "version"),
        "status": status,
        "shipped_at__gte": since,
        "shipped_at__lt": until,
    }
    return rows.filter(**{lookup: value for lookup, value in wanted.items() if value})


def _receipt(recorded: Recorded) -> dict[str, Any]:
    """What CI is told: enough to print a link and to mend what could not be read."""
    deployment = recorded.deployment
    return {
        "id": deployment.pk,
        "url": page_of_deployment(deployment),
        "version": deployment.version,
        "environment": deployment.environment.name,
        "status": deployment.status,
        "kind": deployment.kind,
        "rolls_back": list(
            deployment.rolls_back.order_by("shipped_at", "pk").values_list("pk", flat=True)
        ),
        "created": recorded.created,
        "checkups_due": list(
            deployment.checkups.filter(finished_at=None)
            .order_by("due_at")
            .values_list("due_at", flat=True)
        ),
        "hypothesis": _hypothesis(deployment),
        "problems": list(recorded.problems),
    }


def _hypothesis(deployment: Deployment) -> dict[str, Any] | None:
    stated: Hypothesis | None = getattr(deployment, "hypothesis", None)
    if stated is None:
        return None
    return {
        "metric": stated.metric.key,
        "direction": stated.direction,
        "min_effect": stated.min_effect,
        "window_seconds": int(stated.window.total_seconds()),
        "statement": stated.statement,
        "because": stated.because,
        "frozen_at": stated.frozen_at,
    }


def _summary(deployment: Deployment, life: Succession) -> dict[str, Any]:
    return {
        "id": deployment.pk,
        "url": page_of_deployment(deployment),
        "version": deployment.version,
        "sha": deployment.sha,
        "environment": deployment.environment.name,
        "service": deployment.service.name if deployment.service else "",
        "status": deployment.status,
        "state": life.state,
        "kind": deployment.kind,
        "title": deployment.title,
        "shipped_at": deployment.shipped_at,
        "ended_at": life.ended_at,
        "superseded_by": life.next.pk if life.next else None,
        "rolled_back_at": deployment.rolled_back_at,
        "rolled_back_by": deployment.rolled_back_by_id,
        "rolls_back": [taken.pk for taken in life.takes_back],
        "shippers": [
            {"email": person.email, "name": person.name} for person in deployment.shippers.all()
        ],
        "hypothesis": _hypothesis(deployment),
    }


def _detail(deployment: Deployment) -> dict[str, Any]:
    return {
        **_summary(deployment, successions([deployment])[deployment.pk]),
        "started_at": deployment.started_at,
        "received_at": deployment.received_at,
        "notes": deployment.notes,
        "link": deployment.url,
        "areas": deployment.areas,
        "tags": deployment.tags,
        "fixes": deployment.fixes,
        "extra": deployment.extra,
        "changes": [
            {
                "kind": change.kind,
                "ref": change.ref,
                "message": change.message,
                "author": {"name": change.author_name, "email": change.author_email},
                "authored_at": change.authored_at,
                "files": change.files,
                "url": change.url,
            }
            for change in deployment.changes.order_by("pk")
        ],
        "checkups": list(
            deployment.checkups.order_by("due_at").values("due_at", "finished_at", "problem")
        ),
        "adoption": _adoption(deployment),
        **_saying(deployment),
    }


def _adoption(deployment: Deployment) -> dict[str, Any] | None:
    """How far customers have taken it up, or None where nobody measures that."""
    known = deployment.adopted
    if known is None:
        return None
    return {
        "share": known.share,
        "users": known.users,
        "threshold": known.threshold,
        "reached_at": known.reached_at,
        "measured_at": known.measured_at,
    }


def _saying(deployment: Deployment) -> dict[str, Any]:
    """What customers started and stopped saying after the ship, the surest first."""
    phrases = [
        {
            "phrase": row.phrase,
            "score": round(row.score, 2),
            "before": row.before_count,
            "before_total": row.before_total,
            "after": row.after_count,
            "after_total": row.after_total,
            "about_this": row.about_count,
            "window_seconds": int(row.window.total_seconds()),
            "quotes": row.quotes,
        }
        for row in deployment.phrases.order_by("-score", "pk")
    ]
    return {
        "started_saying": [row for row in phrases if row["score"] > 0],
        "stopped_saying": [row for row in phrases[::-1] if row["score"] < 0],
    }
