"""The bells of the delivery log."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from deployments.deliveries import forget_deliveries, record_left_behind


@shared_task
def record_deliveries_left_behind(**_: Any) -> None:
    """Record what a web worker kept and did not live to record."""
    record_left_behind(timezone.now())


@shared_task
def forget_old_deliveries(**_: Any) -> None:
    """Delete the deliveries that are older than they are to be kept."""
    forget_deliveries(timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS))
