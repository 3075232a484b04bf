"""Doorbells for what is done to many feedback at once."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from dashboard import inbox_bulk
from feedback.models import BulkAction


@shared_task
def start_bulk_actions(**_: Any) -> None:
    """Ring for every bulk action that no living worker holds."""
    for job_id in inbox_bulk.waiting(timezone.now()).values_list("pk", flat=True):
        run_bulk_action.apply_async(kwargs={"job_id": job_id}, expires=60)


@shared_task
def run_bulk_action(*, job_id: int, **_: Any) -> None:
    """Move one bulk action on, and ring again if there is more of it."""
    if inbox_bulk.run_bulk_action(BulkAction.objects.get(pk=job_id), now=timezone.now()):
        run_bulk_action.delay(job_id=job_id)
