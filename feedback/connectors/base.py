"""What all connectors share: what they are given, what they return, and their errors.

A connector is one file and one row in the registry. It knows no tables: it turns what a place says
into rows of the feedback API, and intake does the rest.

Each row has an `id`, the same whenever and by whichever way it comes, and unlike any other of that
kind of place ("owner/repo#12" rather than "12"): gathering it twice then changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.places import AskedToWait, Setting
from common.webhooks import Scheme

# The name of the secret that signs the calls that come to a connection. A connector that names it
# in its settings asks for the one that the tool gave; for the others Wake makes one.
HOOK_SECRET = "hook_secret"  # noqa: S105, the name of a setting

Row = dict[str, Any]  # the fields of the feedback API, and `answer_to` for how to answer


class NotFeedback(Exception):
    """A call was understood and tells of no feedback; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to gather: where, with what, since when."""

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    cursor: Mapping[str, Any]  # what the last answer gave; empty the first time
    since: datetime  # nothing older than this is wanted the first time
    now: datetime
    private_hosts: tuple[str, ...] = ()  # hosts in the own network that may be called


@dataclass(frozen=True, slots=True)
class Gathered:
    """One page of what a place has: rows for intake, and where to go on."""

    rows: list[Row]
    cursor: dict[str, Any]
    has_more: bool = False
    wait: timedelta | None = None  # how long the place asks to be left alone


def patient(gather: Callable[[Asked], Gathered]) -> Callable[[Asked], Gathered]:
    """Return `gather` so that a place that asks to be left alone is, and asked again later."""

    def asking(asked: Asked) -> Gathered:
        try:
            return gather(asked)
        except AskedToWait as rest:
            return Gathered([], dict(asked.cursor), has_more=True, wait=rest.retry_after)

    return asking


@dataclass(frozen=True, slots=True)
class Heard:
    """A call from outside, as a connector's read() gets it. Header names are in lower case."""

    event: str
    body: Any
    headers: Mapping[str, str]
    now: datetime
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to give to a customer by the place where they said it."""

    text: str
    answer_to: Mapping[str, Any]  # as the row that came had it
    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    message_id: str  # the same in every try, so that a place that knows it can refuse a second one
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connector:
    """One kind of place: a file with its functions, and a row in the registry."""

    name: str
    label: str
    what: str  # one sentence: what comes in by it
    settings: tuple[Setting, ...] = ()
    # Markdown steps; {url} stands for the connection's own address, {base} for Wake's and {key} for
    # the connection's key. A text to copy is a pair: what it is, and the text with the same words.
    setup: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    # Asks the place for what is new; raises ConnectionFault.
    gather: Callable[[Asked], Gathered] | None = None
    every: timedelta = timedelta(minutes=15)
    # Reads a call that the place made; raises NotFeedback, or BadInput.
    read: Callable[[Heard], list[Row]] | None = None
    schemes: tuple[Scheme, ...] = ()
    event: Callable[[Mapping[str, str], Any], str] = lambda _headers, _body: ""
    call_id: Callable[[Mapping[str, str], Any], str] = lambda _headers, _body: ""
    # Gives an answer to the customer, and returns what the place calls it; raises ConnectionFault.
    answer: Callable[[Answer], str] | None = None
