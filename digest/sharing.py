"""Links under which one digest is read without signing in: made by a member, and taken back."""

import hashlib
import secrets
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from digest.archive_models import Edition, ShareLink

MOST = 20  # working links of one edition


class TooManyLinks(Exception):
    """The digest has as many links as it may."""


def hashed(token: str) -> str:
    """Return what a token is known by; it is random and long, so nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    """Return a secret that nobody guesses: 32 random bytes, as an address may hold them."""
    return secrets.token_urlsafe(32)


def share(edition: Edition, *, with_words: bool, by: User, now: datetime) -> str:
    """Make a link to the edition, and return its secret, which is kept nowhere.

    Raises TooManyLinks.
    """
    if edition.links.working().count() >= MOST:
        raise TooManyLinks
    token = new_token()
    ShareLink.objects.create(
        edition=edition, token_hash=hashed(token), with_words=with_words, made_by=by, made_at=now
    )
    return token


def revoke(link: ShareLink, *, by: User, now: datetime) -> None:
    """Take a link back: it leads nowhere from now on."""
    ShareLink.objects.working().filter(pk=link.pk).update(revoked_by=by, revoked_at=now)


def links_of(edition: Edition) -> "QuerySet[ShareLink]":
    """Return the edition's links with who made and revoked them, newest first."""
    return edition.links.select_related("made_by", "revoked_by").order_by("-made_at", "-pk")[:100]


def shared_by(token: str) -> ShareLink | None:
    """Return the link of that secret, if there is one and it was not taken back."""
    links = ShareLink.objects.working().select_related("edition__project", "made_by")
    return links.filter(token_hash=hashed(token)).first()
