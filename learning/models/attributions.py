"""Which ship a feedback is about: what Wake thinks, what people said, and how it scored."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Project, User
from deployments.models import Deployment
from feedback.models import FeedbackItem


class AttributionQuerySet(models.QuerySet["Attribution"]):
    """Ways to ask for attributions."""

    def heard(self) -> Self:
        """Keep those of feedback that counts: neither held back as spam nor merged away."""
        return self.filter(feedback__held_at=None, feedback__merged_into=None)

    def counted(self) -> Self:
        """Keep the same as `heard`, to count thousands: only what does not count is looked up."""
        aside = Q(held_at__isnull=False) | Q(merged_into__isnull=False)
        return self.filter(~Exists(FeedbackItem.objects.filter(aside, pk=OuterRef("feedback"))))


class Attribution(models.Model):
    """How likely it is that a feedback is about a deployment, and why.

    The probabilities of one feedback, with that of "none of our ships" (no deployment), sum to 1.
    """

    feedback = models.ForeignKey(FeedbackItem, models.CASCADE, related_name="attributions")
    # Two indexes begin with the ship.
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, null=True, related_name="attributions", db_index=False
    )
    probability = models.FloatField()
    reasons = models.JSONField(default=list)  # sentences, strongest first
    is_best = models.BooleanField(default=False)
    # Whether what was said points to what the ship changed, and not only its time and version.
    on_topic = models.BooleanField(default=False)
    method = models.CharField(max_length=30)
    # As of its feedback, so that the first word about a ship is found without reading all of them.
    said_at = models.DateTimeField(null=True)

    objects: ClassVar[AttributionQuerySet] = AttributionQuerySet.as_manager()  # type: ignore[assignment]

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
            # In the order in which a ship's page shows them.
            models.Index(
                fields=[
                    "deployment",
                    "-is_best",
                    "-on_topic",
                    "-probability",
                    "-said_at",
                    "id",
                ],
                name="words_for_a_ship",
            ),
            # With the feedback, so that they are counted without reading their rows.
            models.Index(
                fields=["deployment", "said_at", "feedback"],
                name="first_words_for_a_ship",
                condition=Q(is_best=True),
            ),
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


class AttributionFit(models.Model):
    """The weights of the attribution as a project's corrections re-fitted them."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="attribution_fit")
    method = models.CharField(max_length=30)
    weights = models.JSONField(default=dict)
    corrections = models.PositiveIntegerField(default=0)  # how many it learned from
    scores = models.JSONField(default=dict)  # before and after, on corrections held out
    fitted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.project_id}: {self.method}"
