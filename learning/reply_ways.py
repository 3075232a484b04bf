"""How a customer can be answered: by the place where they spoke, by mail, or not at all."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import Project
from common.mail import goes_nowhere
from feedback.connectors.base import Connector
from feedback.connectors.mailbox import MAILBOX, own_addresses
from feedback.connectors.registry import CONNECTORS
from feedback.models import Connection, FeedbackItem
from learning.models import Reply

MAIL = "mail"
_SOUND_ID = re.compile(r"[^\s<>]{1,400}")


class NoWay(Exception):
    """A customer cannot be answered; the text says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to one customer."""

    channel: str  # "mail", or the kind of the connection
    label: str  # as in "by mail to dana@..."
    connection: Connection | None = None
    to: str = ""  # a mail address
    name: str = ""


def way_of(reply: Reply) -> Way:
    """Return how the reply can go out; raises NoWay."""
    return way_to(reply.feedback, own=addresses_of_team(reply.project))


def way_to(item: FeedbackItem, *, own: Collection[str]) -> Way:
    """Return how whoever said this can be answered; raises NoWay.

    `own` are the addresses of the team, to which nothing is sent. Needs the connection and the
    customer of `item`.
    """
    connection, connector = item.connection, _connector(item)
    if connection and connector and connector.answer and item.answer_to:
        return Way(connection.kind, f"at {connector.label}", connection=connection)
    to = str(item.answer_to.get("to") or "") if item.source == MAILBOX.name else ""
    to = to or (item.customer.email if item.customer else "")
    if not to:
        raise NoWay("They left no mail address, and where they wrote takes no answers from Wake.")
    try:
        validate_email(to)
    except ValidationError:
        raise NoWay("What they left as their mail address is none.") from None
    if to.lower() in own:
        raise NoWay("The address is one of your own.")
    if goes_nowhere():
        raise NoWay("Wake has no mail server to send by: whoever runs it sets EMAIL_URL.")
    name = str(item.answer_to.get("name") or "") or (item.customer.name if item.customer else "")
    return Way(MAIL, f"by mail to {to}", to=to, name=name)


def _connector(item: FeedbackItem) -> Connector | None:
    return CONNECTORS.get(item.connection.kind) if item.connection else None


def addresses_of_team(project: Project) -> list[str]:
    """Return the addresses of the project's mailboxes, the first of the oldest one first."""
    boxes = project.connections.filter(kind=MAILBOX.name).order_by("pk")
    named = [(str(box.options.get("address") or ""), own_addresses(box.options)) for box in boxes]
    first = [one for told, _ in named for one in told.lower().replace(",", " ").split()]
    others = sorted(one for _, all_of_it in named for one in all_of_it)
    return list(dict.fromkeys([*first, *others]))


def sound_ids(item: FeedbackItem) -> tuple[str, list[str]]:
    """Return the Message-ID of the customer's mail, and those of the conversation, oldest first."""
    told = item.answer_to.get("message_id")
    thread = item.answer_to.get("thread")
    before = [str(one) for one in reversed(thread)] if isinstance(thread, list) else []
    ids = [one for one in [*before, str(told or "")] if _SOUND_ID.fullmatch(one)]
    mine = ids[-1] if ids and ids[-1] == told else ""
    return mine, list(dict.fromkeys(ids))
