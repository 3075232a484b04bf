"""Feedback that nobody opens: bad words about a fresh ship go to the whole team in the end."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Project
from feedback.models import FeedbackEvent, FeedbackItem, Status
from learning.models import Attribution

UNSEEN_FOR = timedelta(days=3)
# Older than this, it is history: nobody is to be told of all that was never read.
LOOKED_BACK = timedelta(days=14)
FRESH_SHIP = timedelta(days=14)  # how long before the words the ship may have gone live
LOW = 2.0  # stars, of 5
AT_ONCE = 50  # a project and ring


def escalate_feedback(project: Project, *, now: datetime) -> int:
    """Mark bad ratings of fresh ships that nobody has opened for three days; return how many.

    Each is marked once, with a line in its history; at most AT_ONCE a call.
    """
    unseen = FeedbackItem.objects.heard().filter(
        project=project,
        status=Status.NEW,
        seen_at=None,
        escalated_at=None,
        rating__lte=LOW,
        said_at__lte=now - UNSEEN_FOR,
        said_at__gt=now - LOOKED_BACK,
        received_at__lte=now - UNSEEN_FOR,
    )
    about = Attribution.objects.filter(
        feedback__in=unseen.order_by("-said_at").values("pk"),
        is_best=True,
        deployment__shipped_at__gte=now - LOOKED_BACK - FRESH_SHIP,
        probability__gte=0.5,
    ).select_related("deployment", "feedback")
    late = [
        row.feedback_id
        for row in about.order_by("pk")[: 4 * AT_ONCE]
        if row.deployment and row.feedback.said_at - row.deployment.shipped_at <= FRESH_SHIP
    ][:AT_ONCE]
    return sum(_escalate(key, now) for key in late)


def _escalate(key: int, now: datetime) -> bool:
    with transaction.atomic():
        # The UPDATE is the lock: whoever changes the row has won it.
        won = FeedbackItem.objects.filter(pk=key, seen_at=None, escalated_at=None)
        if not won.update(escalated_at=now):
            return False
        FeedbackEvent.objects.create(
            feedback_id=key,
            kind=FeedbackEvent.Kind.ESCALATED,
            happened_at=now,
            text="Nobody opened it for three days.",
        )
        return True
