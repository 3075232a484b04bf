"""The door to how often Wake was right."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import project_for
from learning.scores import scores_of


@require_safe
def how_often_right(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how often the likeliest ship was the right one, and whether 80 % meant 80 %."""
    project = project_for(request.user, slug)
    return render(
        request, "learning/how_often_right.html", {"project": project, "scores": scores_of(project)}
    )
