"""Findings in how customers rate: feedback in, a fall that deserves attention out."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from common.windows import Window
from deployments.models import Deployment
from feedback.models import FeedbackItem, FeedbackQuerySet
from learning.findings_rules import Rated, rating_fall
from learning.findings_said import BEFORE, FRESH, IDS_KEPT, Found
from learning.models import Finding

MOST_RATINGS = 5_000  # of a side; of more, every so-many-th is read
Kind = Finding.Kind


def fallen_ratings(ship: Deployment, *, now: datetime) -> list[Found]:
    """Return the fall of the mean rating after the ship, if it is clear and began with it.

    The time after ends with the next ship of the same place, whose doing it may be. A fall that an
    earlier ship is known for is not laid at this one's door too.
    """
    later = (
        Deployment.objects.reaching_customers()
        .beside(ship)
        .filter(service=ship.service_id, shipped_at__gt=ship.shipped_at)
        .order_by("shipped_at")
        .values_list("shipped_at", flat=True)
        .first()
    )
    end = min(filter(None, (now, ship.shipped_at + FRESH, later)))
    known = Finding.objects.filter(
        project=ship.project_id,
        kind=Kind.RATING_FELL,
        deployment__shipped_at__lt=ship.shipped_at,
        deployment__shipped_at__gte=ship.shipped_at - FRESH,
    )
    if end <= ship.shipped_at or known.exists():
        return []
    before, after = Window.before(ship.shipped_at, BEFORE), Window(ship.shipped_at, end)
    fall = rating_fall(_ratings(ship, before), _ratings(ship, after))
    if fall is None:
        return []
    low = _rated(ship).said_within(after).order_by(F("rating").asc(), "-said_at", "pk")
    return [
        Found(
            ship.pk,
            Kind.RATING_FELL,
            f"rating:{ship.pk}",
            f"The mean rating fell from {fall.before:.1f} to {fall.after:.1f} of 5",
            {
                "before": fall.before,
                "after": fall.after,
                "low": fall.low,
                "high": fall.high,
                "before_count": fall.before_count,
                "after_count": fall.after_count,
                "until": end.isoformat(),
                "feedback": list(low.values_list("pk", flat=True)[:IDS_KEPT]),
            },
            fall.strength,
        )
    ]


def _rated(ship: Deployment) -> FeedbackQuerySet:
    here = Q(environment="") | Q(environment=ship.environment.name)
    return FeedbackItem.objects.heard().filter(here, project=ship.project_id, rating__isnull=False)


def _ratings(ship: Deployment, window: Window) -> Sequence[Rated]:
    rows = _rated(ship).said_within(window)
    step = -(-rows.count() // MOST_RATINGS)
    if step > 1:  # the same ones each time, so that a second look says the same
        rows = rows.annotate(turn=F("pk") % step).filter(turn=0)
    values = rows.order_by("pk").values_list("rating", "said_at", "customer_id")
    return [
        Rated(rating, said_at.date(), customer)
        for rating, said_at, customer in values
        if rating is not None
    ]
