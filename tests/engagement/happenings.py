"""Events for tests: each a short line of who did what and when."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Project
from engagement.event_measures import Asked
from engagement.models import Event, EventMetric, Measure
from tests.factories import NOW, make_metric

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def did(
    project: Project, name: str, at: datetime, user: str = "", *, anonymous: str = "", **facts: Any
) -> Event:
    """Save one event, received as it happened unless `received_at` says otherwise."""
    facts.setdefault("received_at", at)
    return Event.objects.create(
        project=project, name=name, user_id=user, anonymous_id=anonymous, occurred_at=at, **facts
    )


def asking(project: Project, measure: Measure, event: str = "", **facts: Any) -> Asked:
    """Return what is asked, by the day unless `resolution` says otherwise."""
    return Asked(project.pk, measure, event, **facts)


def make_event_metric(
    project: Project,
    measure: Measure = Measure.COUNT,
    event: str = "Ordered",
    *,
    key: str = "orders",
    resolution: timedelta = DAY,
    now: datetime = NOW,
    **facts: Any,
) -> EventMetric:
    metric = make_metric(project, key, kind=asking(project, measure).kind, resolution=resolution)
    return EventMetric.objects.create(
        metric=metric, measure=measure, event=event, next_due_at=now, changed_at=now, **facts
    )
