"""The doors of a project's settings."""

import logging

from anymail.exceptions import AnymailError
from django.conf import settings as site
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import project_for
from accounts.forms import KeyForm, MemberForm, ProjectForm, RoleForm
from accounts.invitation import invitation_link, send_invitation
from accounts.keys import make_api_key, revoke_api_key
from accounts.members import Joined, LastOwner, add_member, change_role, remove_member
from accounts.models import ApiKey, Membership, Project, Role, Scope, User
from accounts.settings_pages import settings_context
from common.mail import goes_nowhere

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the project's name and time zone; owners may change them."""
    writes = request.method == "POST"
    project = project_for(request.user, slug, at_least=Role.OWNER if writes else Role.VIEWER)
    # The form works on a copy: a name that is refused must not appear in the page's head.
    form = ProjectForm(
        request.POST if writes else None, instance=Project.objects.get(pk=project.pk)
    )
    if writes and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("settings", slug=slug)
    context = {
        **settings_context(request, project),
        "form": form,
    }
    return render(request, "accounts/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """List the members, or add one."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        _welcome(request, add_member(project, form.cleaned_data["email"], role))
        return redirect("settings_members", slug=slug)
    rows = project.memberships.select_related("user").order_by("pk")
    context = {
        "project": project,
        "form": form,
        "is_owner": True,
        "memberships": sorted(rows, key=lambda row: str(row.user).casefold()),
        "roles": Role.choices,
    }
    return render(request, "accounts/members.html", context)


def _welcome(request: HttpRequest, joined: Joined) -> None:
    """Tell the owner who joined, and mail an invitation to those who have no password yet."""
    user, project = joined.membership.user, joined.membership.project
    assert isinstance(request.user, User)
    if joined.was_member and user.has_usable_password():
        role = joined.membership.get_role_display().lower()
        messages.info(request, f"{user} is a member already, with the role {role}.")
        return
    if user.has_usable_password():
        messages.success(request, f"{user} can see {project} now.")
        return
    if goes_nowhere() and joined.is_new_person:
        messages.warning(
            request,
            f"{user} is new here, and this Wake has no mail server (EMAIL_URL). "
            f"Hand over this link, with which they choose a password: {invitation_link(user)}",
        )
        return
    try:
        send_invitation(user, project=project, by=request.user)
    except (OSError, AnymailError) as problem:
        logger.warning("An invitation could not be sent: %s", problem)
        messages.error(
            request,
            f"{user} may come in, but the invitation could not be sent ({problem}). "
            "Check EMAIL_URL; “Forgotten your password?” sends a new link at any time.",
        )
        return
    messages.success(request, f"A mail with the way in is on its way to {user}.")


@require_POST
def member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give a member another role."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    membership = get_object_or_404(Membership, project=project, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "There is no such role.")
        return redirect("settings_members", slug=slug)
    try:
        change_role(membership, Role(form.cleaned_data["role"]))
        messages.success(request, f"{membership.user} is now: {membership.get_role_display()}.")
    except LastOwner as reason:
        messages.error(request, str(reason))
    return _to_what_is_left(request, slug, membership)


@require_POST
def member_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a member out of the project."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    membership = get_object_or_404(Membership, project=project, pk=pk)
    try:
        remove_member(membership)
        messages.success(request, f"{membership.user} no longer sees {project}.")
    except LastOwner as reason:
        messages.error(request, str(reason))
    return _to_what_is_left(request, slug, membership)


def _to_what_is_left(request: HttpRequest, slug: str, membership: Membership) -> HttpResponse:
    """Lead an owner back to the members, or on to what they may still see."""
    if membership.user_id != request.user.pk:
        return redirect("settings_members", slug=slug)
    mine = Membership.objects.filter(project__slug=slug, user=membership.user).first()
    if mine is None:
        return redirect("home")
    return redirect("settings_members" if mine.role == Role.OWNER else "settings", slug=slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest, slug: str) -> HttpResponse:
    """List the API keys, or make one; its text is shown in this one answer and never again."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    form = KeyForm(request.POST if request.method == "POST" else None)
    made = made_text = None
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        made, made_text = make_api_key(
            project,
            name=form.cleaned_data["name"],
            scopes=[Scope(scope) for scope in form.cleaned_data["scopes"]],
            by=request.user,
        )
        form = KeyForm()
    context = {
        "project": project,
        "form": form,
        "is_owner": True,
        "made": made,
        "made_text": made_text,
        "keys": project.api_keys.select_related("created_by").order_by("revoked", "-created"),
        "scopes": dict(Scope.choices),
        "base_url": site.BASE_URL,
    }
    return render(request, "accounts/keys.html", context)


@require_POST
def key_revoke(request: HttpRequest, slug: str, prefix: str) -> HttpResponse:
    """End an API key for good."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    key = get_object_or_404(ApiKey, project=project, prefix=prefix)
    revoke_api_key(key)
    messages.success(request, f"The key {key.name} is revoked. Nothing can use it any more.")
    return redirect("settings_keys", slug=slug)
