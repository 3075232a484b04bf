"""What all ships did to a metric together, over a quarter, a year and all time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.reads.estimates import telling
from engagement.models import Metric
from learning.models import ImpactEstimate
from learning.sums import Measured, Total, totals

PERIODS = {
    "The last 90 days": timedelta(days=90),
    "The last year": timedelta(days=365),
    "All time": None,
}
MOST_SHIPS = 500  # the newest
FEWEST_SHIPS = 2  # one alone needs no sum


@dataclass(frozen=True, slots=True)
class Period:
    """What the ships of a stretch of time did together; None where there were none."""

    name: str
    every: Total | None  # all that were measured
    real: Total | None  # those of them whose effect was called real


def sums_on(metric: Metric, *, now: datetime) -> list[Period]:
    """Return what its ships did to the metric together, in one query; none with too few ships.

    Ships that were taken back count nowhere, as what they did is gone.
    """
    with_number = ImpactEstimate.objects.filter(metric=metric, effect__isnull=False)
    rows = list(
        telling(with_number)
        .filter(deployment__rolled_back_at=None)
        .order_by("-window_start_at", "-pk")
        .values_list("effect", "low", "high", "is_real", "window_start_at")[:MOST_SHIPS]
    )
    if len(rows) < FEWEST_SHIPS:
        return []
    groups = []
    for length in PERIODS.values():
        places = [i for i, row in enumerate(rows) if length is None or now - row[4] <= length]
        groups += [places, [i for i in places if rows[i][3]]]
    measured = [Measured(row[0] or 0.0, row[1] or 0.0, row[2] or 0.0) for row in rows]
    found = totals(measured, groups)
    periods = [
        Period(name, every, real)
        for name, every, real in zip(PERIODS, found[::2], found[1::2], strict=True)
    ]
    # A stretch in which nothing else was measured than in the next longer one says nothing new.
    sizes = [period.every.ships if period.every else 0 for period in periods]
    return [one for i, one in enumerate(periods) if sizes[i] != (*sizes, 0)[i + 1]]
