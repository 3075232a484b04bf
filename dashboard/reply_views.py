"""The doors by which a person tells customers that a ship took up what they said."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import project_for
from accounts.models import Role, User
from common.values import read_key
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.models import Reply
from learning.replies import NotSendable, drop, edit, name_as_fixed, queue, take_up_again
from learning.reply_tasks import send_replies

SENT = "On its way. Wake sends it within a minute."
MOST_AT_ONCE = 200


@require_POST
def reply(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save, send, drop or take up again one reply, as the button that was pressed says."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    found = get_object_or_404(
        Reply.objects.select_related(
            "project", "deployment", "feedback__connection", "feedback__customer"
        ),
        project=project,
        pk=pk,
    )
    assert isinstance(request.user, User)
    action = request.POST.get("action", "")
    if action == "drop":
        _say(request, drop(found), "Dropped. Nothing is sent.")
    elif action == "again":
        _say(request, take_up_again(found), "It is a draft again.")
    elif action in ("save", "send"):
        saved = edit(found, request.POST.get("text", ""), now=timezone.now())
        if not saved or action == "save":
            _say(request, saved, "Saved.", "Nothing was saved: it is empty, or on its way already.")
        else:
            _send(request, [found])
    else:
        raise Http404("There is no such button.")
    return _back(request, found)


def _say(request: HttpRequest, done: bool, word: str, other: str = "") -> None:
    if done:
        messages.success(request, word)
    else:
        messages.error(request, other or "Somebody was faster: see how it stands now.")


def _send(request: HttpRequest, replies: list[Reply]) -> None:
    assert isinstance(request.user, User)
    let_go = 0
    for one in replies:
        try:
            queue(one, by=request.user)
        except NotSendable as why:
            who = f"{one.customer}: " if len(replies) > 1 and one.customer else ""
            messages.error(request, f"{who}{why}")
        else:
            let_go += 1
    if let_go:
        transaction.on_commit(partial(send_replies.apply_async, expires=60))
        plural = f"{let_go} replies are on their way. Wake sends them within a few minutes."
        messages.success(request, SENT if let_go == 1 else plural)


@require_POST
def ship_replies_send(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send all drafts about one ship that can go out, once a person has confirmed it."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    ship = get_object_or_404(Deployment, project=project, pk=pk)
    drafts = Reply.objects.filter(deployment=ship, state=Reply.State.DRAFT).select_related(
        "project", "deployment", "feedback__connection", "feedback__customer", "customer"
    )
    if request.POST.get("sure") == "yes":
        _send(request, list(drafts.order_by("pk")[:MOST_AT_ONCE]))
    else:
        messages.error(request, "Nothing was sent. Tick the box if you have read the drafts.")
    return _to_ship(slug, ship.pk)


@require_POST
def feedback_fixed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Note that a ship fixes what this feedback says, and draft the answer."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    item = get_object_or_404(FeedbackItem, project=project, pk=pk)
    ship = _ship(project.pk, request.POST.get("ship", ""))
    _say_drafted(request, name_as_fixed(ship, item, now=timezone.now()))
    return redirect("feedback_item", slug=slug, pk=pk)


@require_POST
def ship_fixes(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Note that this ship fixes what a feedback says, named by its number, and draft the answer."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    ship = get_object_or_404(
        Deployment.objects.select_related("environment", "project"), project=project, pk=pk
    )
    number = request.POST.get("feedback", "").strip().lstrip("#")
    item = FeedbackItem.objects.filter(project=project, pk=read_key(number)).first()
    if item is None:
        messages.error(request, "There is no feedback with that number here.")
    else:
        _say_drafted(request, name_as_fixed(ship, item, now=timezone.now()))
    return _to_ship(slug, ship.pk)


def _ship(project_id: int, choice: str) -> Deployment:
    return get_object_or_404(
        Deployment.objects.select_related("environment", "project"),
        project=project_id,
        pk=read_key(choice),
    )


def _say_drafted(request: HttpRequest, drafted: int) -> None:
    if drafted:
        messages.success(request, "Noted. Wake has drafted the answer: read it, then send it.")
    else:
        messages.success(request, "Noted. There is nobody new to tell.")


def _back(request: HttpRequest, one: Reply) -> HttpResponse:
    if request.POST.get("from") == "feedback":
        return redirect("feedback_item", slug=one.project.slug, pk=one.feedback_id)
    return _to_ship(one.project.slug, one.deployment_id)


def _to_ship(slug: str, pk: int) -> HttpResponse:
    answer = redirect("deployment", slug=slug, pk=pk)
    answer["Location"] += "#replies"
    return answer
