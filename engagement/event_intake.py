"""The writing door for events: every one, however it came, passes here."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Project
from common.errors import BadInput, IntakeReport, RowError
from common.masking import mask_text
from common.values import storable
from engagement.event_store import store_events
from engagement.models import RefusedEvent
from engagement.segment import Spelling, Told, frame_of, read_message
from engagement.segment_properties import without_people

# So many are kept of each project: enough to see what is wrong, and no way to fill a disk.
MOST_REFUSED = 200
MAX_REFUSED_BODY = 32 * 1024
# Somebody else's traits, and where they were, are not kept even here.
_NEVER_KEPT = ("traits", "writeKey")


def oldest_kept(now: datetime) -> datetime:
    """Return the moment before which events are not taken: they would be dropped at once."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=settings.EVENT_RETENTION_DAYS)


def spelling_of(project: Project) -> Spelling:
    """Return how the project writes its environments and services."""
    environments = project.environments.order_by("-pk").values_list("name", flat=True)
    services = project.services.order_by("-pk").values_list("name", flat=True)
    return Spelling(
        {one.lower(): one for one in environments}, {one.lower(): one for one in services}
    )


def record_events(
    project_id: int,
    messages: Sequence[Any],
    *,
    spelling: Spelling,
    now: datetime,
    kind: str = "",
    sent_at: Any = None,
    context: Any = None,
) -> IntakeReport:
    """Store what is new among the messages of Segment's kind, and report what could not be taken.

    What came before counts as unchanged. Messages that tell only who somebody is are taken, and
    counted as unchanged too.
    """
    frame = frame_of(
        now=now, oldest=oldest_kept(now), spelling=spelling, sent_at=sent_at, context=context
    )
    report = IntakeReport()
    told: dict[str, Told] = {}
    for index, message in enumerate(messages):
        try:
            one = read_message(message, frame, kind)
        except BadInput as error:
            report.errors.append(RowError(index, error))
            continue
        # One that nothing tells from others is new each time; one sent twice in a call is one.
        if not one.message_id:
            one = replace(one, message_id=f"wake:{uuid.uuid4()}") if one.name else one
        told.setdefault(one.message_id or f"who:{index}", one)
    if told:
        report.created = store_events(project_id, list(told.values()), now=now)
    report.unchanged = len(messages) - len(report.errors) - report.created
    return report


def keep_refused(
    project_id: int, call: str, bodies: Sequence[tuple[str, str]], *, now: datetime
) -> int:
    """Keep what could not be taken, as (body, why), to be read again; return how many were kept.

    Once as many are kept as there is room for, the rest is let go.
    """
    kept = RefusedEvent.objects.filter(project=project_id)
    room = MOST_REFUSED - kept[:MOST_REFUSED].count()
    rows = [
        RefusedEvent(
            project_id=project_id,
            call=call,
            body=mask_text(storable(body[:MAX_REFUSED_BODY])),
            reason=storable(why)[:2_000],
            received_at=now,
        )
        for body, why in bodies[: max(room, 0)]
    ]
    return len(RefusedEvent.objects.bulk_create(rows))


def as_refused(message: Any, *, kind: str, sent_at: Any) -> str:
    """Return a message as it is kept to be read again: without traits, and without its key."""
    if not isinstance(message, dict):
        return json.dumps(message)
    kept = {name: value for name, value in message.items() if name not in _NEVER_KEPT}
    if kind:
        kept["type"] = kind
    if sent_at and "sentAt" not in kept:
        kept["sentAt"] = sent_at
    return json.dumps(without_people(kept))


def read_again(project_id: int, *, spelling: Spelling, now: datetime) -> tuple[int, int]:
    """Read what was refused again; return how many there were, and how many are taken now.

    Each is read as of the moment it came in; what is taken is no longer kept here.
    """
    waiting = RefusedEvent.objects.filter(project=project_id, received_at__lte=now)
    rows = list(waiting.order_by("received_at", "pk"))
    mended = 0
    for row in rows:
        try:
            message = json.loads(row.body)
        except ValueError:
            continue
        messages = message.get("batch") if isinstance(message, dict) else None
        with transaction.atomic():
            report = record_events(
                project_id,
                messages if isinstance(messages, list) else [message],
                spelling=spelling,
                now=row.received_at,
                sent_at=message.get("sentAt") if isinstance(message, dict) else None,
            )
            if not report.errors:
                row.delete()
                mended += 1
    return len(rows), mended


def forget_refused(before: datetime) -> int:
    """Delete what was refused before that moment; return how many."""
    count, _ = RefusedEvent.objects.filter(received_at__lt=before).delete()
    return count
