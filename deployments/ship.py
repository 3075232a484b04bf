"""A deployment as a caller described it, read and checked, but not yet stored. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.errors import BadInput
from common.values import clean_text

DEFAULT_ENVIRONMENT = "production"
KINDS = ("code", "flag", "config", "manual")
DEFAULT_WINDOW = timedelta(days=7)


class NotAShip(Exception):
    """The call is sound, but it is not about a deployment; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who shipped."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ShippedChange:
    """A commit or a pull request in a ship."""

    kind: str  # "commit" or "pull_request"
    ref: str
    message: str = ""
    author: Person | None = None
    authored_at: datetime | None = None
    files: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A hypothesis as stated: the metric's key, which way, by how much, within what time."""

    metric: str
    direction: str  # "up" or "down"
    min_effect: float
    window: timedelta = DEFAULT_WINDOW
    statement: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Ship:
    """All that a caller said of a deployment."""

    version: str
    shipped_at: datetime
    sha: str = ""
    external_id: str = ""
    environment: str = DEFAULT_ENVIRONMENT
    service: str = ""
    status: str = "succeeded"
    kind: str = "code"  # or what else was changed: "flag", "config" or "manual"
    title: str = ""
    notes: str = ""
    url: str = ""
    started_at: datetime | None = None
    said_when: bool = False  # whether the caller said when it went live, or we took "now"
    guessed: bool = False  # the time is that of a tag or a list: who was there knows better
    people: tuple[Person, ...] = ()
    changes: tuple[ShippedChange, ...] = ()
    areas: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    expectation: Expectation | None = None
    problems: tuple[str, ...] = ()  # what could not be read but did not stop the ship
    extra: dict[str, Any] = field(default_factory=dict)
    source: str = "api"


def read_kind(value: Any) -> str:
    """Return what kind of change it was, `code` if nobody said; raises BadInput."""
    kind = clean_text(value, field="kind", max_length=50).lower() or "code"
    if kind not in KINDS:
        mend = f"Send one of {', '.join(KINDS)}."
        raise BadInput("kind", f"{kind!r} is not known, so it counts as code.", mend)
    return kind
