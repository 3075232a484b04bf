"""What customers of Harbour Shop do, one by one: events of the last weeks, with versions. Pure.

Each customer gets a ship some hours or days after it went live; "Order again", which came with one,
is found by more and more of those who have it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np

from demo.catalogue import PlannedShip

LONGEST = timedelta(weeks=6)
CUSTOMERS = 420
A_DAY = 130  # visits
DAY = timedelta(days=1)
UPDATED_AFTER = 1.2  # days, on average
AGAIN_SINCE = "3.15.0"
# Definitions as the API takes them.
METRICS: tuple[dict[str, Any], ...] = (
    {
        "key": "viewed_to_ordered",
        "name": "Viewed to ordered",
        "role": "goal",
        "definition": {
            "measure": "conversion",
            "event": "Product Viewed",
            "then_event": "Order Completed",
            "within": "1d",
            "environment": "production",
        },
    },
    {
        "key": "order_again_adoption",
        "name": "Adoption: order again",
        "definition": {
            "measure": "adoption",
            "event": "Order Repeated",
            "environment": "production",
        },
    },
)


def simulate_events(
    ships: Sequence[PlannedShip], *, start: datetime, now: datetime, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return what was done from `start` to `now`, oldest first, as messages of Segment's kind."""
    live = [ship for ship in ships if ship.is_live and not ship.body["service"]]
    late = rng.exponential(UPDATED_AFTER, (CUSTOMERS, len(live)))
    told: list[dict[str, Any]] = []
    first = datetime.combine(start.date() + DAY, time(), UTC)
    for day in range((now - first).days + 1):
        visits = rng.poisson(A_DAY * (1.15 if (first + day * DAY).weekday() >= 5 else 0.95))
        who = (rng.beta(1, 1.6, visits) * CUSTOMERS).astype(int)
        # Quiet nights: the middle of the afternoon is the middle of the day's visits.
        hours = np.clip(rng.normal(15.5, 4, visits), 0, 23.7)
        for customer, hour, luck in zip(who, hours, rng.random((visits, 2)), strict=True):
            at = first + day * DAY + float(hour) * timedelta(hours=1)
            has = [
                ship
                for ship, wait in zip(live, late[customer], strict=True)
                if ship.runs_at(at) and ship.shipped_at + float(wait) * DAY <= at
            ]
            told += _visit(int(customer), at, has, luck)
    return sorted((one for one in told if one["timestamp"] <= now.isoformat()), key=_when)


def _visit(
    customer: int, at: datetime, has: Sequence[PlannedShip], luck: Any
) -> list[dict[str, Any]]:
    version = has[-1].version if has else ""
    names = ["Product Viewed"]
    again = next((ship for ship in has if ship.version == AGAIN_SINCE), None)
    if again and luck[0] < 0.3 * (1 - np.exp(-((at - again.shipped_at) / DAY) / 2.5)):
        names.append("Order Repeated")
    if luck[1] < (0.42 if len(names) > 1 else 0.3):
        names.append("Order Completed")
    return [
        {
            "type": "track",
            "event": name,
            "userId": f"c-{customer:04}",
            "messageId": f"demo-{customer}-{at.timestamp():.0f}-{step}",
            "timestamp": (at + step * timedelta(minutes=4)).isoformat(),
            "context": {"app": {"version": version}, "environment": "production"},
        }
        for step, name in enumerate(names)
    ]


def _when(message: dict[str, Any]) -> str:
    return str(message["timestamp"])
