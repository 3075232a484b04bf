"""The door to how often expectations came true."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import project_for
from accounts.models import User
from learning.predictions import predictions_of
from learning.views import TRAILERS


@never_cache  # a part of it is for the reader alone
@require_safe
def predictions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how the project's bets ended, and to the reader how their own did."""
    project = project_for(request.user, slug)
    assert isinstance(request.user, User)
    found = predictions_of(project, reader=request.user)
    context = {"project": project, "found": found, "trailers": TRAILERS}
    return render(request, "learning/predictions.html", context)
