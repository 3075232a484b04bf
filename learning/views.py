"""The doors of the library of learnings."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Role, User
from common.pages import page_or_part
from common.paging import page_of
from common.values import storable
from learning.exporting import FORMATS
from learning.grounds import grounds_of
from learning.intake import confirm_learning, edit_learning
from learning.library import LibraryFilter, shortcuts, versions_of
from learning.models import Learning
from learning.over_time import added_up, verdicts_by_month
from learning.overturned import overturned_for
from learning.tagging import suggested_for, tags_in_use
from learning.versions import history_of

NEWEST_FIRST = ("-drafted_at", "-pk")
TRAILERS = """\
Hypothesis: a shorter checkout form lifts conversion
Expect: checkout_conversion +2% within 7d
Because: 31 complaints about the address step"""
MAX_TAKEAWAY = 20_000


def _with_ship() -> "QuerySet[Learning]":
    found: QuerySet[Learning] = Learning.objects.select_related(
        "deployment", "confirmed_by", "supersedes__confirmed_by"
    )
    return found


@require_safe
def learnings(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the team learned, newest first."""
    project = project_for(request.user, slug)
    assert isinstance(request.user, User)
    now = timezone.now()
    wanted = LibraryFilter(request.GET, project=project, now=now)
    months = verdicts_by_month(project, now=now)
    context = {
        "project": project,
        "wanted": wanted,
        "page": page_of(request, wanted.learnings(), by=NEWEST_FIRST),
        "shortcuts": shortcuts(project, request.user, now),
        "trailers": TRAILERS,
        "months": months,
        "fared": added_up(months),
        "overturned": overturned_for(request.user, project),
        "formats": [(name, one.label) for name, one in FORMATS.items()],
    }
    return page_or_part(request, "learning/learnings.html", "list", context)


@require_safe
def learning(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one learning: what Wake measured, what the team makes of it, and its history."""
    project = project_for(request.user, slug)
    learning = get_object_or_404(_with_ship(), project=project, pk=pk)
    versions = versions_of(learning)
    grounds = grounds_of(versions)
    context = {
        "project": project,
        "learning": learning,
        "history": history_of(versions, grounds),
        "newest": versions[0],
        "grounds": grounds.get(learning.pk),
        "may_edit": versions[0] == learning and may(request, project, Role.MEMBER),
        "suggested": suggested_for(learning, tags_in_use(project)),
    }
    return render(request, "learning/learning.html", context)


@require_POST
def learning_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Save the team's words; with `confirm` somebody also stands by them."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    # Only the newest version can be edited: the older ones are history.
    current = _with_ship().filter(pk__in=Learning.objects.current())
    learning = get_object_or_404(current, project=project, pk=pk)
    assert isinstance(request.user, User)
    headline = storable(request.POST.get("headline", ""))
    takeaway = storable(request.POST.get("takeaway", ""))
    now = timezone.now()
    problem = saved = ""
    if len(takeaway) > MAX_TAKEAWAY:
        problem = f"The takeaway is longer than {MAX_TAKEAWAY:,} characters. Please shorten it."
    elif "confirm" in request.POST and not takeaway.strip():
        problem = "Write down what the team takes away, then confirm it."
    elif "confirm" in request.POST:
        confirm_learning(learning, by=request.user, headline=headline, takeaway=takeaway, now=now)
        saved = "Confirmed. It is in the library for good."
    else:
        edit_learning(learning, headline=headline, takeaway=takeaway, now=now)
        saved = "Saved."
    if request.headers.get("HX-Request") != "true":
        messages.add_message(
            request, messages.ERROR if problem else messages.SUCCESS, problem or saved
        )
        return redirect("learning", slug=slug, pk=pk)
    if problem:
        learning.headline, learning.takeaway = headline or learning.headline, takeaway
    context = {
        "project": project, "learning": learning, "may_edit": True, "problem": problem,
        "saved": saved,
    }  # fmt: skip
    return render(request, "learning/learning.html#editor", context)
