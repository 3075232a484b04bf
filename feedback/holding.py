"""Holding feedback back as spam, and releasing it. What is held is kept, and counts nowhere."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from feedback.models import FeedbackEvent, FeedbackItem


def hold(item: FeedbackItem, *, because: str, by: User | None, now: datetime) -> bool:
    """Hold `item` back; return False if it is already. `by` is None if Wake does it by itself."""
    with transaction.atomic():
        held = FeedbackItem.objects.filter(pk=item.pk, held_at=None)
        if not held.update(held_at=now, held_because=because[:200]):
            return False
        _note(item, FeedbackEvent.Kind.HELD, because, by, now)
    item.refresh_from_db(fields=["held_at", "held_because"])
    return True


def release(item: FeedbackItem, *, by: User, now: datetime) -> bool:
    """Let `item` count again; return False if it was not held back.

    Wake never holds it back by itself again. It is linked to ships anew.
    """
    with transaction.atomic():
        held = FeedbackItem.objects.filter(pk=item.pk, held_at__isnull=False)
        if not held.update(held_at=None, held_because="", linked_at=None):
            return False
        _note(item, FeedbackEvent.Kind.RELEASED, "", by, now)
    item.refresh_from_db(fields=["held_at", "held_because", "linked_at"])
    return True


def _note(
    item: FeedbackItem, kind: FeedbackEvent.Kind, text: str, by: User | None, now: datetime
) -> None:
    FeedbackEvent.objects.create(feedback=item, kind=kind, by=by, happened_at=now, text=text)
