"""A person's own address of a project's feed: its secret is made anew, and ended."""

from datetime import datetime
from typing import Any

from accounts.models import Membership, Project, User
from digest.archive_models import FeedLink
from digest.sharing import hashed, new_token


def make_feed(project: Project, user: User, *, now: datetime) -> str:
    """Return the secret of a new address of the person's feed; the one before ends here."""
    token = new_token()
    FeedLink.objects.update_or_create(
        project=project, user=user, defaults={"token_hash": hashed(token), "made_at": now}
    )
    return token


def end_feed(project: Project, user: User) -> None:
    """End the person's feed; its address leads nowhere from now on."""
    FeedLink.objects.filter(project=project, user=user).delete()


def feed_of(project: Project, user: Any) -> FeedLink | None:
    """Return the person's feed of the project, if they have one."""
    return FeedLink.objects.filter(project=project, user=user).first()


def feed_by(token: str) -> FeedLink | None:
    """Return the feed of that secret, as long as its owner is a member of the project."""
    link = FeedLink.objects.select_related("project", "user").filter(token_hash=hashed(token))
    found = link.first()
    if found is None:
        return None
    still = Membership.objects.filter(
        project=found.project_id, user=found.user_id, user__is_active=True
    )
    return found if still.exists() else None
