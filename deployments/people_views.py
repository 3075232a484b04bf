"""The doors of the page on which the team says who is who."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.aliases import Identity, refuse
from accounts.models import Alias, Project, Role, User
from common.errors import BadInput
from common.values import clean_text, read_key
from deployments.people import confirm_who, confirmed_aliases, take_back, unknown_shippers

NOBODY = "nobody"


@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who shipped and is not known, who they may be, and what has been said so far."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    context = {
        "project": project,
        "is_owner": may(request, project, Role.OWNER),
        "may_connect": True,
        "unknown": unknown_shippers(project),
        "confirmed": confirmed_aliases(project),
        "team": sorted(project.members.order_by("pk"), key=lambda user: str(user).casefold()),
        "nobody": NOBODY,
    }
    return render(request, "accounts/people.html", context)


@require_POST
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a person's word on who somebody is, or that it is nobody of the team."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)
    who, chosen = _who(request), request.POST.get("user", "")
    user = _member(project, chosen)
    if who is None or (user is None and chosen != NOBODY):
        messages.error(request, "Choose who it is.")
        return redirect("settings_people", slug=slug)
    linked = confirm_who(project, who, user, by=request.user, now=timezone.now())
    called = who.name or who.email
    if user is None:
        messages.success(request, f"{called} is left out: nobody of the team.")
    else:
        ships = f"{linked} ship{'' if linked == 1 else 's'}"
        messages.success(request, f"{called} is {user}. {ships} linked; later ones will be.")
    return redirect("settings_people", slug=slug)


@require_POST
def not_this_person(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a person's word that a suggestion is wrong."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)
    who, user = _who(request), _member(project, request.POST.get("user", ""))
    if who and user:
        refuse(project, who, user, by=request.user, now=timezone.now())
        messages.success(request, f"Wake will not suggest {user} for {who.name or who.email}.")
    return redirect("settings_people", slug=slug)


@require_POST
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Forget what was said of who somebody is."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    take_back(get_object_or_404(Alias, project=project, pk=pk, refused_at=None))
    messages.success(request, "Forgotten.")
    return redirect("settings_people", slug=slug)


def _who(request: HttpRequest) -> Identity | None:
    try:
        email = clean_text(request.POST.get("email"), field="email", max_length=254)
        name = clean_text(request.POST.get("name"), field="name", max_length=150)
    except BadInput:
        return None
    return Identity(email, name) if email or name else None


def _member(project: Project, chosen: str) -> User | None:
    return project.members.filter(pk=read_key(chosen)).first() if chosen else None
