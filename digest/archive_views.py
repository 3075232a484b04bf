"""The archive's pages: every digest that was sent, for all members of the project."""

from csp.decorators import csp_replace
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.access import may, project_for
from accounts.models import Project, Role
from common.paging import page_of
from digest.archive import has_words, letter_of
from digest.charts import shown_on_a_page
from digest.compose import as_html
from digest.feeds import feed_of
from digest.frames import MAIL_IN_A_FRAME
from digest.models import Edition
from digest.plain import as_text
from digest.schedule import Rhythm
from digest.sharing import links_of


@require_safe
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    """List the digests that were sent, the newest first, one for each period."""
    project = project_for(request.user, slug)
    rhythm = request.GET.get("rhythm", "")
    if rhythm and rhythm not in Rhythm.values:
        raise Http404("There is no such rhythm.")
    rows = Edition.objects.sent().filter(project=project)
    if rhythm:
        rows = rows.filter(rhythm=rhythm)
    rows = rows.annotate(shared=Count("links", filter=Q(links__revoked_at=None)))
    page = page_of(request, rows, by=("-ends_on", "-pk"), size=25)
    context = {
        "project": project,
        "page": page,
        "rows": [(edition, letter_of(edition)) for edition in page.rows],
        "may_manage": may(request, project, Role.MEMBER),
        "rhythm": rhythm,
        "rhythms": Rhythm.choices,
        "feed": feed_of(project, request.user),
    }
    return render(request, "digest/archive.html", context)


@require_safe
def edition(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a digest as everybody may read it, and the links to it that were made."""
    project = project_for(request.user, slug)
    return edition_page(request, project, edition_or_404(project, pk))


def edition_page(
    request: HttpRequest, project: Project, edition: Edition, *, made: str = ""
) -> HttpResponse:
    """Answer with the page of an edition; `made` is the address of a link made just now."""
    letter = letter_of(edition)
    as_plain = request.GET.get("as") == "text"
    context = {
        "project": project,
        "edition": edition,
        "letter": letter,
        "as_text": as_plain,
        "text": as_text(letter) if as_plain else "",
        "links": links_of(edition),
        "has_words": has_words(letter),
        "may_share": may(request, project, Role.MEMBER),
        "made": made,
    }
    return render(request, "digest/edition.html", context)


@require_safe
@xframe_options_sameorigin
@csp_replace(MAIL_IN_A_FRAME)  # type: ignore[arg-type]  # typed for views without arguments
def edition_html(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Answer with the HTML alone of a digest, for the frame on its page."""
    project = project_for(request.user, slug)
    html = as_html(letter_of(edition_or_404(project, pk)))
    return HttpResponse(shown_on_a_page(project, html))


def edition_or_404(project: Project, pk: int) -> Edition:
    """Return the project's edition, if it has reached somebody."""
    return get_object_or_404(Edition.objects.sent(), project=project, pk=pk)
