"""Twelve weeks of an online shop that never was, with everything known about it. Pure.

The same seed and the same `now` give the same data, to the last letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from demo.catalogue import PlannedShip, planned_ships
from demo.series import METRICS, hours_between, share_live, simulate_metric
from demo.voices import simulate_voices

PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eve")
FEEDBACK_A_WEEK = 250
# Metrics were measured for a while before the first ship, so that it has a "before".
HISTORY = timedelta(days=28)
FIXES_NAMED = 3


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened, which nobody but a simulation can know."""

    ships: Sequence[PlannedShip]
    about: dict[str, str | None]  # a feedback's id -> the version it is about, None if none
    is_pleased: dict[str, bool]  # a feedback's id -> whether it is praise

    def effect(self, version: str, metric: str, start: datetime, end: datetime) -> float:
        """Return the mean relative effect that a ship had on a metric in that time."""
        ship = next(ship for ship in self.ships if ship.version == version)
        return ship.effects.get(metric, 0.0) * share_live(ship, start, end)


@dataclass(frozen=True, slots=True)
class World:
    """All that Wake will be told, in the words of its API, and the truth behind it."""

    now: datetime
    ships: list[PlannedShip]
    metrics: list[dict[str, Any]]
    samples: list[dict[str, Any]]  # by time
    feedback: list[dict[str, Any]]  # by time
    truth: Truth


def simulate(*, seed: int, now: datetime, weeks: int = 12) -> World:
    """Return `weeks` weeks of the shop's life that end at `now`, an aware UTC time."""
    start = now - timedelta(weeks=weeks)
    ships = planned_ships(now=now, since=start)
    hours = hours_between(start - HISTORY, now)
    samples = [
        row
        for index, plan in enumerate(METRICS)
        for row in simulate_metric(plan, hours, ships, np.random.default_rng([seed, index]))
    ]
    spoken = simulate_voices(
        ships,
        start=start,
        now=now,
        total=weeks * FEEDBACK_A_WEEK,
        rng=np.random.default_rng([seed, len(METRICS)]),
    )
    _name_what_is_fixed(ships, spoken.rows, spoken.about)
    return World(
        now=now,
        ships=ships,
        metrics=[plan.definition() for plan in METRICS],
        samples=sorted(samples, key=lambda row: row["at"]),
        feedback=spoken.rows,
        truth=Truth(ships, spoken.about, spoken.is_pleased),
    )


def _name_what_is_fixed(
    ships: Sequence[PlannedShip], rows: Sequence[dict[str, Any]], about: dict[str, str | None]
) -> None:
    """Let a ship that mends another name some of the complaints in its last commit."""
    for ship in ships:
        complaints = [
            row["id"]
            for row in rows
            if ship.thanks_for
            and about[row["id"]] == ship.thanks_for
            and row.get("rating", 5) <= 2
            and row["created_at"] < ship.shipped_at.isoformat()
        ]
        if complaints:
            ship.fixes.extend(complaints[:FIXES_NAMED])
            commit = ship.body["commits"][-1]
            gap = "\n" if "Expect:" in commit["message"] else "\n\n"
            commit["message"] += f"{gap}Fixes-Feedback: {', '.join(ship.fixes)}"
