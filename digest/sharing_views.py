"""The doors of links to one digest: members make and revoke them, anybody reads by them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from accounts.access import project_for
from accounts.models import Role, User
from digest.archive import letter_of, without_words
from digest.archive_views import edition_or_404, edition_page
from digest.charts import shown_on_a_page
from digest.compose import as_html
from digest.frames import MAIL_IN_A_FRAME
from digest.links import address
from digest.models import ShareLink
from digest.parts import Letter
from digest.plain import as_text
from digest.sharing import TooManyLinks, revoke, share, shared_by

View = Callable[..., HttpResponse]


@never_cache
@require_POST
def make_link(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make a link to a digest, and show it this once; customers' words are in it if asked for."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)  # project_for has sent away everybody else
    edition = edition_or_404(project, pk)
    with_words = request.POST.get("words") == "with"
    try:
        token = share(edition, with_words=with_words, by=request.user, now=timezone.now())
    except TooManyLinks:
        messages.error(request, "This digest has many links already. Revoke one first.")
        return redirect("digest_edition", slug, pk)
    return edition_page(request, project, edition, made=address("digest_shared", token))


@require_POST
def revoke_link(request: HttpRequest, slug: str, pk: int, link: int) -> HttpResponse:
    """Take a link back."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)  # project_for has sent away everybody else
    row = get_object_or_404(ShareLink, edition=edition_or_404(project, pk), pk=link)
    revoke(row, by=request.user, now=timezone.now())
    messages.success(request, "The link is revoked: it leads nowhere any more.")
    return redirect("digest_edition", slug, pk)


def _unlisted(view: View) -> View:
    """Keep an answer out of search engines, caches and other sites' logs."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        answer["Referrer-Policy"] = "no-referrer"
        return answer

    return answered


@login_not_required
@never_cache
@require_safe
@_unlisted
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show the digest of a link to whoever has it; nothing is kept of who they are."""
    link, letter = _of_link(token)
    as_plain = request.GET.get("as") == "text"
    context = {
        "token": token,
        "link": link,
        "letter": letter,
        "as_text": as_plain,
        "text": as_text(letter) if as_plain else "",
    }
    return render(request, "digest/shared.html", context)


@login_not_required
@never_cache
@require_safe
@xframe_options_sameorigin
@csp_replace(MAIL_IN_A_FRAME)
@_unlisted
def shared_html(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the HTML alone of the digest of a link, for the frame on its page."""
    link, letter = _of_link(token)
    return HttpResponse(shown_on_a_page(link.edition.project, as_html(letter)))


def _of_link(token: str) -> tuple[ShareLink, Letter]:
    link = shared_by(token)
    if link is None:
        raise Http404("No such link.")
    letter = letter_of(link.edition)
    return link, letter if link.with_words else without_words(letter)
