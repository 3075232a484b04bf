"""The doors behind the connect page: has anything arrived, and a key to begin with."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import project_for
from accounts.keys import make_api_key
from accounts.models import Role, Scope, User
from deployments.arrivals import first_arrival
from deployments.snippets import snippets


@never_cache
@require_safe
def arrival(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whether the first ship has come; the part of a page that asks by itself."""
    project = project_for(request.user, slug)
    context = {"project": project, "arrival": first_arrival(project)}
    return render(request, "deployments/arrival.html", context)


@never_cache
@require_POST
def ci_key_make(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a key that may report deployments, and show it this once in a call that can be run."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    user = cast(User, request.user)
    _, key = make_api_key(project, name="CI", scopes=[Scope.DEPLOYMENTS_WRITE], by=user)
    shell = snippets(settings.BASE_URL)[0].text
    context = {
        "project": project,
        "is_owner": True,
        "may_connect": True,
        "key": key,
        "command": f"export WAKE_API_KEY={key}\n{shell}",
        "arrival": first_arrival(project),
    }
    return render(request, "deployments/connect_key.html", context)
