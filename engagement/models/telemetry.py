"""Instruments of OpenTelemetry: those that were seen, those that feed a metric, and their points.

An instrument's points come in streams, one for each writer and set of attributes. Of attributes
only a digest is kept: they may name customers.
"""

from django.db import models

from accounts.models import Project
from engagement.models.metrics import Metric


class Shape(models.TextChoices):
    """What an instrument's points are."""

    GAUGE = "gauge", "Gauge"
    SUM = "sum", "Counter"
    LEVEL = "level", "Counter that goes up and down"
    HISTOGRAM = "histogram", "Histogram"


class Take(models.TextChoices):
    """What is made of an instrument's points in a bucket."""

    INCREASE = "increase", "How much was counted"
    COUNT = "count", "How many values were measured"
    SUM = "sum", "The sum of the values"
    MEAN = "mean", "The mean of the values"
    LEVEL = "level", "The levels of all instances, added up"


class SeenInstrument(models.Model):
    """An instrument that somebody sends, whether or not it feeds a metric."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="seen_instruments")
    name = models.CharField(max_length=255)
    shape = models.CharField(max_length=10, choices=Shape.choices)
    unit = models.CharField(max_length=63, blank=True)
    description = models.CharField(max_length=300, blank=True)
    # The first few of each: {"environment": [...], "service": [...], "version": [...]}
    places = models.JSONField(default=dict)
    points = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="an_instrument_is_seen_once")
        ]

    def __str__(self) -> str:
        return self.name


class FollowedInstrument(models.Model):
    """An instrument that feeds a metric. A blank environment, service or version means any."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="followed_instruments")
    metric = models.OneToOneField(Metric, models.CASCADE, related_name="instrument")
    name = models.CharField(max_length=255)
    shape = models.CharField(max_length=10, choices=Shape.choices)
    take = models.CharField(max_length=10, choices=Take.choices)
    environment = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)  # what was left out of the last call, and why
    heard_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project", "name"], name="instruments_by_name")]

    def __str__(self) -> str:
        return f"{self.metric_id} from {self.name}"


class InstrumentStream(models.Model):
    """One writer's points with one set of attributes."""

    followed = models.ForeignKey(FollowedInstrument, models.CASCADE, related_name="streams")
    mark = models.CharField(max_length=64)  # a digest of all that tells it from other streams

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["followed", "mark"], name="a_stream_is_known_once")
        ]

    def __str__(self) -> str:
        return f"{self.followed_id}: {self.mark[:8]}"


class StreamPoint(models.Model):
    """One point as it came; kept for some days, so that one sent again counts once."""

    stream = models.ForeignKey(
        InstrumentStream, models.CASCADE, related_name="points", db_index=False
    )
    time_ns = models.BigIntegerField()  # since 1970, as it was sent
    start_ns = models.BigIntegerField(default=0)  # since when it counts; 0: not said
    value = models.FloatField(null=True)  # of a histogram the sum, which need not be known
    count = models.FloatField(null=True)  # of a histogram

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "time_ns"], name="a_point_is_taken_once")
        ]
        indexes = [models.Index(fields=["time_ns"], name="points_to_drop")]

    def __str__(self) -> str:
        return f"{self.stream_id} at {self.time_ns}: {self.value}"


class StreamPart(models.Model):
    """What one stream adds to one bucket of its metric: `total`, made of `weight` values."""

    stream = models.ForeignKey(
        InstrumentStream, models.CASCADE, related_name="parts", db_index=False
    )
    starts_at = models.DateTimeField(db_index=True)
    total = models.FloatField()
    weight = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "starts_at"], name="a_stream_adds_once")
        ]

    def __str__(self) -> str:
        return f"{self.stream_id} {self.starts_at:%Y-%m-%d %H:%M} {self.total}"
