"""Which instruments of OpenTelemetry feed metrics: only those that a person chose."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Project
from engagement.models import FollowedInstrument, Kind, Metric, SeenInstrument, Shape, Take

# What can be made of each shape; the first is what is mostly meant.
TAKES: dict[str, tuple[Take, ...]] = {
    Shape.GAUGE: (Take.MEAN, Take.LEVEL),
    Shape.SUM: (Take.INCREASE,),
    Shape.LEVEL: (Take.LEVEL, Take.MEAN),
    Shape.HISTOGRAM: (Take.MEAN, Take.COUNT, Take.SUM),
}
_COUNTED = (Take.INCREASE, Take.COUNT, Take.SUM)
LATELY = timedelta(days=2)
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Lately:
    """The instruments that somebody sent lately and nobody follows, and how many more there are."""

    rows: list[SeenInstrument]
    more: int


def followed_in(project: Project) -> list[FollowedInstrument]:
    """Return what the project follows, by metric."""
    rows = FollowedInstrument.objects.filter(project=project).select_related("metric")
    return list(rows.order_by("metric__name", "pk"))


def seen_lately(project: Project, *, now: datetime) -> Lately:
    """Return what was sent in the last two days and is not followed, by name."""
    followed = FollowedInstrument.objects.filter(project=project).values("name")
    rows = SeenInstrument.objects.filter(project=project, last_seen_at__gte=now - LATELY)
    others = rows.exclude(name__in=followed)
    listed = list(others.order_by("name")[:MOST_LISTED])
    more = others.count() - len(listed) if len(listed) == MOST_LISTED else 0
    return Lately(listed, more)


def follow_instrument(
    seen: SeenInstrument,
    *,
    metric: dict[str, Any],
    take: str,
    environment: str = "",
    service: str = "",
    version: str = "",
    now: datetime,
) -> FollowedInstrument:
    """Let an instrument feed a metric from its next call on; `metric` has fields of Metric.

    A metric of that key is made if the project has none.
    """
    facts = {name: value for name, value in metric.items() if name != "key"}
    facts["kind"] = Kind.COUNT if take in _COUNTED else Kind.GAUGE
    with transaction.atomic():
        row, _created = Metric.objects.update_or_create(
            project=seen.project, key=metric["key"], defaults=facts
        )
        return FollowedInstrument.objects.create(
            project=seen.project,
            metric=row,
            name=seen.name,
            shape=seen.shape,
            take=take,
            environment=environment,
            service=service,
            version=version,
            created_at=now,
        )


def is_fed(project: Project, key: str) -> bool:
    """Return True if something gathers, follows or works out the metric of that key already."""
    metrics = Metric.objects.filter(project=project, key=key)
    fed = metrics.exclude(feed=None) | metrics.exclude(instrument=None)
    return (fed | metrics.exclude(definition=None)).exists()
