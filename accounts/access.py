"""Who may do what: the only permission code. Every door calls it on its first line."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.exceptions import PermissionDenied as KeyLacksScope
from rest_framework.request import Request

from accounts.models import RANK, ApiKey, Membership, Project, Role, Scope, User


def project_for(who: User | AnonymousUser, slug: str, *, at_least: Role = Role.VIEWER) -> Project:
    """Return the project if `who` is a member of it with that role or a higher one.

    A stranger gets Http404, so that nobody learns which projects exist; a member whose role is
    too low gets PermissionDenied, which names the role that is needed.
    """
    membership = membership_for(who, slug)
    if RANK[Role(membership.role)] < RANK[at_least]:
        raise PermissionDenied(f"This needs the role “{at_least.label}” in {membership.project}.")
    return membership.project


def membership_for(who: User | AnonymousUser, slug: str) -> Membership:
    """Return the membership of `who` in the project; strangers get Http404."""
    if not who.is_authenticated or not who.is_active:
        raise Http404("No such project.")
    try:
        return Membership.objects.select_related("project").get(user=who, project__slug=slug)
    except Membership.DoesNotExist:
        raise Http404("No such project.") from None


def project_for_key(request: Request, scope: Scope) -> Project:
    """Return the project of the API key that `request` shows, if it has that scope.

    No key, or a wrong one, gets NotAuthenticated (401); a key without the scope gets 403.
    """
    key = request.auth
    if not isinstance(key, ApiKey):
        raise NotAuthenticated("Send an API key: `Authorization: Bearer KEY`.")
    if scope.value not in key.scopes:
        raise KeyLacksScope(
            f"This key lacks the scope {scope.value}. Make one that has it: Settings, API keys."
        )
    return key.project


def may(request: HttpRequest, project: Project, role: Role) -> bool:
    """Return True if the signed-in person has that role in the project, or a higher one."""
    user = request.user
    if not user.is_authenticated:
        return False
    # A page asks several times; the answer is kept for this one request.
    known: dict[int, str | None] = request.__dict__.setdefault("roles_by_project", {})
    if project.pk not in known:
        memberships = Membership.objects.filter(user=user, project=project)
        known[project.pk] = memberships.values_list("role", flat=True).first()
    mine = known[project.pk]
    return mine is not None and RANK[Role(mine)] >= RANK[role]
