"""What the team of Harbour Shop does with what it is told: reads, answers, confirms. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np

from demo.catalogue import PlannedShip, phrases
from demo.simulator import World

HOUR = timedelta(hours=1)
READ = 0.97  # of what customers say about a ship; of the rest, a little less
ANSWERED = 0.35
SMALL_CONFIRMED = 0.65
CORRECTS = 25  # one in so many is looked at closely enough to see that it is about another ship


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody reads what a customer said, and perhaps answers."""

    at: datetime
    feedback_id: str
    by: str  # a mail address
    reply: str  # empty if it is only read
    looks_closely: bool  # and says so if it is about another ship


def plan_readings(world: World, rng: np.random.Generator) -> list[Reading]:
    """Return who reads what and when, by time; what is about a ship goes to who shipped it."""
    replies = phrases()["replies"]
    shippers = {
        ship.version: [person["email"] for person in ship.body["shippers"]] for ship in world.ships
    }
    team = sorted({email for emails in shippers.values() for email in emails})
    readings = []
    for row in world.feedback:
        version = world.truth.about[row["id"]]
        if rng.random() > (READ if version else READ - 0.05):
            continue
        by = str(rng.choice(shippers[version] if version else team))
        hours = float(rng.exponential(9 if version else 30))
        at = at_work(datetime.fromisoformat(row["created_at"]) + hours * HOUR)
        kind = "praise" if world.truth.is_pleased[row["id"]] else "complaint"
        answers = rng.random() < (ANSWERED / 3 if kind == "praise" else ANSWERED)
        reply = str(rng.choice(replies[kind])) if answers else ""
        looks_closely = crc32(row["id"].encode()) % CORRECTS == 0
        readings.append(Reading(at, row["id"], by, reply, looks_closely))
    return sorted(readings, key=lambda reading: (reading.at, reading.feedback_id))


def at_work(moment: datetime) -> datetime:
    """Return the moment, or the next morning if it lies in the night."""
    if moment.hour < 8:
        return moment.replace(hour=8)
    if moment.hour >= 19:
        return (moment + timedelta(days=1)).replace(hour=8)
    return moment


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody confirms a learning, in the team's words."""

    at: datetime
    takeaway: str


def plan_confirmation(ship: PlannedShip, drafted_at: datetime, *, seed: int) -> Confirmation | None:
    """Return when the team confirms the learning of that ship, or None if it never does.

    It finds words for what it had bet on, and sits down to only some of the small ships.
    """
    rng = np.random.default_rng([seed, crc32(ship.version.encode())])
    at = at_work(drafted_at + float(rng.uniform(3, 110)) * HOUR)
    if ship.takeaway:
        return Confirmation(at, ship.takeaway)
    if ship.has_hypothesis or rng.random() > SMALL_CONFIRMED:
        return None
    return Confirmation(at, str(rng.choice(phrases()["takeaways"]["texts"])))


DONE_AFTER = timedelta(days=6)  # by then the team has dealt with a finding
NOISE = 8  # one finding in so many is noise to the team


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody looks at a finding, and says what it was worth."""

    at: datetime
    worth: str  # "useful" or "noise"


def plan_answer(key: str, found_at: datetime) -> Answer:
    """Return when the team answers a finding, the next working day, and what."""
    number = crc32(key.encode())
    at = at_work(found_at + (16 + number % 12) * HOUR)
    return Answer(at, "noise" if number % NOISE == 0 else "useful")
