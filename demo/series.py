"""What customers of Harbour Shop do: five metrics, hour by hour, with known effects. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.catalogue import PlannedShip

Floats = NDArray[np.float64]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """How a metric behaves when nothing is shipped; sizes are relative to its level."""

    key: str
    name: str
    unit: str
    kind: str
    good_direction: str
    level: float
    day: float  # how far the busiest hour lies above the mean
    week: float  # how far weekends lie above the other days
    trend: float  # growth over a year
    noise: float
    exposure: float = 0.0  # a ratio's mean denominator per hour
    role: str = "signal"

    def definition(self) -> dict[str, Any]:
        """Return the metric as the API takes it."""
        return {
            "key": self.key,
            "name": self.name,
            "unit": self.unit,
            "kind": self.kind,
            "good_direction": self.good_direction,
            "role": self.role,
            "resolution": "1h",
        }


METRICS = (
    MetricPlan(
        "checkout_conversion", "Checkout conversion", "", "ratio", "up",
        level=0.44, day=0.04, week=0.02, trend=0.02, noise=0.012, exposure=170, role="goal",
    ),
    MetricPlan(
        "signups", "Sign-ups", "", "count", "up",
        level=38, day=0.7, week=0.12, trend=0.25, noise=0.04,
    ),
    MetricPlan(
        "active_users", "Active customers", "", "count", "up",
        level=640, day=0.6, week=0.1, trend=0.2, noise=0.025,
    ),
    MetricPlan(
        "page_load_seconds", "Page load time", "s", "gauge", "down", role="guardrail",
        level=1.9, day=0.09, week=0.02, trend=0.05, noise=0.025,
    ),
    MetricPlan(
        "support_contact_rate", "Support contact rate", "", "ratio", "down",
        level=0.06, day=0.06, week=0.05, trend=0.0, noise=0.03, exposure=150,
    ),
)  # fmt: skip

# Noise remembers: after a day about a tenth of an unusual hour is left.
MEMORY = 0.91


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """Return the starts of the whole hours that end by `end`, from `start` on."""
    start = start.replace(minute=0, second=0, microsecond=0)
    return [start + index * HOUR for index in range(int((end - start) / HOUR))]


def simulate_metric(
    plan: MetricPlan,
    hours: Sequence[datetime],
    ships: Sequence[PlannedShip],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Return one sample an hour, as rows of the API, with the ships' effects in them."""
    traffic = _season(hours, day=0.6, week=0.1)
    level = plan.level * _season(hours, plan.day, plan.week) * _trend(hours, plan.trend)
    level *= np.exp(_remembering_noise(len(hours), plan.noise, rng))
    for ship in ships:
        if plan.key in ship.effects:
            level *= 1 + ship.effects[plan.key] * _share_live(ship, hours)
    at = [hour.isoformat() for hour in hours]
    if plan.kind == "ratio":
        asked = np.maximum(rng.poisson(plan.exposure * traffic), 1)
        said_yes = rng.binomial(asked, np.minimum(level, 0.97))
        return [
            {"metric": plan.key, "at": a, "numerator": int(k), "denominator": int(n)}
            for a, k, n in zip(at, said_yes, asked, strict=True)
        ]
    if plan.kind == "count":
        values: Floats = rng.poisson(level).astype(float)
    else:
        values = np.round(level * np.exp(rng.normal(0, 0.02, len(hours))), 3)
    return [
        {"metric": plan.key, "at": a, "value": float(value)}
        for a, value in zip(at, values, strict=True)
    ]


def _season(hours: Sequence[datetime], day: float, week: float) -> Floats:
    """Return a factor around 1: quiet nights, a busy evening, and fuller weekends."""
    clock = np.array([hour.hour for hour in hours])
    weekday = np.array([hour.weekday() for hour in hours])
    wave = np.cos((clock - 19) / 24 * 2 * np.pi) + 0.25 * np.cos((clock - 12) / 12 * 2 * np.pi)
    weekend = np.where(weekday >= 5, week, -week * 2 / 5)
    return (1 + day * wave / 1.25) * (1 + weekend)


def _trend(hours: Sequence[datetime], yearly: float) -> Floats:
    return (1 + yearly) ** (np.arange(len(hours)) / (365 * 24))


def _remembering_noise(length: int, size: float, rng: np.random.Generator) -> Floats:
    steps = rng.normal(0, size * np.sqrt(1 - MEMORY**2), length)
    noise = np.zeros(length)
    for index in range(1, length):
        noise[index] = MEMORY * noise[index - 1] + steps[index]
    return noise


def _share_live(ship: PlannedShip, hours: Sequence[datetime]) -> Floats:
    """Return for each hour the part of it during which customers had the ship."""
    return np.array([share_live(ship, hour, hour + HOUR) for hour in hours])


def share_live(ship: PlannedShip, start: datetime, end: datetime) -> float:
    """Return the part of the time from `start` to `end` during which customers had the ship."""
    if not ship.is_live:
        return 0.0
    gone = ship.rolled_back_at or end
    live = min(end, gone) - max(start, ship.shipped_at)
    return max(0.0, live / (end - start))
