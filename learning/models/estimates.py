"""What a ship did to a metric."""

from django.db import models

from deployments.models import Checkup, Deployment
from engagement.models import Metric


class ImpactEstimate(models.Model):
    """What one deployment did to one metric, as seen at one checkup.

    Effects are relative: 0.05 is 5 % more than there would have been. `word` is "estimated", or
    the honest reason why there is no number.
    """

    checkup = models.ForeignKey(Checkup, models.CASCADE, related_name="estimates")
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="estimates")
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="estimates")
    word = models.CharField(max_length=20)
    effect = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p_value = models.FloatField(null=True)
    smallest_visible = models.FloatField(null=True)
    is_real = models.BooleanField(default=False)  # after Benjamini-Hochberg over the ship's metrics
    window_start_at = models.DateTimeField()
    window_end_at = models.DateTimeField()
    look_again_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    method = models.CharField(max_length=30)
    estimated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkup", "metric"], name="one_estimate_per_checkup_and_metric"
            )
        ]
        indexes = [
            models.Index(fields=["metric", "deployment"], name="estimates_of_a_metric"),
            models.Index(fields=["deployment", "metric"], name="estimates_of_a_ship"),
        ]

    def __str__(self) -> str:
        return f"{self.deployment} on {self.metric}: {self.word}"
