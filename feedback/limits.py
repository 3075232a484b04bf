"""Bounding what open doors take from one place.

The count is a row, not an entry in a cache, so that it is the same for every web process, on one
machine or on several, with Redis or without.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import F
from django.utils.crypto import salted_hmac

from feedback.models import Allowance


def spend(who: str, *, most: int, span: timedelta, now: datetime) -> timedelta | None:
    """Count one for `who`; return None if it is within `most` in this `span`, or how long to wait.

    Spans follow each other on the clock, the same for everybody. `who` is not stored: only a
    fingerprint is, keyed by SECRET_KEY and different in each span.
    """
    length = span.total_seconds()
    start = datetime.fromtimestamp(now.timestamp() // length * length, UTC)
    mark = salted_hmac("feedback.limits", f"{start.isoformat()} {who}", algorithm="sha256")
    row, is_first = Allowance.objects.get_or_create(
        mark=mark.hexdigest(), defaults={"until_at": start + span}
    )
    if is_first:
        Allowance.objects.filter(until_at__lt=now).delete()
    # Looked at before it is written, so that a flood of refused calls locks nothing. The UPDATE
    # decides: of several at once only as many win as there is room for.
    room = Allowance.objects.filter(pk=row.pk, used__lt=most)
    if row.used < most and room.update(used=F("used") + 1):
        return None
    return start + span - now
