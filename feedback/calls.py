"""Calls that reached a connection, kept as they came, and what they tell put through intake."""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from common.bodies import is_form, read_body
from common.errors import BadInput, IntakeReport
from common.masking import mask_body, mask_form, mask_headers
from common.places import ConnectionFault
from common.values import storable
from feedback.connectors.base import Connector, Heard, NotFeedback, Row
from feedback.gather import connector_of, hide
from feedback.models import Call, Connection
from feedback.taking import take

logger = logging.getLogger(__name__)

# After so many failures to store what a call tells, it waits for a person.
MAX_ATTEMPTS = 5
# A worker that has not recorded a call by then is presumed dead.
STALE = timedelta(minutes=1)
MAX_REASON = 2_000
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What a call told of: rows for intake, or why there are none."""

    rows: tuple[Any, ...] = ()
    ignored: str = ""
    unreadable: str = ""


def receive(
    connection: Connection, *, headers: Mapping[str, str], body: bytes, now: datetime
) -> Call:
    """Keep a call as it came, store what it tells, and return what became of it.

    A call that came before is not kept again. While the connection is paused calls are kept, and
    read when it goes on. `headers` have their names in lower case. Raises ConnectionFault if Wake
    knows no such kind of connection.
    """
    call = _kept(connection, connector_of(connection), headers, body, now)
    unread = call.outcome in (Call.Outcome.RECEIVED, Call.Outcome.UNREADABLE)
    return record(call) if unread and connection.is_active else call


def _kept(
    connection: Connection,
    connector: Connector,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Call:
    event, call_id = _identified(connector, headers, body)
    mask = mask_form if is_form(headers) else mask_body
    secrets = [value for value in connection.secrets.values() if isinstance(value, str)]
    with transaction.atomic():
        # The lock makes a call that is repeated at the same moment wait for the first.
        Connection.objects.select_for_update().get(pk=connection.pk)
        known = Call.objects.filter(connection=connection, call_id=call_id)
        before = known.order_by("pk").first() if call_id else None
        return before or Call.objects.create(
            connection=connection,
            event=event,
            call_id=call_id,
            headers={
                name: storable(hide(connection, value))[:2_000]
                for name, value in mask_headers(headers).items()
            },
            body=mask(body, secrets),
            received_at=now,
        )


def _identified(connector: Connector, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    try:
        value = read_body(body, headers)
    except BadInput:
        value = None
    try:
        event, number = connector.event(headers, value), connector.call_id(headers, value)
    except Exception:  # a fault here must not keep a call from being kept
        logger.exception("The event of a call for %s could not be told.", connector.name)
        return "", ""
    return storable(event)[:100], storable(number)[:200]


def read_call(
    connection: Connection, *, headers: Mapping[str, str], body: bytes, now: datetime
) -> Reading:
    """Return what a call tells of, without storing it; never fails, whatever is in it."""
    try:
        connector = connector_of(connection)
        if connector.read is None:
            return Reading(unreadable=f"{connector.label} takes no calls.")
        value = read_body(body, headers)
        event = storable(connector.event(headers, value))[:100]
        rows = connector.read(Heard(event, value, headers, now, connection.options))
    except NotFeedback as reason:
        return Reading(ignored=str(reason))
    except (BadInput, ConnectionFault) as reason:
        return Reading(unreadable=str(reason))
    except Exception as fault:
        # A fault of ours, or a payload of a shape nobody thought of. Either way it is kept, and
        # can be read again once Wake has learned to.
        told = hide(connection, "".join(traceback.format_exception(fault)))
        logger.error("A call to connection %s could not be read.\n%s", connection.pk, told)
        return Reading(unreadable=f"Wake failed to read it ({type(fault).__name__}).")
    return Reading(rows=tuple(rows)) if rows else Reading(ignored="It tells of nothing said.")


def record(call: Call) -> Call:
    """Read a kept call and store what it tells; safe to repeat, at any later time.

    It is read as of the moment it came in: what did not say when it was said, was said then.
    """
    headers = {str(name): str(value) for name, value in call.headers.items()}
    reading = read_call(
        call.connection, headers=headers, body=bytes(call.body), now=call.received_at
    )
    Call.objects.filter(pk=call.pk).update(attempts=F("attempts") + 1)
    call.attempts += 1
    try:
        with transaction.atomic():
            _conclude(call, reading)
    except DatabaseError as fault:
        logger.exception("Call %s could not be recorded.", call.pk)
        if call.attempts >= MAX_ATTEMPTS:
            why = f"Wake failed to record it ({type(fault).__name__})."
            _save(call, Call.Outcome.UNREADABLE, why)
    return call


def _conclude(call: Call, reading: Reading) -> None:
    if reading.unreadable:
        return _save(call, Call.Outcome.UNREADABLE, reading.unreadable)
    if reading.ignored:
        return _save(call, Call.Outcome.IGNORED, reading.ignored)
    held = Connection.objects.select_for_update().filter(pk=call.connection_id)
    connection = held.select_related("project").get()
    rows = [_named(row, call, index) for index, row in enumerate(reading.rows)]
    report = take(connection, rows, now=call.received_at)
    held.update(worked_at=Greatest(Coalesce("worked_at", call.received_at), call.received_at))
    if report.errors:
        return _save(call, Call.Outcome.UNREADABLE, _refusals(report, len(rows)))
    return _save(call, Call.Outcome.RECORDED, _told(report))


def _named(row: Row, call: Call, index: int) -> Row:
    # A tool that names nothing: the call itself does, so that it can be read again.
    if isinstance(row, dict) and row.get("id") in (None, ""):
        return {**row, "id": f"call/{call.pk}/{index}"}
    return row


def _refusals(report: IntakeReport, count: int) -> str:
    reasons = " ".join(f"{one.index + 1}: {one.error}" for one in report.errors[:5])
    if count == 1:
        return str(report.errors[0].error)
    return f"{len(report.errors)} of its {count} things said could not be taken. {reasons}"


def _told(report: IntakeReport) -> str:
    counts = (
        (report.created, "new"),
        (report.updated, "changed"),
        (report.unchanged, "known before"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) + "."


def _save(call: Call, outcome: Call.Outcome, reason: str) -> None:
    call.outcome, call.reason = outcome, hide(call.connection, reason)[:MAX_REASON]
    call.save(update_fields=["outcome", "reason"])


def replay_unreadable(connection: Connection) -> tuple[int, int]:
    """Read again all calls that could not be read; return how many there were, and how many can."""
    waiting = connection.calls.filter(outcome=Call.Outcome.UNREADABLE)
    numbers = list(waiting.order_by("received_at", "pk").values_list("pk", flat=True))
    mended = 0
    for pk in numbers:
        call = connection.calls.select_related("connection__project").filter(pk=pk).first()
        if call and record(call).outcome != Call.Outcome.UNREADABLE:
            mended += 1
    return len(numbers), mended


def record_left_behind(now: datetime) -> int:
    """Record the calls whose worker died before it had, or that came while their connection was
    paused and wait no longer; return how many there were.
    """
    left = Call.objects.filter(
        outcome=Call.Outcome.RECEIVED,
        received_at__lt=now - STALE,
        connection__is_active=True,
    ).select_related("connection__project")
    calls = list(left.order_by("received_at", "pk")[:MOST_AT_ONCE])
    for call in calls:
        record(call)
    return len(calls)


def forget_calls(before: datetime) -> int:
    """Delete the calls that came in before that moment; return how many."""
    count, _ = Call.objects.filter(received_at__lt=before).delete()
    return count
