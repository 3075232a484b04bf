"""Metrics that are made of events, and how far each has been worked out."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from common.claims import unclaimed
from engagement.models.metrics import Metric


class Measure(models.TextChoices):
    """What is made of events."""

    COUNT = "count", "How often it happened"
    USERS = "users", "How many users did it"
    CONVERSION = "conversion", "Share of users who then did something else"
    FIRST_USE = "first_use", "How many users did it for the first time"
    ADOPTION = "adoption", "Share of active users who did it"
    TIME_TO_FIRST_USE = "time_to_first_use", "Hours from a user’s first event to the first use"
    RETENTION = "retention", "Share of new users who came back"


class EventMetricQuerySet(models.QuerySet["EventMetric"]):
    """Ways to ask for definitions."""

    def due(self, now: datetime) -> Self:
        """Keep those to work out now that no living worker holds."""
        return self.filter(unclaimed(now), next_due_at__lte=now)


class EventMetric(models.Model):
    """How a metric is worked out of events.

    A blank environment, service or version means any. When the definition changes, `revision`
    goes up and the history is worked out anew, as far back as events are kept.
    """

    metric = models.OneToOneField(Metric, models.CASCADE, related_name="definition")
    measure = models.CharField(max_length=20, choices=Measure.choices)
    event = models.CharField(max_length=200, blank=True)  # blank: any event
    then_event = models.CharField(max_length=200, blank=True)  # of a conversion
    within = models.DurationField(default=timedelta(days=1))  # of a conversion, or a retention
    environment = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=100, blank=True)
    where = models.JSONField(default=dict)  # properties that an event must have: name -> value
    revision = models.PositiveIntegerField(default=1)
    worked_out_from = models.DateTimeField(null=True)  # of this revision; going backwards
    worked_out_until = models.DateTimeField(null=True)
    history_from = models.DateTimeField(null=True)  # how far back it is to go
    seen_until = models.DateTimeField(null=True)  # what came by then has corrected its buckets
    again = models.JSONField(default=list)  # [start, end] of buckets to work out once more
    estimated_revision = models.PositiveIntegerField(default=0)  # whose history ships were told
    next_due_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    changed_at = models.DateTimeField()

    objects: ClassVar[EventMetricQuerySet] = EventMetricQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["next_due_at"],
                name="metrics_to_work_out",
                condition=Q(next_due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric_id}: {self.measure} of {self.event}"

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to work the metric out."""
        # The UPDATE is the lock: whoever changes the row has won it.
        won = EventMetric.objects.due(now).filter(pk=self.pk).update(claimed_at=now) == 1
        if won:
            self.refresh_from_db()
        return won
