"""Samples added up by the hour and by the day, for pages that show months."""

from django.db import models

from engagement.models.metrics import Metric


class Rollup(models.Model):
    """The samples of one metric in one hour or one day of UTC, added up; kept for ever.

    The mean of a count or a gauge is `total / samples`; that of a ratio weighs each sample by its
    denominator: `weighted / exposure`. A metric whose buckets are an hour or longer has no hours
    here: its samples are that already.
    """

    class Span(models.TextChoices):
        """How long a bucket is; days are those of UTC."""

        HOUR = "hour", "Hour"
        DAY = "day", "Day"

    # The constraint begins with the metric, and a metric has one project: no index more is needed.
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="rollups", db_index=False)
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


class RollupDue(models.Model):
    """Days of a metric, within one month, whose rollups are behind its samples.

    Written with the samples, in one transaction, and deleted with the rollups that make up for it.
    Until then these days are read from the samples themselves, so that no page is behind.
    """

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="rollups_due", db_index=False)
    month = models.DateTimeField()  # its first day; all times here are midnights of UTC
    since = models.DateTimeField()
    until = models.DateTimeField()  # exclusive

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "month"], name="a_month_is_due_once")
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
