"""The bells of the delivery log, and of how far ships are taken up."""

import time
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from deployments.adoption import measure, waiting_ships
from deployments.deliveries import forget_deliveries, record_left_behind

TURN_SECONDS = 30


@shared_task
def record_deliveries_left_behind(**_: Any) -> None:
    """Record what a web worker kept and did not live to record."""
    record_left_behind(timezone.now())


@shared_task
def forget_old_deliveries(**_: Any) -> None:
    """Delete the deliveries that are older than they are to be kept."""
    forget_deliveries(timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS))


@shared_task
def measure_adoption(**_: Any) -> None:
    """Measure how far the young ships are taken up, for half a minute; the next bell goes on."""
    ends = time.monotonic() + TURN_SECONDS
    for ship in waiting_ships(timezone.now(), limit=500):
        if time.monotonic() > ends:
            return
        measure(ship, now=timezone.now())
