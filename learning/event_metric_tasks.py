"""Doorbells for metrics made of events: they stand here because a changed one is estimated anew."""

import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from deployments.models import Deployment
from engagement.event_work import is_history_done, work_part
from engagement.models import EventMetric
from learning.models import ImpactEstimate
from learning.untouched import MOST_AGAIN, look_again

# A turn ends after so long, between two parts; what is left goes on in the next turn.
TURN_SECONDS = 45
MOST_TURNS = 200


@shared_task
def work_out_due_metrics(**_: Any) -> None:
    """Ring for every metric of events that is due and that no living worker holds."""
    due = EventMetric.objects.due(timezone.now()).order_by("next_due_at", "pk")
    for pk in due.values_list("pk", flat=True)[:MOST_TURNS]:
        work_out_metric.apply_async(kwargs={"definition_id": pk}, expires=60)


@shared_task
def work_out_metric(*, definition_id: int, **_: Any) -> None:
    """Claim a metric of events and work it out until the turn is over; ring again if more is left.

    Once a changed definition’s history is there, ships measured on it are looked at again.
    """
    row = EventMetric.objects.select_related("metric__project").filter(pk=definition_id).first()
    if row is None or not row.claim(timezone.now()):
        return
    ends = time.monotonic() + TURN_SECONDS
    while work_part(row, now=timezone.now()):
        if time.monotonic() > ends:
            mine = EventMetric.objects.filter(pk=row.pk, claimed_at=row.claimed_at)
            mine.update(claimed_at=None)
            work_out_metric.apply_async(kwargs={"definition_id": definition_id}, expires=60)
            return
    if row.estimated_revision != row.revision and is_history_done(row):
        estimate_anew(row)


def estimate_anew(row: EventMetric) -> int:
    """Let the newest ships with an estimate on the metric be looked at again; return how many.

    Safe to run twice: the second time there is nothing left to make due.
    """
    concerned = ImpactEstimate.objects.filter(metric=row.metric_id).values("deployment")
    ships = Deployment.objects.filter(pk__in=concerned).order_by("-shipped_at", "-pk")
    again = look_again(row.metric, list(ships[:MOST_AGAIN]))
    EventMetric.objects.filter(pk=row.pk, revision=row.revision).update(
        estimated_revision=row.revision
    )
    return again
