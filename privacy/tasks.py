"""The doorbell that clears the database's files after a customer was erased."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from privacy.sweeping import is_due, sweep


@shared_task
def sweep_after_erasures(**_: Any) -> None:
    """Clear the files if a customer was erased since they last were."""
    if is_due():
        sweep(now=timezone.now())
