"""Gathering: asks the places that feedback comes from for what is new, page by page.

A connection is claimed by one UPDATE. What a page brought and how far gathering has come are saved
together, and only by who still holds the claim: a worker may die anywhere, or run twice.
"""

import logging
import random
import traceback
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import Project
from common.errors import BadInput
from common.hosts import CannotReach
from common.masking import MASK, mask_text
from common.places import ConnectionFault
from common.values import storable, storable_json
from feedback.connectors.base import Asked, Connector, Gathered
from feedback.connectors.registry import CONNECTORS
from feedback.models import Connection
from feedback.taking import bad_rows_after, take

logger = logging.getLogger(__name__)

# After a failure the wait doubles from the first to the longest; a place that names a wait of its
# own is believed, up to a day.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_REST = timedelta(days=1)
# Waits vary by so much to both sides, so that many connections do not knock at the same moment.
JITTER = 0.1
# What was gathered so lately is not gathered again for a ship.
FRESH = timedelta(minutes=5)
MAX_PROBLEM = 2_000
# Shorter ones would be found in ordinary words.
SHORTEST_SECRET = 4


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
    return _varied(connector.every)


def _varied(wait: timedelta) -> timedelta:
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311, it guards nothing


def release(connection: Connection) -> None:
    """Give back the claim on a connection at the end of a turn that left more to take."""
    Connection.objects.filter(pk=connection.pk, claimed_at=connection.claimed_at).update(
        claimed_at=None
    )


def note_failure(connection: Connection, fault: Exception, *, now: datetime) -> None:
    """Note why a try failed and when the next is due, unless the claim was lost meanwhile."""
    failures = connection.failures + 1
    rest = fault.retry_after if isinstance(fault, ConnectionFault) else None
    wait = _varied(min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT))
    if rest:
        wait = max(wait, min(rest, LONGEST_REST))
    if not isinstance(fault, ConnectionFault | CannotReach | BadInput):
        told = "".join(traceback.format_exception(fault))
        logger.error(
            "Gathering from connection %s failed.\n%s", connection.pk, hide(connection, told)
        )
    Connection.objects.filter(pk=connection.pk, claimed_at=connection.claimed_at).update(
        failures=failures,
        failing_since=connection.failing_since or now,
        problem=problem_in(connection, fault),
        tried_at=now,
        rest_until=now + min(rest, LONGEST_REST) if rest else None,
        next_due_at=now + wait,
        claimed_at=None,
    )


def problem_in(connection: Connection, fault: Exception) -> str:
    """Return in plain words why a place could not be gathered from, and the mend; no secrets."""
    if isinstance(fault, ConnectionFault):
        said = str(fault)
    elif isinstance(fault, CannotReach):
        said = f"{fault} Check the address, and whether it answers."
    elif isinstance(fault, BadInput):
        said = f"The answer could not be read. {fault}"
    else:
        said = f"Wake failed here ({type(fault).__name__}). Its log says more; it tries again."
    return hide(connection, said)[:MAX_PROBLEM]


def hide(connection: Connection, text: str) -> str:
    """Return the text without the connection's secrets, and without what looks like one."""
    secrets = [value for value in connection.secrets.values() if isinstance(value, str)]
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return storable(mask_text(text))


def hurry(project: Project, *, now: datetime) -> int:
    """Make the project's connections due, because a ship is looked at; return how many.

    What was gathered a moment ago, what fails, and what asked to be left alone keep their time.
    """
    rested = Q(rest_until=None) | Q(rest_until__lte=now)
    stale = Q(worked_at=None) | Q(worked_at__lte=now - FRESH)
    waiting = Connection.objects.filter(
        rested, stale, project=project, is_active=True, failures=0, next_due_at__gt=now
    )
    return waiting.update(next_due_at=now)
