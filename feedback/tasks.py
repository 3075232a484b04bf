"""Doorbells for imports, connections and calls: each reads the clock and rings once."""

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from feedback import importer
from feedback.calls import forget_calls, record_left_behind
from feedback.gather import gather_page
from feedback.models import Connection, Import
from feedback.sorting import sort_waiting

# A turn ends after so long, between two pages; what is left goes on in the next turn.
TURN_SECONDS = 45
MOST_TURNS = 200
RING_AFTER = 1.0  # seconds
_rings, _rung = threading.Lock(), list[bool]()
logger = logging.getLogger(__name__)


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


@shared_task
def sort_new_feedback(**_: Any) -> None:
    """Make feedback of what a rush left in the journal; ring again if there is more of it."""
    count, more = sort_waiting(now=timezone.now())
    if count and more:
        sort_new_feedback.apply_async(expires=60)


def ring_soon() -> None:
    """Make a worker sort what is put into the journal, a second from now, and say so only once.

    It costs the call that asks for it nothing, and if it fails the timetable's bell does it.
    """
    with _rings:
        if _rung:
            return
        _rung.append(True)
    timer = threading.Timer(RING_AFTER, _ring)
    timer.daemon = True
    timer.start()


def _ring() -> None:
    _rung.clear()
    try:
        sort_new_feedback.apply_async(expires=60, retry=False)
    except Exception:
        logger.exception("No worker could be told of new feedback; the next bell does it")


@shared_task
def gather_due_connections(**_: Any) -> None:
    """Ring for every connection that is due and that no living worker holds."""
    due = Connection.objects.due(timezone.now()).order_by("next_due_at", "pk")
    for connection_id in due.values_list("pk", flat=True)[:MOST_TURNS]:
        gather_connection.apply_async(kwargs={"connection_id": connection_id}, expires=60)


@shared_task
def gather_connection(*, connection_id: int, **_: Any) -> None:
    """Claim a connection and gather from it until the turn is over; ring again if more is left."""
    connection = Connection.objects.select_related("project").filter(pk=connection_id).first()
    now = timezone.now()
    if connection is None or not connection.claim(now):
        return
    connection.refresh_from_db()
    ends = time.monotonic() + TURN_SECONDS
    while gather_page(connection, now=timezone.now()):
        if time.monotonic() > ends:
            connection.release()
            gather_connection.apply_async(kwargs={"connection_id": connection_id}, expires=60)
            return


@shared_task
def record_calls_left_behind(**_: Any) -> None:
    """Record what a web worker kept and did not live to record, or kept during a pause."""
    record_left_behind(timezone.now())


@shared_task
def forget_old_calls(**_: Any) -> None:
    """Delete the calls that are older than they are to be kept."""
    forget_calls(timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS))
