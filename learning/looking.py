"""Who saw, and when, what customers say of a ship: the engineer's eyes that Wake measures.

A look counts when a member who may act opens, by themselves, a ship's page that shows customers'
words, a finding about the ship, or a feedback that is most likely about it.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.models import Attribution, ShipLook


def note_look(ship: Deployment, *, by: User, now: datetime) -> None:
    """Note that `by` saw what customers say of the ship; only the first time is kept."""
    if not ShipLook.objects.filter(deployment=ship, user=by).exists():
        _write(ship.pk, by, now)


def read_feedback(item: FeedbackItem, *, by: User, now: datetime) -> None:
    """Note that a member opened a feedback: its first look, and that at the ship it is about."""
    if item.seen_at is None:
        item.mark_seen(by=by, now=now)
        item.refresh_from_db(fields=["status"])
    looked = ShipLook.objects.filter(deployment=OuterRef("deployment"), user=by)
    ships = Attribution.objects.filter(
        ~Exists(looked), feedback=item, is_best=True, deployment__isnull=False
    )
    for pk in ships.values_list("deployment", flat=True):
        _write(pk, by, now)


def _write(ship_id: int, user: User, now: datetime) -> None:
    look = ShipLook(deployment_id=ship_id, user=user, looked_at=now)
    ShipLook.objects.bulk_create([look], ignore_conflicts=True)
