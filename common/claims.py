"""When the claim of a worker on a row no longer holds."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q


def stale_before(now: datetime) -> datetime:
    """Return the moment before which a claim is taken over: its worker is presumed dead."""
    return now - timedelta(seconds=settings.STALE_CLAIM_SECONDS)


def unclaimed(now: datetime) -> Q:
    """Return the condition that no living worker holds a row, by its `claimed_at`."""
    return Q(claimed_at=None) | Q(claimed_at__lt=stale_before(now))
