"""The doors to findings: the list, one of them, and what people do with it."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Role, User
from common.pages import is_a_persons_look
from common.paging import page_of
from common.query import read_word
from common.values import read_key
from dashboard.reads.findings import TONES, finding_page, findings_shown, kinds_of
from learning.findings_links import notice_of
from learning.findings_people import (
    NotPossible,
    able,
    claim,
    close,
    hand_over,
    judge,
    note_seen,
    reopen,
)
from learning.looking import note_look
from learning.models import Finding, FindingNotice

SHOWS = ("mine", "open", "all")
THANKS = {
    "useful": "Thank you. More like this will be told.",
    "noise": "Thank you. Wake will be more careful with this kind.",
}


@require_safe
def findings(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was found, newest first: mine, what is open, or all."""
    project = project_for(request.user, slug)
    show = read_word(request.GET, "show")
    show = show if show in SHOWS else "open"
    kind = read_word(request.GET, "kind")
    kind = kind if kind in Finding.Kind.values else ""
    found = findings_shown(project, user=cast(User, request.user), show=show, kind=kind)
    context = {
        "project": project,
        "show": show,
        "kind": kind,
        "kinds": kinds_of(project, now=timezone.now()),
        "tones": TONES,
        "page": page_of(request, found, by=("-found_at", "-pk")),
    }
    return render(request, "dashboard/findings.html", context)


@require_safe
def finding(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one finding with its evidence.

    A member who opens it has seen it, and what customers say of its ship: a GET notes the first
    time, which is safe to repeat.
    """
    project = project_for(request.user, slug)
    found = _finding(project.pk, pk)
    user, now = cast(User, request.user), timezone.now()
    may_work = may(request, project, Role.MEMBER)
    if may_work and is_a_persons_look(request):
        note_seen(found, user, now=now)
        if found.deployment and found.evidence.get("feedback"):
            note_look(found.deployment, by=user, now=now)
    context = {
        "project": project,
        "finding": found,
        "tones": TONES,
        "view": finding_page(found, user=user, now=now),
        "may_work": may_work,
        "team": able(project).exclude(pk=user.pk).order_by("name", "email") if may_work else [],
    }
    return render(request, "dashboard/finding.html", context)


def _finding(project_id: int, pk: int) -> Finding:
    rows = Finding.objects.select_related("project", "deployment__environment", "claimed_by")
    return get_object_or_404(rows, project=project_id, pk=pk)


@require_POST
def finding_do(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Claim, hand over, close, open again or judge a finding, as the button says."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    found = _finding(project.pk, pk)
    do = DEEDS.get(request.POST.get("action", ""))
    if do is None:
        raise Http404("There is no such button.")
    try:
        messages.success(request, do(request, found))
    except NotPossible as why:
        messages.error(request, str(why))
    return redirect("finding", slug, pk)


def _claim(request: HttpRequest, found: Finding) -> str:
    claim(found, by=cast(User, request.user), now=timezone.now())
    return "It is yours."


def _hand_over(request: HttpRequest, found: Finding) -> str:
    choice = request.POST.get("to", "")
    to = able(found.project).filter(pk=read_key(choice)).first()
    reason = request.POST.get("because", "").strip()
    if to is None or not reason:
        raise NotPossible("Choose a member, and say why.")
    hand_over(found, to=to, by=cast(User, request.user), reason=reason, now=timezone.now())
    return f"Handed over to {to}. They are told."


def _close(request: HttpRequest, found: Finding) -> str:
    reason = request.POST.get("because", "")
    close(found, by=cast(User, request.user), reason=reason, now=timezone.now())
    return "Closed."


def _reopen(request: HttpRequest, found: Finding) -> str:
    reopen(found, by=cast(User, request.user), now=timezone.now())
    return "It is open again."


def _judge(request: HttpRequest, found: Finding) -> str:
    worth = request.POST["action"]
    judge(found, by=cast(User, request.user), worth=worth, now=timezone.now())
    return THANKS[worth]


DEEDS: dict[str, Callable[[HttpRequest, Finding], str]] = {
    "claim": _claim,
    "hand_over": _hand_over,
    "close": _close,
    "reopen": _reopen,
    "useful": _judge,
    "noise": _judge,
}


@login_not_required
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def finding_worth(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whoever has the link from their mail what the finding was worth; a POST answers.

    Mail scanners follow links, so a GET changes nothing. The signed link is proof enough, so
    neither a sign-in nor a CSRF token is asked for.
    """
    notice = notice_of(token)
    if notice is None:
        return render(request, "dashboard/finding_worth.html", {}, status=404)
    worth = request.POST.get("worth", "")
    if worth in FindingNotice.Worth.values:
        judge(notice.finding, by=notice.user, worth=worth, now=timezone.now())
        notice.refresh_from_db(fields=["worth"])
    context = {"notice": notice, "asked": read_word(request.GET, "worth"), "thanks": THANKS}
    return render(request, "dashboard/finding_worth.html", context)
