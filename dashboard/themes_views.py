"""The page of what customers speak of, week by week."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import project_for
from dashboard.reads.themes import SPANS, themes_over


@require_safe
def themes(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how much each theme was spoken of, with the ships marked."""
    project = project_for(request.user, slug)
    asked = request.GET.get("weeks", "")
    weeks = int(asked) if asked in map(str, SPANS) else SPANS[0]
    context = {
        "project": project,
        "spans": SPANS,
        "weeks": weeks,
        "themes": themes_over(project, weeks=weeks, now=timezone.now()),
    }
    return render(request, "dashboard/themes.html", context)
