"""Doorbells for imports: each loads a row, reads the clock and rings once."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from feedback import importer
from feedback.models import Import


@shared_task
def start_queued_imports(**_: Any) -> None:
    """Ring for every import that no living worker holds, and clear away forgotten files."""
    now = timezone.now()
    for import_id in importer.waiting(now).values_list("pk", flat=True):
        run_import.apply_async(kwargs={"import_id": import_id}, expires=60)
    importer.forget_old_files(now)


@shared_task
def run_import(*, import_id: int, **_: Any) -> None:
    """Move one import on, and ring again if there is more of it."""
    if importer.run_import(Import.objects.get(pk=import_id), now=timezone.now()):
        run_import.delay(import_id=import_id)
