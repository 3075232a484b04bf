"""How quickly a week listened and learned, for the trend beside the last twelve weeks.

Counted by when something was reached, not by when the ship went live: of the ships of one week
only the quick ones have been learned from by its end, and every week would look like progress.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from accounts.models import Project
from common.windows import WEEK, Window
from dashboard.speed import ShipTimes, ship_times

REACH = 24 * WEEK  # older ships are found again by look-backs, and say nothing about pace


@dataclass(frozen=True, slots=True)
class Reached:
    """A median from going live over `count` ships that got so far in the week."""

    median: timedelta | None
    count: int


@dataclass(frozen=True, slots=True)
class WeekPace:
    """What was reached in a week, and how long after going live."""

    to_feedback: Reached
    to_eyes: Reached
    to_verdict: Reached
    to_learning: Reached


def pace_of(project: Project, week: Window) -> WeekPace:
    """Return how long after their ships the week's firsts came, in three queries."""
    return pace_among(ship_times(project, reach_of(week)), week)


def reach_of(week: Window) -> Window:
    """Return when a ship has to have gone live to count for the pace of a week."""
    return Window.before(week.end, REACH)


def pace_among(times: Sequence[ShipTimes], week: Window) -> WeekPace:
    """Return how long after their ships the week's firsts came; of other ships none counts."""
    ships = [ship for ship in times if ship.shipped_at in reach_of(week)]

    def reached(moments: Iterable[tuple[ShipTimes, datetime | None]]) -> Reached:
        times = [
            (at - ship.shipped_at).total_seconds()
            for ship, at in moments
            if at is not None and at in week and at >= ship.shipped_at
        ]
        return Reached(timedelta(seconds=median(times)) if times else None, len(times))

    return WeekPace(
        to_feedback=reached((ship, ship.feedback_at) for ship in ships),
        to_eyes=reached((ship, ship.eyes_at) for ship in ships),
        to_verdict=reached((ship, ship.verdict_at) for ship in ships),
        to_learning=reached((ship, ship.learned_at) for ship in ships),
    )
