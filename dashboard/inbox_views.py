"""The doors of the feedback inbox: its list, and one feedback's page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import may, membership_for, project_for
from accounts.models import RANK, Project, Role, User
from common.pages import is_a_persons_look, page_or_part
from common.paging import page_of
from common.values import read_key
from dashboard.inbox import (
    count_new,
    environments_offered,
    neighbours,
    ships_offered,
    ships_to_choose,
    voices_of,
    with_best_ship,
)
from dashboard.inbox_bulk_views import may_be_undone
from dashboard.inbox_filters import InboxFilter
from dashboard.inbox_history import candidates_of, history_of, words_of_rating
from dashboard.reads.replies import replies_to
from feedback.arrivals import waiting_long
from feedback.models import BulkAction, FeedbackItem
from feedback.saved_views import default_view, views_for
from learning.looking import read_feedback

FIRST_CALL = """\
curl --max-time 10 {base}/api/v1/feedback/ \\
  -H "Authorization: Bearer $WAKE_API_KEY" \\
  -d '{{"text": "The new checkout is so much faster", "rating": 5, "version": "1.4.0"}}'"""
COPIES_SHOWN = 50


def _filter(request: HttpRequest, project: Project) -> InboxFilter:
    assert isinstance(request.user, User)
    return InboxFilter(request.GET, project=project, reader=request.user)


@require_safe
def inbox(request: HttpRequest, slug: str) -> HttpResponse:
    """List what customers said, newest first unless asked otherwise."""
    membership = membership_for(request.user, slug)
    project, rank = membership.project, RANK[Role(membership.role)]
    assert isinstance(request.user, User)
    if not request.GET and (view := default_view(request.user, project)):
        return redirect(f"{reverse('inbox', args=[slug])}?{view.query}")
    wanted = _filter(request, project)
    page = page_of(
        request,
        with_best_ship(wanted.items()),
        by=wanted.by,
        among=wanted.among(),
        far=None if (far := wanted.far()) is None else with_best_ship(far),
    )
    voices = voices_of(page.rows)
    for row in page.rows:
        row.copies = voices[row.pk]  # type: ignore[attr-defined]
    context = {
        "project": project,
        "wanted": wanted,
        "page": page,
        "ships": ships_offered(wanted),
        "environments": environments_offered(project),
        "views": views_for(request.user, project),
        "count_new": count_new(project),
        "late": waiting_long(project, now=timezone.now()),
        "may_work": rank >= RANK[Role.MEMBER],
        "is_owner": rank >= RANK[Role.OWNER],
        "done": _just_done(request, project),
        "first_call": FIRST_CALL.format(base=settings.BASE_URL),
    }
    return page_or_part(request, "dashboard/inbox.html", "list", context)


def _just_done(request: HttpRequest, project: Project) -> dict[str, Any] | None:
    asked = read_key(request.GET.get("done", ""))
    if not asked:
        return None
    job = BulkAction.objects.filter(project=project, pk=asked, by=request.user.pk).first()
    if job is None:
        return None
    return {"job": job, "can_undo": may_be_undone(job)}


@require_safe
def feedback_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one thing a customer said, with the ships it may be about.

    Opening the page is what "seen by the team" means, so a GET by a member notes the first look.
    That is safe to repeat, as only the first one counts; a viewer's look, a stranger's, or one
    that the browser makes ahead of its reader changes nothing.
    """
    project = project_for(request.user, slug)
    related = (
        "project", "customer", "connection", "seen_by", "assignee", "merged_into", "correction__by",
        "correction__deployment",
    )  # fmt: skip
    item = get_object_or_404(FeedbackItem.objects.select_related(*related), project=project, pk=pk)
    may_work = may(request, project, Role.MEMBER)
    if may_work and is_a_persons_look(request):
        assert isinstance(request.user, User)
        read_feedback(item, by=request.user, now=timezone.now())
    wanted = _filter(request, project)
    newer, older = neighbours(item, wanted)
    correction = getattr(item, "correction", None)
    candidates = candidates_of(item)
    merged = item.merged.order_by("-said_at", "-pk")
    copies = list(merged[: COPIES_SHOWN + 1])
    context = {
        "project": project,
        "item": item,
        "correction": correction,
        # Once a person has spoken, only what they said is in sight.
        "candidates": candidates[:1] if correction else candidates,
        "weighed": candidates[1:] if correction else [],
        "ships": ships_to_choose(item) if may_work else [],
        "may_work": may_work,
        "wanted": wanted,
        # A customer's address may be a script in disguise; only web pages become links.
        "safe_url": item.url if item.url.startswith(("https://", "http://")) else "",
        "answers": replies_to(item, may_work=may_work),
        "newer": newer,
        "older": older,
        "history": history_of(item, wanted.members),
        "given": words_of_rating(item),
        "copies": copies[:COPIES_SHOWN],
        "copies_count": len(copies) if len(copies) <= COPIES_SHOWN else merged.count(),
    }
    return render(request, "dashboard/feedback_item.html", context)
