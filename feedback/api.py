"""The doors for feedback: scripts send what customers said, one by one or in batches."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import project_for_key
from accounts.models import Project, Scope
from common.api import batch_in
from common.paging import page_of
from common.query import read_choice, read_since_until, read_word
from common.values import read_number
from feedback.api_schema import describe_detail, describe_list, describe_submit
from feedback.intake import BATCH
from feedback.models import FeedbackItem, Status
from feedback.singles import Promised, submit_many, submit_one
from feedback.sorting import settle


class FeedbackList(APIView):
    """What customers said."""

    @describe_submit
    def post(self, request: Request) -> Response:
        """Take one thing a customer said, or a batch; sending it again changes nothing."""
        project = project_for_key(request, Scope.FEEDBACK_WRITE)
        answer, status = take(project, request.data, now=timezone.now())
        return Response(answer, status=status)

    @describe_list
    def get(self, request: Request) -> Response:
        """Return what customers said, newest first."""
        project = project_for_key(request, Scope.READ)
        page = page_of(request, _filtered(project, request.query_params), by=("-said_at", "-pk"))
        results = [_summary(item) for item in page.rows]
        return Response({"results": results, "next": page.next, "previous": page.previous})


class FeedbackDetail(APIView):
    """One thing a customer said."""

    @describe_detail
    def get(self, request: Request, pk: int) -> Response:
        """Return one thing a customer said, with all that came with it."""
        project = project_for_key(request, Scope.READ)
        found = project.feedback.select_related("customer").filter(pk=pk)
        if not (item := found.first()) and settle(project, now=timezone.now(), only=Q(pk=pk)):
            item = found.first()
        if item is None:
            raise NotFound
        return Response(_detail(item))


def take(
    project: Project, body: Any, *, now: datetime, in_a_rush: bool = False
) -> tuple[dict[str, Any], int]:
    """Store what a call brought; return the answer and its status. Raises BadInput or TooLarge."""
    rows = batch_in(body, "feedback", most=BATCH)
    if rows is not None:
        return submit_many(project=project, rows=rows, now=now, in_a_rush=in_a_rush).as_dict(), 200
    item, created = submit_one(project=project, row=body, now=now, in_a_rush=in_a_rush)
    return {**_summary(item), "created": created}, 201 if created else 200


def _filtered(project: Project, asked: Mapping[str, str]) -> QuerySet[FeedbackItem]:
    since, until = read_since_until(asked)
    wanted: dict[str, Any] = {
        "status": read_choice(asked, "status", Status),
        "version": read_word(asked, "version"),
        "source": read_word(asked, "source"),
        "rating__gte": read_number(asked.get("rating_min"), field="rating_min"),
        "rating__lte": read_number(asked.get("rating_max"), field="rating_max"),
        "said_at__gte": since,
        "said_at__lt": until,
        "text__icontains": read_word(asked, "q"),
    }
    rows = FeedbackItem.objects.heard().filter(project=project).select_related("customer")
    return rows.filter(**{k: value for k, value in wanted.items() if value not in (None, "")})


def _summary(item: FeedbackItem | Promised) -> dict[str, Any]:
    return {
        "id": item.pk,
        "external_id": item.external_id,
        "source": item.source,
        "text": item.text,
        "rating": item.rating,
        "version": item.version,
        "created_at": item.said_at,
        "status": item.status,
        "theme": item.theme,
        "mood": item.mood,
    }


def _detail(item: FeedbackItem) -> dict[str, Any]:
    customer = item.customer
    return {
        **_summary(item),
        "environment": item.environment,
        "area": item.area,
        "url": item.url,
        "customer": customer
        and {"id": customer.external_id, "name": customer.name, "email": customer.email},
        "reply_text": item.reply_text,
        "replied_at": item.replied_at,
        "received_at": item.received_at,
        "seen_at": item.seen_at,
        "language": item.language,
        "rating_scale": item.rating_scale,
        "rating_given": item.rating_given,
        "held_at": item.held_at,
        "held_because": item.held_because,
        "merged_into": item.merged_into_id,
        "extra": item.extra,
    }
