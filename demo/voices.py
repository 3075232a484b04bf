"""What customers of Harbour Shop say: on any day, and because of a ship. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from demo.catalogue import PlannedShip, Voice, phrases

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CUSTOMERS = 1_400
# Where a text comes from, how often, how often its version is known, and whether it has stars.
SOURCES = {
    "widget": (0.45, 0.95, True),
    "google_play": (0.20, 0.85, True),
    "app_store": (0.15, 0.60, True),
    "mailbox": (0.12, 0.10, False),
    "support": (0.08, 0.40, False),
}
IN_THE_BROWSER = 0.2  # a page is new at the next visit; an app waits for its store, as a share
ADDRESS = "{}@customers.example"
LEAVES_ADDRESS = 3  # one in so many, where a form asks for it


@dataclass(slots=True)
class Spoken:
    """All that was said: rows of the API, oldest first, and what is truly behind each."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, str | None] = field(default_factory=dict)  # the ship's version
    is_pleased: dict[str, bool] = field(default_factory=dict)  # whether or not they gave stars


@dataclass(frozen=True, slots=True)
class _Moment:
    said_at: datetime
    text: str
    rating: tuple[int, int]
    area: str
    about: PlannedShip | None


class Customers:
    """The people: who they are, and how long each takes to get a new version."""

    def __init__(self, ships: Sequence[PlannedShip], rng: np.random.Generator) -> None:
        self.ships = ships
        slow = rng.exponential(1.5, CUSTOMERS)
        self.delays = np.where(rng.random(CUSTOMERS) < 0.10, 0.0, slow)
        weights = 1 / (np.arange(CUSTOMERS) + 12.0)
        self.weights = weights / weights.sum()

    def version(self, customer: int, moment: datetime, source: str) -> str:
        """Return the version that the customer runs at that moment; empty before the first."""
        delay = float(self.delays[customer]) * DAY
        updated_at = moment - delay * (IN_THE_BROWSER if source == "widget" else 1)
        for ship in reversed(self.ships):
            if ship.shipped_at <= updated_at and ship.runs_at(moment):
                return ship.version
        return ""


def simulate_voices(
    ships: Sequence[PlannedShip],
    *,
    start: datetime,
    now: datetime,
    total: int,
    rng: np.random.Generator,
) -> Spoken:
    """Return `total` things customers said from `start` to `now`, those about ships among them."""
    moments = [
        moment
        for ship in ships
        for voice in ship.voices
        for moment in _about(ship, voice, ships, now, rng)
    ]
    moments += _any_day(max(0, total - len(moments)), start, now, rng)
    moments.sort(key=lambda moment: moment.said_at)
    customers = Customers(ships, rng)
    spoken = Spoken()
    for number, moment in enumerate(moments, 1):
        rating = int(rng.integers(moment.rating[0], moment.rating[1] + 1))
        row = _row(f"f-{number:05}", moment, rating, customers, rng)
        spoken.rows.append(row)
        spoken.is_pleased[row["id"]] = rating > 3
        spoken.about[row["id"]] = moment.about.version if moment.about else None
    return spoken


def _about(
    ship: PlannedShip,
    voice: Voice,
    ships: Sequence[PlannedShip],
    now: datetime,
    rng: np.random.Generator,
) -> list[_Moment]:
    """Return what is said because of a ship: from the first hour on, less every day.

    It ends soon after the ship was taken back, or was mended by the ship that thanks for it.
    """
    end = ship.rolled_back_at
    for later in ships:
        if later.thanks_for == ship.version and voice.rating[0] <= 2:
            end = later.shipped_at
    last = min(now, end + 18 * HOUR) if end else now
    found = []
    for _ in range(voice.count):
        said_at = ship.shipped_at + 0.4 * HOUR + float(rng.exponential(2.0)) * DAY
        text = _filled(str(rng.choice(voice.texts)), rng)
        if said_at < last:
            text = _framed(text, rng)
            found.append(_Moment(said_at, text, voice.rating, voice.area, ship))
    return found


def _any_day(count: int, start: datetime, now: datetime, rng: np.random.Generator) -> list[_Moment]:
    topics = phrases()["topic"]
    weights = np.array([topic["weight"] for topic in topics], dtype=float)
    found = []
    for index in rng.choice(len(topics), count, p=weights / weights.sum()):
        topic = topics[int(index)]
        text = _filled(str(rng.choice(topic["texts"])), rng)
        if not topic.get("as_is"):
            text = _framed(text, rng)
        said_at = _waking_moment(start, now, rng)
        found.append(_Moment(said_at, text, tuple(topic["rating"]), topic.get("area", ""), None))
    return found


def _waking_moment(start: datetime, now: datetime, rng: np.random.Generator) -> datetime:
    """Return a moment between the two; few people write at four in the morning."""
    while True:
        moment = start + float(rng.random()) * (now - start)
        if 7 <= moment.hour < 23 or rng.random() < 0.15:
            return moment


def _filled(template: str, rng: np.random.Generator) -> str:
    return template.format(
        product=rng.choice(phrases()["products"]),
        place=rng.choice(phrases()["places"]),
        device=rng.choice(phrases()["devices"]),
        n=int(rng.integers(3, 15)),
    )


def _framed(text: str, rng: np.random.Generator) -> str:
    if rng.random() < 0.14:
        opener = str(rng.choice(phrases()["openers"]))
        if opener.endswith((", ", ": ")) and not text.startswith("I "):
            text = text[0].lower() + text[1:]
        text = opener + text
    if rng.random() < 0.16:
        text += _filled(str(rng.choice(phrases()["closers"])), rng)
    if rng.random() < 0.07:  # some people type with one thumb
        text = text.lower().rstrip(".")
    return text


def _row(
    feedback_id: str, moment: _Moment, rating: int, customers: Customers, rng: np.random.Generator
) -> dict[str, Any]:
    shares = [share for share, _, _ in SOURCES.values()]
    source = str(rng.choice(list(SOURCES), p=shares))
    _, knows_version, has_stars = SOURCES[source]
    customer = int(rng.choice(CUSTOMERS, p=customers.weights))
    version = customers.version(customer, moment.said_at, source)
    if moment.about and _older(version, moment.about, customers.ships):
        version = moment.about.version  # nobody speaks of what they do not have yet
    row: dict[str, Any] = {
        "id": feedback_id,
        "source": source,
        "text": moment.text,
        "created_at": moment.said_at.replace(microsecond=0).isoformat(),
        "customer": _who(customer, source),
    }
    if has_stars:
        row["rating"] = rating
    if version and rng.random() < knows_version:
        row["version"] = version
    if moment.area and source in ("widget", "support") and rng.random() < 0.6:
        row["area"] = moment.area
    return row


def _who(customer: int, source: str) -> dict[str, str]:
    who = {"id": f"c-{customer + 1:04}"}
    in_a_form = source == "widget" and customer % LEAVES_ADDRESS == 0
    if in_a_form or source in ("mailbox", "support"):
        who["email"] = ADDRESS.format(who["id"])
    return who


def _older(version: str, ship: PlannedShip, ships: Sequence[PlannedShip]) -> bool:
    order = [one.version for one in ships]
    return version == "" or order.index(version) < order.index(ship.version)
