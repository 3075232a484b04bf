"""Who saw, and when, what customers say of a ship: the engineer's eyes that Wake measures.

A look counts when a member who may act opens, by themselves, a ship's page that shows customers'
words, a finding about the ship, or a feedback that is most likely about it.
"""

from datetime import datetime

from accounts.models import User
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.models import Attribution, ShipLook


def note_look(ship: Deployment | int, *, by: User, now: datetime) -> None:
    """Note that `by` saw what customers say of the ship; only the first time is kept."""
    pk = ship.pk if isinstance(ship, Deployment) else ship
    if ShipLook.objects.filter(deployment=pk, user=by).exists():
        return
    ShipLook.objects.bulk_create(
        [ShipLook(deployment_id=pk, user=by, looked_at=now)], ignore_conflicts=True
    )


def read_feedback(item: FeedbackItem, *, by: User, now: datetime) -> None:
    """Note that a member opened a feedback: its first look, and that at the ship it is about."""
    if item.seen_at is None:
        item.mark_seen(by=by, now=now)
        item.refresh_from_db(fields=["status"])
    best = Attribution.objects.filter(feedback=item, is_best=True).values_list(
        "deployment", flat=True
    )
    ship = best.first()
    if ship:
        note_look(ship, by=by, now=now)
