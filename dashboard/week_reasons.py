"""Why a week taught nothing, each reason with what the one next step is about. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.week_lessons import Overdue
from dashboard.week_ships import ShipLine, Ships


class Why(StrEnum):
    """The reasons, the nearest to a learning first."""

    NO_LOOK = "no_look"  # drafts that nobody has confirmed in time
    TOO_EARLY = "too_early"  # bets whose window is open
    MIXED = "mixed"  # bets that cannot be told from another ship
    NO_SIGNAL = "no_signal"  # bets that the numbers could not decide
    NO_HYPOTHESIS = "no_hypothesis"  # ships that went out without one
    NO_WORDS = "no_words"  # ships that no customer said anything after
    NO_SHIP = "no_ship"  # nothing went out at all


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing was learned: of how many, and what the next step is about."""

    why: Why
    count: int
    of: int = 0
    learning_id: int | None = None
    ship_id: int | None = None
    next_look_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """How many hypotheses came to the end of their window in the week without an answer."""

    mixed: int
    weak: int  # too little data, or neither shown nor ruled out
    learning_id: int | None  # the newest of them

    @property
    def count(self) -> int:
        """How many in all."""
        return self.mixed + self.weak


def why_nothing(
    *, ships: Ships, early: list[ShipLine], overdue: Overdue, undecided: Undecided, said: int
) -> tuple[Reason, ...]:
    """Return why nothing was learned in a week, the nearest to a learning first.

    `early` are the ships that are watched, the next to be judged first; `said` counts what
    customers said in the week.
    """
    found = []
    if overdue.lines:
        oldest = overdue.lines[0]
        found.append(Reason(Why.NO_LOOK, overdue.count, learning_id=oldest.pk))
    if early:
        first = early[0]
        at = first.next_look_at
        found.append(Reason(Why.TOO_EARLY, len(early), ship_id=first.pk, next_look_at=at))
    if undecided.mixed:
        found.append(Reason(Why.MIXED, undecided.mixed, learning_id=undecided.learning_id))
    if undecided.weak:
        found.append(Reason(Why.NO_SIGNAL, undecided.weak, learning_id=undecided.learning_id))
    bare = next((line for line in ships.lines if not line.hypothesis), None)
    if bare:
        without = ships.count - ships.with_hypothesis
        found.append(Reason(Why.NO_HYPOTHESIS, without, of=ships.count, ship_id=bare.pk))
    if ships.count and not said:
        found.append(Reason(Why.NO_WORDS, 0, of=ships.count))
    if not ships.count and not early:
        found.append(Reason(Why.NO_SHIP, 0))
    return tuple(found)
