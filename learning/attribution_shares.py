"""What an attribution is made of, whichever method made it. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from learning.attribution_adoption import AS_SURE, DEFAULT, NOTHING_SEEN, Seen
from learning.attribution_evidence import Candidate, Evidence

MOST_CANDIDATES = 8
MOST_REASONS = 5
NEVER_SURER = 0.97  # a customer of exactly this version can still be talking of something else
OFF_TOPIC = 0.75  # ... all the more if nothing that was said is about what the ship changed
# How many times likelier that makes "none", as a logarithm, when asked which ship it is about ...
OFF_TOPIC_FOR_ABOUT = math.log(50)
# ... and when asked which ship the customer ran, of which the topic says less.
OFF_TOPIC_FOR_RAN = math.log(5)
NOBODYS = "No ship that it could be about was live at that time."


@dataclass(frozen=True, slots=True)
class Share:
    """The probability that a feedback is about a candidate; None is "none of our ships".

    The reasons are plain sentences, the strongest first. `on_topic` says that the words, the place
    or a name point to what the ship changed: a customer of its version may well speak of the
    weather.
    """

    candidate: int | None
    probability: float
    reasons: tuple[str, ...]
    on_topic: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the project beyond one feedback and its ships.

    `seen` are the versions that its customers named, `adoption`, `sharpness` and `sureness` how
    they update, `trust` how much each kind of evidence counts (1 as it is, 0 not at all), and
    `none` what to add to the log odds of "none of our ships"; `off_topic` is added too where
    nothing that was said points to what the ships say they changed.
    """

    seen: Seen = NOTHING_SEEN
    adoption: tuple[float, ...] = DEFAULT
    sharpness: float = 1.0
    sureness: tuple[float, float] = AS_SURE
    trust: Mapping[str, float] = field(default_factory=dict)
    none: float = 0.0
    off_topic: float = OFF_TOPIC_FOR_ABOUT

    @property
    def asks_who_ran(self) -> bool:
        """Return whether it is asked which ship the customer ran, rather than which it is about."""
        return self.off_topic < OFF_TOPIC_FOR_ABOUT


NOTHING_KNOWN = Known()


def is_on_topic(ship: Candidate, pieces: Sequence[Evidence]) -> bool:
    """Return whether something that was said points to what `ship` says of itself."""
    # A ship that says nothing of itself has no topic to miss: that it was this one must do.
    return not ship.text.strip() or any(piece.on_topic for piece in pieces)


def reasons_for_none(version: str, found: Sequence[Sequence[Evidence]]) -> tuple[str, ...]:
    """Return why it may be about none of the ships, given the evidence for each."""
    pieces = [piece for ship in found for piece in ship]
    if any(piece.weight > 1 for piece in pieces):
        return ("It may be about something that no ship changed.",)
    if version and any(piece.weight < -1 for piece in pieces):
        return (f"The customer runs {version}, which is none of these ships.",)
    return ("Little in what was said points to one of the ships.",)


def spoken(age: timedelta) -> str:
    """Return a time span as people say it: "40 minutes", "3 hours", "12 days"."""
    minutes = round(age.total_seconds() / 60)
    for size, name in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size or (name == "hour" and minutes >= size):
            return _many(minutes // size, name)
    return _many(minutes, "minute")


def _many(number: int, name: str) -> str:
    return f"{number} {name}" + ("" if number == 1 else "s")
