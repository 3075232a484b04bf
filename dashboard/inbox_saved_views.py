"""The doors for the views of the inbox that people keep."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import project_for
from accounts.models import Project, Role, User
from dashboard.inbox_filters import InboxFilter
from feedback.models import SavedView
from feedback.saved_views import NotAView, keep_view, open_with, open_with_everything, views_for


@require_POST
def saved_view_keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the filters under a name: the person's own, or for members shared with the project."""
    shared = "shared" in request.POST
    project = project_for(request.user, slug, at_least=Role.MEMBER if shared else Role.VIEWER)
    assert isinstance(request.user, User)
    wanted = InboxFilter(
        QueryDict(request.POST.get("query", "")[:2000]), project=project, reader=request.user
    )
    try:
        view = keep_view(
            project=project, owner=None if shared else request.user,
            name=request.POST.get("name", ""), query=wanted.address, now=timezone.now(),
        )  # fmt: skip
    except NotAView as reason:
        messages.warning(request, str(reason))
    else:
        messages.success(request, f"Kept as “{view.name}”.")
    return redirect(f"{reverse('inbox', args=[slug])}?{wanted.address or 'all=on'}")


@require_POST
def saved_view_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a view, or let the inbox open with it; a shared view is removed by owners."""
    project = project_for(request.user, slug)
    assert isinstance(request.user, User)
    view = get_object_or_404(views_for(request.user, project), pk=pk)
    if request.POST.get("do") == "remove":
        if view.owner_id is None:
            project_for(request.user, slug, at_least=Role.OWNER)
        view.delete()
        messages.success(request, f"“{view.name}” is removed.")
        return redirect(reverse("inbox", args=[slug]) + "?all=on")
    return _open_with(request, project, view)


def _open_with(request: HttpRequest, project: Project, view: SavedView) -> HttpResponse:
    assert isinstance(request.user, User)
    if view.is_default and view.owner_id:
        open_with_everything(request.user, project)
        messages.success(request, "The inbox opens with everything again.")
    else:
        try:
            open_with(view, user=request.user, now=timezone.now())
        except NotAView as reason:
            messages.warning(request, str(reason))
        else:
            messages.success(request, f"Your inbox opens with “{view.name}” from now on.")
    return redirect(f"{reverse('inbox', args=[project.slug])}?{view.query}")
