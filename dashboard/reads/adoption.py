"""How far customers have taken up a ship, drawn and said."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.windows import DAY, Window
from dashboard.charts import Chart, history_chart
from deployments.adoption import LONGEST_WAIT, days_of, hours_of, waits
from deployments.adoption_rules import Hour
from deployments.models import Adoption, Deployment
from engagement.models import Metric

BY_THE_HOUR = timedelta(days=3)  # so long the chart shows hours, then days


@dataclass(frozen=True, slots=True)
class Taken:
    """What the ship's page shows of its adoption."""

    adoption: Adoption
    waits: bool  # whether the ship's window has not started
    until: datetime  # how long it waits at most
    took: timedelta | None  # from going live until the window started
    chart: Chart | None


def taken_up(ship: Deployment, *, now: datetime) -> Taken | None:
    """Return what is known of the ship's adoption, in six queries; None where nobody measures it.

    The ship must come with its adoption.
    """
    adoption = ship.adopted
    if adoption is None:
        return None
    reached = adoption.reached_at
    return Taken(
        adoption=adoption,
        waits=waits(ship, now=now),
        until=ship.shipped_at + LONGEST_WAIT,
        took=reached - ship.shipped_at if reached else None,
        chart=_chart(ship, now=now),
    )


def _chart(ship: Deployment, *, now: datetime) -> Chart | None:
    end = min(now, ship.shipped_at + LONGEST_WAIT)
    window = Window(ship.shipped_at.replace(minute=0, second=0, microsecond=0), end)
    by_day = window.length > BY_THE_HOUR
    points: list[Hour] | None
    if by_day:
        window = Window(ship.shipped_at.replace(hour=0, minute=0, second=0, microsecond=0), end)
        points = days_of(ship, window)
        # A day that is not over tells little.
        points = [point for point in points or () if point.at + DAY <= now]
    else:
        points = hours_of(ship, window)
    if not points:
        return None
    shown = Metric(pk=0, name="Customers who have it", unit="%")
    return history_chart(shown, [(point.at, 100 * point.share) for point in points], [ship])
