"""What waits for one person, in the order in which it is urgent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, QuerySet

from accounts.models import Project, User
from common.windows import WEEK
from deployments.models import Deployment
from feedback.models import FeedbackEvent, FeedbackItem, Status
from learning.models import Attribution, Finding, FindingEvent, Learning

SHOWN = 4
RECENT = 4 * WEEK  # what customers said before that, and nobody read, waits in the inbox
MOST_COUNTED = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Handed:
    """Something that I look after, and who handed it to me and why, if anybody did."""

    thing: Any  # a Finding or a FeedbackItem
    by: User | None
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one person, each with how many there are and the first few.

    Counts stop at MOST_COUNTED.
    """

    findings: list[Finding]  # for me, that I have not opened and nobody looks after
    finding_count: int
    my_findings: list[Handed]
    my_feedback: list[Handed]
    handed_count: int  # of both
    unopened: list[FeedbackItem]  # bad words about a fresh ship that nobody opened in time
    unopened_count: int
    drafts: list[Learning]
    draft_count: int
    unread: list[Attribution]
    unread_count: int
    overdue_count: int  # of the whole team's drafts

    def __bool__(self) -> bool:
        return bool(
            self.finding_count
            or self.handed_count
            or self.unopened_count
            or self.draft_count
            or self.unread_count
            or self.overdue_count
        )


def waiting_for(user: User, project: Project, *, now: datetime) -> Waiting:
    """Return what waits for `user` in the project, in at most fifteen queries."""
    open_ones = Finding.objects.filter(project=project, closed_at=None)
    new = open_ones.filter(claimed_by=None, notices__user=user, notices__seen_at=None)
    mine = open_ones.filter(claimed_by=user)
    handed = FeedbackItem.objects.heard().filter(
        project=project, assignee=user, status__in=[Status.NEW, Status.SEEN]
    )
    late = FeedbackItem.objects.heard().filter(
        project=project,
        status=Status.NEW,
        escalated_at__isnull=False,
        seen_at=None,
        said_at__gt=now - RECENT,
    )
    drafts = Learning.objects.current().filter(project=project, state=Learning.State.DRAFT)
    my_ships = Deployment.objects.filter(project=project, shippers__user=user)
    my_drafts = drafts.filter(deployment__in=my_ships)
    unread = Attribution.objects.heard().filter(
        deployment__in=my_ships, is_best=True, feedback__seen_at=None, said_at__gt=now - RECENT
    )
    new_rows, new_count = _first(
        new.select_related("deployment").order_by(
            F("escalated_at").asc(nulls_last=True), "-score", "-pk"
        )
    )
    finding_rows, findings = _first(mine.select_related("deployment").order_by("-claimed_at"))
    item_rows, items = _first(handed.order_by("-assigned_at", "-pk"))
    late_rows, late_count = _first(late.order_by("-said_at", "-pk"))
    draft_rows, draft_count = _first(
        my_drafts.select_related("deployment").order_by("due_at", "pk")
    )
    unread_rows, unread_count = _first(
        unread.select_related("feedback", "deployment").order_by("-said_at", "pk")
    )
    return Waiting(
        findings=new_rows,
        finding_count=new_count,
        my_findings=_findings_with_reasons(finding_rows, user),
        my_feedback=_feedback_with_reasons(item_rows, user),
        handed_count=findings + items,
        unopened=late_rows,
        unopened_count=late_count,
        drafts=draft_rows,
        draft_count=draft_count,
        unread=unread_rows,
        unread_count=unread_count,
        overdue_count=drafts.filter(due_at__lt=now).count(),
    )


def _first(rows: "QuerySet[Any]") -> tuple[list[Any], int]:
    """Return the first few rows, and how many there are, up to MOST_COUNTED."""
    first = list(rows[: SHOWN + 1])
    if len(first) <= SHOWN:
        return first, len(first)
    return first[:SHOWN], rows.order_by()[:MOST_COUNTED].count()


def _findings_with_reasons(rows: Sequence[Finding], user: User) -> list[Handed]:
    if not rows:
        return []
    events = FindingEvent.objects.filter(
        finding__in=rows, to=user, kind=FindingEvent.Kind.HANDED_OVER
    )
    last = {event.finding_id: event for event in events.select_related("by").order_by("pk")}
    return [_handed(row, last.get(row.pk)) for row in rows]


def _feedback_with_reasons(rows: Sequence[FeedbackItem], user: User) -> list[Handed]:
    if not rows:
        return []
    events = FeedbackEvent.objects.filter(
        feedback__in=rows, kind=FeedbackEvent.Kind.HANDED_OVER, details__now=user.pk
    )
    last = {event.feedback_id: event for event in events.select_related("by").order_by("pk")}
    return [_handed(row, last.get(row.pk)) for row in rows]


def _handed(thing: Any, event: FindingEvent | FeedbackEvent | None) -> Handed:
    return Handed(thing, event.by if event else None, event.text if event else "")
