"""What a ship is expected to do, and how that was changed."""

from datetime import timedelta

from django.db import models

from accounts.models import User
from deployments.models.ships import Deployment
from engagement.models import Metric


class Goal(models.TextChoices):
    """Which way a metric was meant to move."""

    UP = "up", "rise"
    DOWN = "down", "fall"


class Hypothesis(models.Model):
    """What a deployment was expected to do to a metric, and why; frozen at its first look."""

    deployment = models.OneToOneField(Deployment, models.CASCADE, related_name="hypothesis")
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="hypotheses")
    direction = models.CharField(max_length=5, choices=Goal.choices)
    min_effect = models.FloatField()  # the smallest relative effect that matters, 0.02 is 2 %
    window = models.DurationField(default=timedelta(days=7))
    statement = models.TextField(blank=True)
    because = models.TextField(blank=True)
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # none: CI
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "hypotheses"

    def __str__(self) -> str:
        sign = "+" if self.direction == Goal.UP else "−"
        return f"{self.metric} {sign}{self.min_effect:.1%} within {self.window.days} d"

    @property
    def goal(self) -> float:
        """The smallest effect that matters with its sign: 0.02 for a rise of 2 %, or -0.02."""
        return self.min_effect if self.direction == Goal.UP else -self.min_effect


class HypothesisEdit(models.Model):
    """What a hypothesis said before somebody changed it, and what they made of it.

    One that came too late changed nothing; it is kept as a remark. `old` and `new` hold the
    metric's key, the direction, the size, the window in seconds, the statement and the reason.
    """

    hypothesis = models.ForeignKey(Hypothesis, models.CASCADE, related_name="edits")
    old = models.JSONField()
    new = models.JSONField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # none: CI
    edited_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.hypothesis_id}: {self.old} -> {self.new}"
