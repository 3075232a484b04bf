"""Connections: making, changing, trying, pausing and removing them, and how they do."""

import secrets as randomness
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts.models import Project, User
from common import due
from common.errors import BadInput
from common.health import Health
from feedback.connectors.base import HOOK_SECRET, Connector
from feedback.connectors.registry import CONNECTORS
from feedback.gather import ask, problem_in
from feedback.intake import Said, read_feedback
from feedback.models import Connection, FeedbackItem

TRIED_ROWS = 5
# How long the secret before still signs calls, so that it can be changed there in peace.
ROTATION = timedelta(days=1)
_OLD_SECRET, _OLD_UNTIL = "hook_secret_before", "hook_secret_before_until"


@dataclass(frozen=True, slots=True)
class Filled:
    """What a person filled in for a connection; a secret left empty keeps the stored one."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    environment: str = ""
    days_back: int = 30


@dataclass(frozen=True, slots=True)
class TriedRow:
    """A row of a place as it would be taken, or why it would not."""

    said: Said | None
    error: BadInput | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a place answered: its first rows, or in plain words why it cannot be gathered from."""

    rows: tuple[TriedRow, ...] = ()
    count: int = 0
    has_more: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A connection, its connector (None if this Wake has none) and how it does."""

    connection: Connection
    connector: Connector | None
    health: Health


def make_connection(
    project: Project, connector: Connector, filled: Filled, *, by: User | None, now: datetime
) -> tuple[Connection, str]:
    """Save a new connection; return it, and the secret that Wake made for its calls, if any.

    That secret is told this once. What Wake gathers is due at once.
    """
    made = ""
    kept = {name: value for name, value in filled.secrets.items() if value}
    if connector.read and HOOK_SECRET not in {setting.name for setting in connector.settings}:
        made = kept[HOOK_SECRET] = _new_secret()
    connection = Connection.objects.create(
        project=project,
        kind=connector.name,
        name=filled.name,
        options=filled.options,
        secrets=kept,
        environment=filled.environment,
        days_back=filled.days_back,
        next_due_at=now if connector.gather else None,
        created_by=by,
        created_at=now,
    )
    return connection, made


def _new_secret() -> str:
    # As Standard Webhooks writes them: what follows whsec_ is base64, of 24 bytes.
    return "whsec_" + randomness.token_hex(16)


def change_connection(connection: Connection, filled: Filled, *, now: datetime) -> None:
    """Save what was changed. Another place is gathered from its beginning; it is due at once."""
    new = {name: value for name, value in filled.secrets.items() if value}
    with transaction.atomic():
        held = Connection.objects.select_for_update().get(pk=connection.pk)
        options = {**held.options, **filled.options}
        before = (held.options, held.days_back)
        held.name, held.environment = filled.name, filled.environment
        held.options, held.days_back = options, filled.days_back
        if (options, filled.days_back) != before:
            held.cursor = {}
        held.secrets = {**held.secrets, **new}
        # Whoever gathers just now asked with what was there before: its claim is lost.
        held.start_afresh(now)
        held.save()


def try_out(
    connection: Connection, connector: Connector, filled: Filled, *, now: datetime
) -> Trial:
    """Ask the place once, with what is filled in, and store nothing.

    `connection` is the stored one, or a new unsaved one; secrets left empty are taken from it.
    """
    tried = Connection(
        project=connection.project,
        kind=connector.name,
        options={**connection.options, **filled.options},
        secrets={**connection.secrets, **{k: v for k, v in filled.secrets.items() if v}},
        days_back=filled.days_back,
        created_at=now,
    )
    try:
        page = ask(tried, connector, now)
    except Exception as fault:
        return Trial(problem=problem_in(tried, fault))
    return Trial(tuple(try_rows(tried, page.rows, now=now)), len(page.rows), page.has_more)


def try_rows(connection: Connection, rows: Sequence[Any], *, now: datetime) -> list[TriedRow]:
    """Return the first rows as they would be taken, each with why it would not."""
    tried = []
    for row in rows[:TRIED_ROWS]:
        try:
            said = read_feedback(row, now=now, source=connection.kind, answerable=True)
        except BadInput as error:
            tried.append(TriedRow(None, error))
        else:
            tried.append(TriedRow(said))
    return tried


def change_mapping(connection: Connection, mapping: dict[str, str]) -> None:
    """Save how the calls of a webhook are read from now on; empty: in Wake's own fields."""
    with transaction.atomic():
        held = Connection.objects.select_for_update().get(pk=connection.pk)
        held.options = {**held.options, "mapping": mapping, "preset": ""}
        held.save(update_fields=["options"])


def pause(connection: Connection) -> None:
    """Ask the place no more, and only keep what it sends, until it goes on."""
    Connection.objects.filter(pk=connection.pk).update(is_active=False, claimed_at=None)


def resume(connection: Connection, *, now: datetime) -> None:
    """Go on: what is gathered is due at once, and what was sent meanwhile is read in a minute."""
    with transaction.atomic():
        held = Connection.objects.select_for_update().get(pk=connection.pk)
        held.is_active = True
        held.start_afresh(now)
        held.save()


def gather_now(connection: Connection, *, now: datetime) -> bool:
    """Make the connection due at once; return False if the place asked to be left alone."""
    if connection.rest_until and connection.rest_until > now:
        return False
    mine = Connection.objects.filter(pk=connection.pk, is_active=True, next_due_at__gt=now)
    mine.update(next_due_at=now)
    return True


def remove_connection(connection: Connection) -> None:
    """Delete the connection with its calls; the feedback that came by it stays."""
    FeedbackItem.objects.filter(connection=connection).update(connection=None)
    connection.delete()


def exchange_secret(connection: Connection, *, given: str, keep_old: bool, now: datetime) -> str:
    """Let another secret sign calls, the given one or a new one, and return it.

    With `keep_old` the one before is taken too for one more day.
    """
    with transaction.atomic():
        held = Connection.objects.select_for_update().get(pk=connection.pk)
        kept = {**held.secrets, HOOK_SECRET: given or _new_secret()}
        kept.pop(_OLD_SECRET, None)
        kept.pop(_OLD_UNTIL, None)
        if keep_old and held.secrets.get(HOOK_SECRET):
            kept[_OLD_SECRET] = held.secrets[HOOK_SECRET]
            kept[_OLD_UNTIL] = (now + ROTATION).isoformat()
        held.secrets = kept
        held.save(update_fields=["secrets"])
    return str(kept[HOOK_SECRET])


def hook_secrets(connection: Connection, *, now: datetime) -> tuple[str, ...]:
    """Return the secrets that may sign a call now."""
    kept = connection.secrets
    until = parse_datetime(str(kept.get(_OLD_UNTIL) or ""))
    old = kept.get(_OLD_SECRET) if until and now < until else None
    return tuple(str(secret) for secret in (kept.get(HOOK_SECRET), old) if secret)


def health_of(connection: Connection, *, now: datetime) -> Health:
    """Return how the connection does."""
    return due.health_of(connection, created_at=connection.created_at, now=now)


def connections_of(project: Project, *, now: datetime) -> list[Listed]:
    """Return all connections of the project with how they do, in one query, by their names."""
    return listed(project.connections.order_by("name", "pk"), now=now)


def listed(connections: Iterable[Connection], *, now: datetime) -> list[Listed]:
    """Return these connections with how they do."""
    return [Listed(one, CONNECTORS.get(one.kind), health_of(one, now=now)) for one in connections]
