"""The doors of the feedback inbox."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Project, Role, User
from common.pages import page_or_part
from common.paging import page_of
from dashboard.inbox import (
    InboxFilter,
    count_new,
    neighbours,
    ships_to_choose,
    with_best_ship,
)
from dashboard.reads.replies import replies_to
from deployments.models import Deployment
from feedback.handling import move_to
from feedback.models import FeedbackItem, Status
from learning.corrections import correct_attribution, withdraw_correction
from learning.models import Attribution

FIRST_CALL = """\
curl --max-time 10 {base}/api/v1/feedback/ \\
  -H "Authorization: Bearer $WAKE_API_KEY" \\
  -d '{{"text": "The new checkout is so much faster", "rating": 5, "version": "1.4.0"}}'"""
SHOWN = 0.01
NEWEST_FIRST = ("-said_at", "-pk")


def _filter(request: HttpRequest, project: Project) -> InboxFilter:
    assert isinstance(request.user, User)
    return InboxFilter(request.GET, project=project, reader=request.user)


@require_safe
def inbox(request: HttpRequest, slug: str) -> HttpResponse:
    """List what customers said, newest first."""
    project = project_for(request.user, slug)
    wanted = _filter(request, project)
    context = {
        "project": project,
        "wanted": wanted,
        "page": page_of(request, with_best_ship(wanted.items()), by=NEWEST_FIRST),
        "count_new": count_new(project),
        "may_work": may(request, project, Role.MEMBER),
        "first_call": FIRST_CALL.format(base=settings.BASE_URL),
    }
    return page_or_part(request, "dashboard/inbox.html", "list", context)


@require_safe
def feedback_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one thing a customer said, with the ships it may be about.

    Opening the page is what "seen by the team" means, so a GET by a member notes the first look.
    That is safe to repeat, as only the first one counts; a viewer's look, a stranger's, or one
    that the browser makes ahead of its reader changes nothing.
    """
    project = project_for(request.user, slug)
    item = get_object_or_404(
        FeedbackItem.objects.select_related(
            "customer", "project", "seen_by", "correction__by", "correction__deployment"
        ),
        project=project,
        pk=pk,
    )
    may_work = may(request, project, Role.MEMBER)
    if may_work and item.seen_at is None and not _is_prefetch(request):
        assert isinstance(request.user, User)
        item.mark_seen(by=request.user, now=timezone.now())
        item.refresh_from_db(fields=["status"])
    wanted = _filter(request, project)
    newer, older = neighbours(item, wanted.items())
    correction = getattr(item, "correction", None)
    candidates = _candidates(item)
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
    }
    return render(request, "dashboard/feedback_item.html", context)


def _candidates(item: FeedbackItem) -> list[Attribution]:
    """Return what it may be about, the best first; a ship that is all but ruled out is left out."""
    weighed = item.attributions.select_related("deployment")
    likely = weighed.filter(Q(is_best=True) | Q(probability__gte=SHOWN) | Q(probability=0))
    return list(likely.order_by("-is_best", "-probability", "pk"))


def _is_prefetch(request: HttpRequest) -> bool:
    return "prefetch" in request.headers.get("Sec-Purpose", "") or request.method == "HEAD"


@require_POST
def feedback_status(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save how far the team is with one feedback."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    item = get_object_or_404(FeedbackItem, project=project, pk=pk)
    if request.POST.get("status") not in Status.values:
        raise Http404("There is no such status.")
    assert isinstance(request.user, User)
    move_to(item, Status(request.POST["status"]), by=request.user, now=timezone.now())
    if request.headers.get("HX-Request") != "true":
        return _back(request, slug, pk)
    # The same partial serves the inbox's row and the item's page: both show state and buttons.
    context = {"project": project, "item": item, "may_work": True}
    return render(request, "dashboard/inbox.html#state", context)


@require_POST
def feedback_ship(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save which ship a person says this is about; "none" is none of ours, "ask" asks Wake anew."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    item = get_object_or_404(FeedbackItem, project=project, pk=pk)
    choice = request.POST.get("ship", "")
    assert isinstance(request.user, User)
    if choice == "ask":
        withdraw_correction(item)
        messages.success(request, "Taken back. Wake links it again within a few minutes.")
        return _back(request, slug, pk)
    ship = None
    if choice != "none":
        known = Deployment.objects.filter(project=project).reaching_customers()
        ship = get_object_or_404(
            known, pk=int(choice) if choice.isdecimal() and len(choice) < 19 else 0
        )
    correct_attribution(item, deployment=ship, by=request.user, now=timezone.now())
    messages.success(request, "Saved. Thank you: Wake is scored on this.")
    return _back(request, slug, pk)


def _back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    page = request.POST.get("next", "")
    if page and url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return redirect(page)
    return redirect("feedback_item", slug=slug, pk=pk)
