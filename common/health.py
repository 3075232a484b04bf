"""How a place outside does, in one word and since when: one read for every page. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices

from common.rhythm import Rhythm, silent_after


class State(TextChoices):
    """How a place does."""

    WORKS = "works", "Works"
    SILENT = "silent", "Silent"
    FAILING = "failing", "Failing"
    PAUSED = "paused", "Paused"
    NEW = "new", "Not yet used"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a place that Wake asks, or that calls."""

    is_active: bool
    is_asked: bool  # Wake asks there; else the place calls
    created_at: datetime
    worked_at: datetime | None
    heard_at: datetime | None
    failing_since: datetime | None
    problem: str
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class Health:
    """The word, since when it holds, and what is wrong and to be done."""

    state: State
    since: datetime | None = None
    silence: timedelta | None = None  # how long nothing new has come, if that is unusual
    problem: str = ""

    @property
    def needs_a_look(self) -> bool:
        """True if somebody should do something."""
        return self.state in (State.SILENT, State.FAILING)


def judge(facts: Facts, *, now: datetime) -> Health:
    """Return how a place does.

    Failing goes before silent: what cannot be asked is silent for that reason. Silence is judged
    by the connection's own rhythm (see silent_after()), counted from what came last, or from the
    making of a connection by which nothing ever came.
    """
    if not facts.is_active:
        return Health(State.PAUSED)
    if facts.failing_since:
        return Health(State.FAILING, facts.failing_since, problem=facts.problem)
    silence = now - (facts.heard_at or facts.created_at)
    if silence >= silent_after(facts.rhythm):
        return Health(State.SILENT, facts.heard_at, silence)
    if facts.worked_at is None and facts.heard_at is None:
        return Health(State.NEW)
    known = [when for when in (facts.worked_at, facts.heard_at) if when]
    return Health(State.WORKS, max(known) if facts.is_asked else facts.heard_at or max(known))
