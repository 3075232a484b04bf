"""The bell that keeps what OpenTelemetry sent in bounds."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from engagement.telemetry_intake import drop_old_points
from engagement.telemetry_seen import forget_unseen


@shared_task
def drop_what_is_old(**_: Any) -> None:
    """Drop points that nothing is compared with any more, and names that nobody sends."""
    now = timezone.now()
    drop_old_points(now=now)
    forget_unseen(now=now)
