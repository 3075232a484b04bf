"""What all sources share: what they are given, and what they return.

A source is one file and one row in the registry. It knows no tables: it turns one query into the
points of one metric, and intake does the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.errors import BadInput
from common.places import Setting
from common.windows import Window
from engagement.sources.words import words_in


@dataclass(frozen=True, slots=True)
class Access:
    """How to get into a place, as a person filled it in."""

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    now: datetime
    private_hosts: tuple[str, ...] = ()  # hosts in the own network that may be called


@dataclass(frozen=True, slots=True)
class Wanted:
    """One query, and the buckets that it is to fill."""

    access: Access
    query: str
    window: Window  # from the start of its first bucket to the end of its last
    step: timedelta  # the length of a bucket
    words: Mapping[str, str] = field(default_factory=dict)  # what stands for {{ environment }} ...
    options: Mapping[str, Any] = field(default_factory=dict)  # what else was chosen for the metric


@dataclass(frozen=True, slots=True)
class Found:
    """What a query gave: a value by the start of its bucket; a gap has none."""

    values: dict[datetime, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # warnings, and what was left out, in plain words
    # Of how many each value is, where one query tells both; the share is made of the two.
    of: dict[datetime, float] = field(default_factory=dict)


def words_asked(options: Mapping[str, Any]) -> set[str]:
    """Return the words that the queries of a metric have; raises BadInput that names the query."""
    found: set[str] = set()
    for name in ("query", "denominator"):
        try:
            found |= words_in(str(options.get(name, "")))
        except BadInput as reason:
            raise BadInput(name, reason.problem, reason.mend) from None
    return found


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of place: a file with its functions, and a row in the registry."""

    name: str
    label: str
    what: str  # one sentence: what comes in by it
    settings: tuple[Setting, ...]  # to get in
    query_settings: tuple[Setting, ...]  # for each metric; one of them is called "query"
    # Returns what the place says of itself if one can get in; raises ConnectionFault.
    check: Callable[[Access], str]
    # Returns the points of one query; raises ConnectionFault, or BadInput.
    gather: Callable[[Wanted], Found]
    most_buckets: int = 5_000  # at a time
    # Returns the words that a metric's question has; raises BadInput that names the setting which
    # cannot be asked.
    asks: Callable[[Mapping[str, Any]], set[str]] = words_asked
    how: str = ""  # how a query is written, in a sentence or two
    nothing: str = ""  # what may be wrong if a query gives nothing
