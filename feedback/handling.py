"""What the team does with one thing a customer said: see it, answer it, close it."""

from datetime import datetime

from accounts.models import User
from feedback.models import FeedbackItem, Status


def move_to(item: FeedbackItem, status: Status, *, by: User, now: datetime) -> None:
    """Save how far the team is with `item`.

    Whoever answers or closes something has read it, so that counts as its first look too.
    Back to new keeps the first look: it did happen.
    """
    if status != Status.NEW:
        item.mark_seen(by=by, now=now)
    FeedbackItem.objects.filter(pk=item.pk).update(status=status)
    item.refresh_from_db(fields=["status", "seen_at", "seen_by"])
