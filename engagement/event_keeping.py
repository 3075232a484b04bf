"""Keeping events for as long as they are kept: room made ahead, and what is old dropped."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

from common.months import drop_months, make_months, month_after
from common.windows import month_of
from engagement.event_intake import forget_refused, oldest_kept
from engagement.models import Event, EventReceipt

TABLE, BY = "engagement_event", "occurred_at"
AHEAD = 2  # months
# Sent again after so long, an event is new: libraries give up within a day, phones within a week.
RECEIPTS_KEPT = timedelta(days=14)
# What is still to be counted is not dropped under the hands of who counts it.
SLACK = timedelta(days=2)
CHUNK = 5_000
MOST_CHUNKS = 400


def make_room(now: datetime) -> list[str]:
    """Make the parts for all months that events may come for, and the next two; return the new."""
    return make_months(TABLE, BY, month_of(oldest_kept(now)), month_after(month_of(now), AHEAD))


def drop_what_is_old(now: datetime) -> dict[str, int]:
    """Drop months of events, and delete what else is older than it is kept; return how much.

    A turn deletes a bounded number of rows, a few at a time, so that nobody waits for it long.
    """
    before = oldest_kept(now) - SLACK
    return {
        "months": len(drop_months(TABLE, before)),
        "events": _delete(Event.objects.filter(occurred_at__lt=before)),
        "receipts": _delete(EventReceipt.objects.filter(received_at__lt=now - RECEIPTS_KEPT)),
        "refused": forget_refused(now - timedelta(days=settings.DELIVERY_RETENTION_DAYS)),
    }


def _delete(rows: "models.QuerySet[Any]") -> int:
    deleted = 0
    for _ in range(MOST_CHUNKS):
        keys = list(rows.values_list("pk", flat=True)[:CHUNK])
        if not keys:
            break
        deleted += rows.filter(pk__in=keys).delete()[0]
    return deleted
