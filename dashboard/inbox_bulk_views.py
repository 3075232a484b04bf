"""The doors for doing something to several feedback at once."""

import logging
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from accounts.access import project_for
from accounts.models import Project, Role, User
from common.pages import page_or_part
from common.values import read_key
from dashboard.inbox import counted
from dashboard.inbox_actions import ACTIONS, NotDoable
from dashboard.inbox_bulk import BATCH, do_to_these, queue_for_all, queue_undo, stop
from dashboard.inbox_bulk import run_bulk_action as move_on
from dashboard.inbox_filters import InboxFilter
from dashboard.tasks import run_bulk_action
from feedback.models import BulkAction

logger = logging.getLogger(__name__)
# Counting goes further here than in the inbox: a person is about to change all of them.
COUNTED = 10_000


@require_POST
def feedback_bulk(request: HttpRequest, slug: str) -> HttpResponse:
    """Do something to the feedback that is ticked, or ask before it is done to all that match."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)
    wanted = _filter(request, project, request.user)
    action, _, choice = request.POST.get("action", "").partition(":")
    try:
        if "everything" in request.POST:
            return _all_that_match(request, project, wanted, action, choice)
        keys = [read_key(text) for text in request.POST.getlist("item")[: BATCH + 1]]
        job = do_to_these(project, keys, action, choice, by=request.user, now=timezone.now())
    except NotDoable as reason:
        messages.warning(request, str(reason))
        return _inbox(slug, wanted.address)
    return _inbox(slug, wanted.address, done=job.pk)


def _all_that_match(
    request: HttpRequest, project: Project, wanted: InboxFilter, action: str, choice: str
) -> HttpResponse:
    assert isinstance(request.user, User)
    if "sure" not in request.POST:
        if action not in ACTIONS or not ACTIONS[action].is_for_all:
            raise NotDoable("This can be done only to what is chosen by hand.")
        found = wanted.far()
        number = counted(wanted.items() if found is None else found, COUNTED)
        context = {
            "project": project,
            "wanted": wanted,
            "number": number,
            "action": ACTIONS[action],
            "asked": request.POST["action"],
        }
        return render(request, "dashboard/inbox_sure.html", context)
    job = queue_for_all(
        project, wanted.address, action, choice, by=request.user, now=timezone.now()
    )
    return _started(request, slug=project.slug, job=job)


@require_safe
def feedback_bulk_progress(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show how far a bulk action is, or what it did."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    jobs = BulkAction.objects.select_related("by", "undone_by", "undoes")
    job = get_object_or_404(jobs, project=project, pk=pk)
    context = {
        "project": project,
        "job": job,
        "action": ACTIONS[job.action],
        "is_moving": job.state in (BulkAction.State.QUEUED, BulkAction.State.RUNNING),
        "can_undo": may_be_undone(job),
    }
    return page_or_part(request, "dashboard/inbox_bulk.html", "progress", context)


def may_be_undone(job: BulkAction) -> bool:
    """Return True if what the action did can be put back."""
    is_over = job.state in (BulkAction.State.DONE, BulkAction.State.STOPPED)
    undone = BulkAction.objects.filter(undoes=job).exists()
    return is_over and ACTIONS[job.action].is_undone and job.changed > 0 and not undone


@require_POST
def feedback_bulk_stop(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End a bulk action after the batch that is being done."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    job = get_object_or_404(BulkAction, project=project, pk=pk)
    if not stop(job, now=timezone.now()):
        messages.info(request, "It had ended already.")
    return redirect("feedback_bulk_progress", slug=slug, pk=pk)


@require_POST
def feedback_bulk_undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put back what a bulk action changed."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    job = get_object_or_404(BulkAction, project=project, pk=pk)
    assert isinstance(request.user, User)
    try:
        undo = queue_undo(job, by=request.user, now=timezone.now())
    except NotDoable as reason:
        messages.warning(request, str(reason))
        return redirect("feedback_bulk_progress", slug=slug, pk=pk)
    if job.looked_at <= BATCH:  # as quick as it was to do
        move_on(undo, now=timezone.now())
    return _started(request, slug=slug, job=undo)


def _started(request: HttpRequest, *, slug: str, job: BulkAction) -> HttpResponse:
    transaction.on_commit(partial(_ring, job.pk))
    return redirect("feedback_bulk_progress", slug=slug, pk=job.pk)


def _ring(job_id: int) -> None:
    try:
        run_bulk_action.delay(job_id=job_id)
    except (OperationalError, OSError) as reason:
        # The row is what counts: the next bell takes it up.
        logger.warning("The broker cannot be reached (%s); the action starts later.", reason)


def _filter(request: HttpRequest, project: Project, reader: User) -> InboxFilter:
    return InboxFilter(QueryDict(request.POST.get("query", "")), project=project, reader=reader)


def _inbox(slug: str, address: str, **more: object) -> HttpResponse:
    extra = "&".join(f"{name}={value}" for name, value in more.items())
    query = "&".join(filter(None, [address, extra]))
    return redirect(reverse("inbox", args=[slug]) + (f"?{query}" if query else ""))
