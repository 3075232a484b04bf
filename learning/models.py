"""What we learned. Every row keeps the name of the method that made it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from deployments.models import Checkup, Deployment
from engagement.models import Metric
from feedback.models import FeedbackItem
from learning.verdict import Verdict


class Attribution(models.Model):
    """How likely it is that a feedback is about a deployment, and why.

    The probabilities of one feedback, with that of "none of our ships" (no deployment), sum to 1.
    """

    feedback = models.ForeignKey(FeedbackItem, models.CASCADE, related_name="attributions")
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, null=True, related_name="attributions"
    )
    probability = models.FloatField()
    reasons = models.JSONField(default=list)  # sentences, strongest first
    is_best = models.BooleanField(default=False)
    # Whether what was said points to what the ship changed, and not only its time and version.
    on_topic = models.BooleanField(default=False)
    method = models.CharField(max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feedback", "deployment"], name="a_candidate_is_weighed_once"
            ),
            models.UniqueConstraint(
                fields=["feedback"],
                name="none_of_ours_is_weighed_once",
                condition=Q(deployment=None),
            ),
            models.UniqueConstraint(
                fields=["feedback"], name="one_best_candidate", condition=Q(is_best=True)
            ),
        ]
        indexes = [
            models.Index(fields=["deployment", "-probability"], name="words_for_a_ship"),
        ]

    def __str__(self) -> str:
        return f"{self.feedback_id} -> {self.deployment_id}: {self.probability:.0%}"


class Correction(models.Model):
    """What a person said a feedback is really about; kept, and used to score the attributor."""

    feedback = models.OneToOneField(FeedbackItem, models.CASCADE, related_name="correction")
    deployment = models.ForeignKey(Deployment, models.CASCADE, null=True, related_name="+")
    was_probability = models.FloatField()  # what Wake had given this candidate
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    corrected_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.feedback_id} -> {self.deployment_id}"


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


class LearningQuerySet(models.QuerySet["Learning"]):
    """Ways to ask for learnings."""

    def current(self) -> "LearningQuerySet":
        """Keep the newest version of each learning."""
        return self.filter(successor=None)


class Learning(models.Model):
    """What the team takes away from a deployment: drafted by Wake, confirmed by a person.

    A look-back that overturns a confirmed learning makes a new version that supersedes it.
    """

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", "Draft"
        CONFIRMED = "confirmed", "Confirmed"

    project = models.ForeignKey(Project, models.CASCADE, related_name="learnings")
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="learnings")
    checkup = models.ForeignKey(Checkup, models.SET_NULL, null=True, related_name="learnings")
    supersedes = models.OneToOneField("self", models.SET_NULL, null=True, related_name="successor")
    version = models.PositiveSmallIntegerField(default=1)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    headline = models.CharField(max_length=300)
    evidence = models.TextField(blank=True)  # Wake's words, from the numbers and the customers
    takeaway = models.TextField(blank=True)  # the team's words
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    method = models.CharField(max_length=30)
    drafted_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)  # a person's words are never drafted over
    due_at = models.DateTimeField()  # when an unconfirmed draft becomes overdue
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    objects: ClassVar[Any] = LearningQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "version"], name="a_version_of_a_learning_is_kept_once"
            )
        ]
        indexes = [
            models.Index(fields=["project", "-drafted_at", "-id"], name="learnings_newest_first")
        ]

    def __str__(self) -> str:
        return self.headline
