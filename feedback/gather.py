"""Gathering: asks the places that feedback comes from for what is new, page by page.

A connection is claimed by one UPDATE. What a page brought and how far gathering has come are saved
together, and only by who still holds the claim: a worker may die anywhere, or run twice.
"""

import logging
import traceback
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Project
from common import attempts
from common.attempts import LONGEST_REST, after_failure, is_expected, varied
from common.places import ConnectionFault
from common.values import storable_json
from feedback.connectors.base import Asked, Connector, Gathered
from feedback.connectors.registry import CONNECTORS
from feedback.models import Connection
from feedback.taking import bad_rows_after, take

logger = logging.getLogger(__name__)


def connector_of(connection: Connection) -> Connector:
    """Return the connector of a connection; raises ConnectionFault if Wake has none any more."""
    try:
        return CONNECTORS[connection.kind]
    except KeyError:
        mend = "Remove the connection, or go back to a Wake that has it."
        raise ConnectionFault(f"This Wake knows no “{connection.kind}”.", mend) from None


def gather_page(connection: Connection, *, now: datetime) -> bool:
    """Take one page from the place of a connection that this worker has claimed.

    Returns True if there is more to take at once, and the claim is kept for it. A failure moves
    nothing: it is noted on the connection in plain words, with when the next try is due.
    """
    try:
        connector = connector_of(connection)
        return _save(connection, connector, ask(connection, connector, now), now)
    except Exception as fault:
        note_failure(connection, fault, now=now)
        return False


def ask(connection: Connection, connector: Connector, now: datetime) -> Gathered:
    """Return the next page of what a place has; raises ConnectionFault, or whatever went wrong."""
    if connector.gather is None:
        raise ConnectionFault(f"{connector.label} is not asked; it calls Wake.")
    return connector.gather(
        Asked(
            options=connection.options,
            secrets=connection.secrets,
            cursor=connection.cursor,
            since=connection.created_at - timedelta(days=connection.days_back),
            now=now,
            private_hosts=tuple(settings.ALLOW_PRIVATE_HOSTS),
        )
    )


def _save(connection: Connection, connector: Connector, page: Gathered, now: datetime) -> bool:
    cursor = storable_json(page.cursor)
    # A place that promises more without moving on would be asked for ever.
    goes_on = page.has_more and not page.wait and cursor != connection.cursor
    with transaction.atomic():
        mine = Connection.objects.select_for_update().filter(
            pk=connection.pk, claimed_at=connection.claimed_at, is_active=True
        )
        held = mine.first()
        # Paused, changed or removed meanwhile, or taken over as stale: the page is thrown away.
        if held is None or held.cursor != connection.cursor:
            return False
        report = take(held, page.rows, now=now)
        facts: dict[str, Any] = {
            "cursor": cursor,
            "bad_rows": bad_rows_after(held, page.rows, report, now=now),
            "failures": 0,
            "failing_since": None,
            "problem": "",
            "tried_at": now,
            "worked_at": now,
            "rest_until": now + min(page.wait, LONGEST_REST) if page.wait else None,
            "claimed_at": now if goes_on else None,
            "next_due_at": now if goes_on else now + _until_next(connector, page),
        }
        mine.update(**facts)
    for name, value in facts.items():
        setattr(connection, name, value)
    return goes_on


def _until_next(connector: Connector, page: Gathered) -> timedelta:
    if page.wait:
        return min(page.wait, LONGEST_REST) if page.has_more else max(page.wait, connector.every)
    return varied(connector.every)


def note_failure(connection: Connection, fault: Exception, *, now: datetime) -> None:
    """Note why a try failed and when the next is due, unless the claim was lost meanwhile."""
    if not is_expected(fault):
        told = "".join(traceback.format_exception(fault))
        logger.error(
            "Gathering from connection %s failed.\n%s", connection.pk, hide(connection, told)
        )
    mine = Connection.objects.filter(pk=connection.pk, claimed_at=connection.claimed_at)
    mine.update(**after_failure(connection, fault, connection.secrets, now=now))


def problem_in(connection: Connection, fault: Exception) -> str:
    """Return in plain words why a place could not be gathered from, and the mend; no secrets."""
    return attempts.problem_in(fault, connection.secrets)


def hide(connection: Connection, text: str) -> str:
    """Return the text without the connection's secrets, and without what looks like one."""
    return attempts.hide(text, connection.secrets)


def hurry(project: Project, *, now: datetime) -> int:
    """Make the project's connections due, because a ship is looked at; return how many."""
    return Connection.objects.filter(project=project).hurry(now=now)
