"""What all providers share: what they are given, what they return, and their words. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from common.errors import BadInput
from common.payloads import dig, line
from common.webhooks import ANY_TOKEN, Scheme
from deployments.providers import generic
from deployments.ship import DEFAULT_ENVIRONMENT, NotAShip, Ship


@dataclass(frozen=True, slots=True)
class Options:
    """What a project chose for one webhook."""

    branch: str = ""  # the branch whose pushes and builds are ships
    names: tuple[str, ...] = ()  # the jobs, workflows or checks that deploy
    environment: str = DEFAULT_ENVIRONMENT  # where ships go whose payload does not say
    mapping: Mapping[str, str] = field(default_factory=dict)  # field -> JMESPath


@dataclass(frozen=True, slots=True)
class Told:
    """A call, as a provider's parse() gets it. Header names are in lower case."""

    event: str
    body: Any
    headers: Mapping[str, str]
    now: datetime
    options: Options = Options()
    path: str = ""  # what the address had behind the key


@dataclass(frozen=True, slots=True)
class Provider:
    """One kind of sender: a file with its parse(), and a row in the registry."""

    name: str
    label: str
    # Returns the ships a call tells of; raises NotAShip with the reason, or BadInput.
    parse: Callable[[Told], list[Ship]]
    setup: tuple[str, ...]  # Markdown steps; {url} and {secret} stand for the webhook's own
    events: Callable[[Mapping[str, str], Any], str]
    delivery_id: Callable[[Mapping[str, str], Any], str]
    schemes: tuple[Scheme, ...] = ANY_TOKEN
    example: str = ""  # something to copy
    # Splits a call that tells of several events; each is read by itself.
    parts: Callable[[Any], list[Any]] = lambda body: [body]
    choices: tuple[str, ...] = ()  # which of "branch", "names", "environment" it makes sense to set
    names_are: str = "jobs"


_STATUSES = {
    "pending": "pending queued waiting created scheduled blocked manual preparing",
    "in_progress": "in_progress inprogress running started building progressing deploying "
    "processing enqueued uploading uploaded prepared initializing",
    "succeeded": "succeeded success successful ok passed ready finished completed complete live "
    "deployed published healthy released done fixed",
    "failed": "failed failure error errored broken unstable timedout timed_out canceled cancelled "
    "aborted stopped degraded terminated not_built rejected skipped unauthorized",
    "rolled_back": "rolled_back rolledback rollback reverted",
}
STATUS_OF = {word: status for status, words in _STATUSES.items() for word in words.split()}


def read_status(value: Any, *, field: str) -> str:
    """Return the status in Wake's words that a vendor's word means; raises NotAShip."""
    word = line(value).lower().replace("-", "_").replace(" ", "_")
    if word not in STATUS_OF:
        raise NotAShip(f"{field} is “{word[:50]}”, which is no state in the life of a ship.")
    return STATUS_OF[word]


def make_ship(told: Told, given: Mapping[str, Any]) -> Ship:
    """Return the ship that a vendor's facts, put in Wake's own fields, describe.

    A time that cannot be true, such as one from a clock that runs days ahead, is left out and
    said in the ship's problems: when the call came in stands in for it.
    """
    facts: dict[str, Any] = dict(given)
    problems: list[str] = []
    while True:
        try:
            ship = generic.parse(facts, now=told.now)
        except BadInput as error:
            if error.field not in ("started_at", "finished_at") or not facts[error.field]:
                raise
            facts[error.field] = None
            problems.append(str(error))
        else:
            return replace(ship, problems=(*ship.problems, *problems))


def only_branch(told: Told, branch: Any) -> None:
    """Raise NotAShip if the project chose a branch and this is another."""
    name = line(branch).removeprefix("refs/heads/").removeprefix("origin/")
    if told.options.branch and name != told.options.branch:
        raise NotAShip(f"It is about “{name[:100]}”; only {told.options.branch} is read here.")


def is_chosen(told: Told, name: Any) -> bool:
    """Return True if a job of that name deploys: chosen by the project, or called so."""
    if told.options.names:
        return line(name).casefold() in {chosen.casefold() for chosen in told.options.names}
    return re.search(r"(?i)(deploy|release|publish|rollout|ship)", line(name)) is not None


def no_id(_headers: Mapping[str, str], _body: Any) -> str:
    """Return no delivery id: the vendor sends none that a retry would repeat."""
    return ""


def header(*names: str) -> Callable[[Mapping[str, str], Any], str]:
    """Return a reader of the first of those headers that is there."""
    return lambda headers, _body: next((headers[n] for n in names if headers.get(n)), "")


def in_body(*path: str) -> Callable[[Mapping[str, str], Any], str]:
    """Return a reader of the text at that path of the body."""
    return lambda _headers, body: line(dig(body, *path), 200)
