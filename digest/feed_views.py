"""The Atom feed of a project's digests (RFC 4287), at an address that only its owner knows."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import project_for
from accounts.models import Project, User
from digest.archive import letter_of, without_words
from digest.feeds import end_feed, feed_by, make_feed
from digest.links import address
from digest.models import Edition, FeedLink
from digest.schedule import Rhythm

NEWEST = 30
_NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


@never_cache
@require_POST
def feed_change(request: HttpRequest, slug: str) -> HttpResponse:
    """Give me an address of the feed, another one, or none any more; it is shown this once."""
    project = project_for(request.user, slug)
    assert isinstance(request.user, User)  # project_for has sent away everybody else
    if "end" in request.POST:
        end_feed(project, request.user)
        messages.success(request, "The feed’s address leads nowhere any more.")
        return redirect("digest_archive", slug)
    token = make_feed(project, request.user, now=timezone.now())
    made = address("digest_atom", token)
    return render(request, "digest/feed_made.html", {"project": project, "made": made})


class PrivateAtom(Atom1Feed):
    """Atom whose generator is named, and whose content is HTML."""

    content_type = "application/atom+xml; charset=utf-8"

    def add_root_elements(self, handler: Any) -> None:
        """Add what the feed says of itself."""
        super().add_root_elements(handler)
        handler.addQuickElement("generator", "Wake")

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """Add an entry: its short summary as text, and all of it as HTML."""
        content = item.pop("content")
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", content, {"type": "html"})


class DigestFeed(Feed):
    """The digests of one project that were sent, newest first, without customers' words."""

    feed_type = PrivateAtom
    language = "en"

    def get_object(self, request: HttpRequest, token: str) -> tuple[FeedLink, str, str]:
        """Return whose feed it is, which rhythm it is narrowed to, and its secret."""
        link = feed_by(token)
        rhythm = request.GET.get("rhythm", "")
        if link is None or (rhythm and rhythm not in Rhythm.values):
            raise Http404("No such feed.")
        return link, rhythm, token

    def title(self, obj: tuple[FeedLink, str, str]) -> str:
        """Name the project."""
        return _written(f"{obj[0].project}: digest")

    def subtitle(self, obj: tuple[FeedLink, str, str]) -> str:
        """Say what it is."""
        return f"What the team of {obj[0].project} learned, shipped and was told."

    def link(self, obj: tuple[FeedLink, str, str]) -> str:
        """Lead to the archive."""
        return address("digest_archive", obj[0].project.slug)

    def feed_url(self, obj: tuple[FeedLink, str, str]) -> str:
        """Name the feed's own address, as RFC 4287 4.2.7.2 wants it."""
        _, rhythm, token = obj
        return address("digest_atom", token) + (f"?rhythm={rhythm}" if rhythm else "")

    def feed_guid(self, obj: tuple[FeedLink, str, str]) -> str:
        """Name the feed by what outlives its address."""
        return _tag(obj[0].project, "digest")

    def author_name(self, obj: tuple[FeedLink, str, str]) -> str:
        """Name who writes."""
        return f"Wake for {obj[0].project}"

    def items(self, obj: tuple[FeedLink, str, str]) -> list[Edition]:
        """Return the newest editions."""
        link, rhythm, _ = obj
        rows = Edition.objects.sent().filter(project=link.project).select_related("project")
        rows = rows.filter(rhythm=rhythm) if rhythm else rows
        return list(rows.order_by("-ends_on", "-pk")[:NEWEST])

    def item_title(self, item: Edition) -> str:
        """Say the news."""
        return _written(letter_of(item).headline)

    def item_description(self, item: Edition) -> str:
        """Say the rest in one sentence."""
        return _written(letter_of(item).summary)

    def item_link(self, item: Edition) -> str:
        """Lead to the archive, where all of it can be read."""
        return address("digest_edition", item.project.slug, item.pk)

    def item_guid(self, item: Edition) -> str:
        """Name the entry by what stays the same when its page moves."""
        return _tag(item.project, f"digest/{item.rhythm}/{item.ends_on.isoformat()}")

    def item_pubdate(self, item: Edition) -> datetime:
        """Say when it was sent."""
        return (item.sent_at or item.end_at).astimezone(UTC)

    item_updateddate = item_pubdate

    def item_categories(self, item: Edition) -> list[str]:
        """Say how often digests of its kind come."""
        return [item.rhythm]

    def item_extra_kwargs(self, item: Edition) -> dict[str, Any]:
        """Give all of it but customers' own words: a feed reader is often somebody else's."""
        facts = {"letter": without_words(letter_of(item))}
        return {"content": _written(render_to_string("digest/feed_entry.html", facts))}


def _written(text: str) -> str:
    """Return the text without the signs that XML 1.0 has no way to write (section 2.2)."""
    return _NOT_IN_XML.sub("", text)


def _tag(project: Project, what: str) -> str:
    """Return an identity for ever (RFC 4151)."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"tag:{host},{project.created_at:%Y-%m-%d}:wake/{project.pk}/{what}"


_feed = DigestFeed()


@login_not_required
@require_safe
def atom(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the feed."""
    answer = _feed(request, token=token)
    answer["Cache-Control"] = "private, max-age=900"
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
