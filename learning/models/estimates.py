"""What a ship did to a metric."""

from django.db import models

from accounts.models import Project, User
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
    # Of all that went in (samples, ships, windows): the same digest and method, the same result.
    inputs_digest = models.CharField(max_length=64, blank=True)
    beside = models.JSONField(default=list)  # ids of ships in its window, told apart or not
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


class Untouched(models.Model):
    """A person's word that a ship, or every ship to an area alone, cannot touch a metric."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="untouched")
    metric = models.ForeignKey(Metric, models.CASCADE, related_name="untouched")
    deployment = models.ForeignKey(Deployment, models.CASCADE, null=True, related_name="untouched")
    area = models.CharField(max_length=200, blank=True)
    because = models.TextField(blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    stated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "untouched"
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "deployment"],
                name="a_ship_is_said_once_not_to_touch_a_metric",
                condition=models.Q(deployment__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["metric", "area"],
                name="an_area_is_said_once_not_to_touch_a_metric",
                condition=models.Q(deployment=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id or self.area} does not touch {self.metric_id}"


class PlaceboRecord(models.Model):
    """How the estimator does on a metric at past moments when nothing was shipped."""

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="placebos")
    window = models.DurationField()  # how long after each moment was looked at
    moments = models.PositiveIntegerField(default=0)
    alarms = models.PositiveIntegerField(default=0)  # moments at which it claimed an effect
    covered = models.PositiveIntegerField(default=0)  # intervals that held the effect put in
    looks = models.PositiveIntegerField(default=0)  # ... of so many
    found = models.PositiveIntegerField(default=0)  # effects of 10 % put in that it found
    put_in = models.PositiveIntegerField(default=0)  # ... of so many
    from_at = models.DateTimeField(null=True)  # the first and the last of the moments
    until_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)  # why there are none
    method = models.CharField(max_length=30, blank=True)
    claimed_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "window"], name="one_placebo_record_per_metric_and_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric_id}: {self.alarms} of {self.moments}"


class Rerun(models.Model):
    """All estimates made anew with another method, to see what would change before it is taken."""

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running", "Running"
        READY = "ready", "To be decided on"
        ACCEPTED = "accepted", "Accepted"
        DROPPED = "dropped", "Dropped"

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="reruns")
    method = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)  # checkups to look at
    done = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.method}: {self.state}"


class RerunPart(models.Model):
    """Some checkups of a rerun, looked at by one worker."""

    rerun = models.ForeignKey(Rerun, models.CASCADE, related_name="parts")
    checkups = models.JSONField()  # ids, all of one project
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    summary = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["rerun"], name="parts_not_done", condition=models.Q(finished_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{len(self.checkups)} checkups of {self.rerun_id}"


class Recalculated(models.Model):
    """What one estimate would be with the method of a rerun."""

    rerun = models.ForeignKey(Rerun, models.CASCADE, related_name="estimates")
    estimate = models.ForeignKey(ImpactEstimate, models.CASCADE, related_name="recalculated")
    values = models.JSONField()  # the fields of the estimate that would change, as it would be

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rerun", "estimate"], name="an_estimate_is_recalculated_once_a_rerun"
            )
        ]

    def __str__(self) -> str:
        return f"{self.estimate_id} in {self.rerun_id}"
