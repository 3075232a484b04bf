"""Metrics, and their samples: one per metric and bucket."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from django.db import models

from accounts.models import Project
from common.windows import Window


class Kind(models.TextChoices):
    """What a sample's value is, which decides how values may be added up."""

    COUNT = "count", "Count: how many in each bucket"
    GAUGE = "gauge", "Gauge: a level measured in each bucket"
    RATIO = "ratio", "Ratio: a share, with its denominator"


class Direction(models.TextChoices):
    """Which way is good."""

    UP = "up", "Higher is better"
    DOWN = "down", "Lower is better"
    NEITHER = "neither", "Neither"


class Role(models.TextChoices):
    """What a team watches a metric for."""

    GOAL = "goal", "Goal: what ships are made to move"
    GUARDRAIL = "guardrail", "Guardrail: must not get worse, whatever a ship is for"
    SIGNAL = "signal", "Signal: good to know"


class NoData(models.TextChoices):
    """What a bucket without a sample means."""

    UNKNOWN = "unknown", "Nobody knows: it was not measured"
    ZERO = "zero", "Zero: it did not happen"


class Metric(models.Model):
    """A number about what users do, followed through time."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="metrics")
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=150)
    unit = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.GAUGE)
    good_direction = models.CharField(
        max_length=10, choices=Direction.choices, default=Direction.UP
    )
    resolution = models.DurationField(default=timedelta(hours=1))
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.SIGNAL)
    no_data = models.CharField(max_length=10, choices=NoData.choices, default=NoData.UNKNOWN)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="a_metric_is_keyed_once")
        ]

    def __str__(self) -> str:
        return self.name

    def bucket(self, moment: datetime) -> datetime:
        """Return the start of the bucket that `moment` lies in, counted from the epoch in UTC."""
        seconds = int(self.resolution.total_seconds())
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=UTC)


class MetricSampleQuerySet(models.QuerySet["MetricSample"]):
    """Ways to ask for samples."""

    def within(self, window: Window) -> Self:
        """Keep the samples whose bucket starts in the window."""
        return self.filter(taken_at__gte=window.start, taken_at__lt=window.end)

    def series(self) -> list[tuple[datetime, float, float | None]]:
        """Return (bucket start, value, exposure) alone, oldest first."""
        return list(self.order_by("taken_at").values_list("taken_at", "value", "exposure"))


class MetricSample(models.Model):
    """The value of a metric in the bucket that starts at `taken_at`.

    A ratio's value is numerator / denominator, and its denominator is the `exposure`.
    """

    # The constraint begins with the metric: an index of its own would only slow what comes in.
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="samples", db_index=False)
    taken_at = models.DateTimeField()
    value = models.FloatField()
    exposure = models.FloatField(null=True)
    received_at = models.DateTimeField()

    objects: ClassVar[MetricSampleQuerySet] = MetricSampleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "taken_at"], name="a_bucket_has_one_sample")
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.taken_at:%Y-%m-%d %H:%M} {self.value}"


class Way(models.TextChoices):
    """By which door samples come that nothing here asks for."""

    API = "api", "The samples API"
    FILE = "file", "A file that was imported"


class SampleWay(models.Model):
    """That samples of a metric came by a door, and when they last did, to the hour."""

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="ways", db_index=False)
    way = models.CharField(max_length=10, choices=Way.choices)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "way"], name="a_way_is_noted_once")
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} by {self.way}"
