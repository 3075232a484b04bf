"""The doors for what the team does with one feedback."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.access import project_for
from accounts.models import Project, Role, User
from common.values import read_key
from dashboard.inbox_bulk import BY_HAND
from deployments.models import Deployment
from feedback.handling import add_note, assign, move_to
from feedback.holding import hold, release
from feedback.merging import merge, separate
from feedback.models import FeedbackItem, FeedbackQuerySet, Status
from feedback.search import looked_up
from learning.corrections import correct_attribution, withdraw_correction

OFFERED_TO_MERGE = 10


def _asked(request: HttpRequest, slug: str, pk: int) -> tuple[Project, FeedbackItem, User]:
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)
    return project, get_object_or_404(FeedbackItem, project=project, pk=pk), request.user


@require_POST
def feedback_status(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save how far the team is with one feedback."""
    project, item, user = _asked(request, slug, pk)
    if request.POST.get("status") not in Status.values:
        raise Http404("There is no such status.")
    move_to(item, Status(request.POST["status"]), by=user, now=timezone.now())
    if request.headers.get("HX-Request") != "true":
        return _back(request, slug, pk)
    # The same partial serves the inbox's row and the item's page: both show state and buttons.
    context = {"project": project, "item": item, "may_work": True}
    return render(request, "dashboard/inbox.html#state", context)


@require_POST
def feedback_ship(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save which ship a person says this is about; "none" is none of ours, "ask" asks Wake anew."""
    project, item, user = _asked(request, slug, pk)
    choice = request.POST.get("ship", "")
    if choice == "ask":
        withdraw_correction(item, by=user, now=timezone.now())
        messages.success(request, "Taken back. Wake links it again within a few minutes.")
        return _back(request, slug, pk)
    ship = None
    if choice != "none":
        known = Deployment.objects.filter(project=project).reaching_customers()
        ship = get_object_or_404(known, pk=read_key(choice))
    correct_attribution(item, deployment=ship, by=user, now=timezone.now())
    messages.success(request, "Saved. Thank you: Wake is scored on this.")
    return _back(request, slug, pk)


@require_POST
def feedback_note(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep a note for the team."""
    _, item, user = _asked(request, slug, pk)
    if add_note(item, request.POST.get("text", ""), by=user, now=timezone.now()) is None:
        messages.warning(request, "Write the note first.")
    return _back(request, slug, pk)


@require_POST
def feedback_assign(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take it on, hand it over to a member with a reason, or put it back for anybody."""
    project, item, user = _asked(request, slug, pk)
    choice = request.POST.get("to", "")
    to = None
    if choice != "nobody":
        members = User.objects.filter(memberships__project=project, is_active=True)
        to = get_object_or_404(members, pk=user.pk if choice == "me" else read_key(choice))
    because = request.POST.get("because", "")
    assign(item, to, by=user, now=timezone.now(), because=because)
    return _back(request, slug, pk)


@require_POST
def feedback_hold(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Hold it back as spam, or release it."""
    _, item, user = _asked(request, slug, pk)
    if "release" in request.POST:
        release(item, by=user, now=timezone.now())
        messages.success(request, "Released: it counts again.")
    else:
        hold(item, because=BY_HAND, by=user, now=timezone.now())
        messages.success(request, "Held back: it is kept, and counts nowhere.")
    return _back(request, slug, pk)


@require_safe
def feedback_merge_choose(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Find the feedback that says the same."""
    project, item, _ = _asked(request, slug, pk)
    words = request.GET.get("q", "")[:200]
    found: list[FeedbackItem] = []
    if words.strip():
        others: FeedbackQuerySet = FeedbackItem.objects.heard().exclude(pk=item.pk)
        others = looked_up(others, words, project.pk)
        found = list(others.order_by("-said_at", "-pk")[:OFFERED_TO_MERGE])
    context = {"project": project, "item": item, "words": words, "found": found}
    return render(request, "dashboard/feedback_item_merge.html", context)


@require_POST
def feedback_merge(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Merge it into another that says the same, or separate it again."""
    project, item, user = _asked(request, slug, pk)
    if "separate" in request.POST:
        if separate(item, by=user, now=timezone.now()):
            messages.success(request, "Separated: it stands for itself again.")
        return _back(request, slug, pk)
    into = get_object_or_404(
        FeedbackItem, project=project, pk=read_key(request.POST.get("into", ""))
    )
    if into.pk == item.pk:
        messages.warning(request, "Choose another one: this is the same.")
        return _back(request, slug, pk)
    head = merge(item, into=into, by=user, now=timezone.now())
    messages.success(request, "Merged. You can separate them again at any time.")
    return redirect("feedback_item", slug=slug, pk=head.pk)


def _back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    page = request.POST.get("next", "")
    if page and url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
        return redirect(page)
    return redirect("feedback_item", slug=slug, pk=pk)
