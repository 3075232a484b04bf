"""Samples added up by the hour and by the day, for pages that show months."""

from django.db import models

from accounts.models import Project
from engagement.models.metrics import Metric


class Rollup(models.Model):
    """The samples of one metric in one hour or one day of UTC, added up; kept for ever.

    The mean of a count or a gauge is `total / samples`; that of a ratio weighs each sample by its
    denominator: `weighted / exposure`.
    """

    class Span(models.TextChoices):
        """How long a bucket is; days are those of UTC."""

        HOUR = "hour", "Hour"
        DAY = "day", "Day"

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="rollups")
    span = models.CharField(max_length=4, choices=Span.choices)
    starts_at = models.DateTimeField()
    samples = models.PositiveIntegerField()
    total = models.FloatField()
    least = models.FloatField()
    most = models.FloatField()
    weighted = models.FloatField(null=True)  # sum of value * exposure
    exposure = models.FloatField(null=True)  # sum of exposure

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "span", "starts_at"], name="a_bucket_is_rolled_up_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.span} {self.starts_at:%Y-%m-%d %H:%M}"
