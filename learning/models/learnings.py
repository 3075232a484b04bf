"""What the team takes away."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F

from accounts.models import Project, User
from deployments.models import Checkup, Deployment
from learning.verdict import Verdict


class Tag(models.Model):
    """A word that a project files its learnings under."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="a_tag_is_named_once")
        ]

    def __str__(self) -> str:
        return self.name


class LearningQuerySet(models.QuerySet["Learning"]):
    """Ways to ask for learnings."""

    def current(self) -> "LearningQuerySet":
        """Keep the newest version of each learning."""
        return self.filter(successor=None)

    def overturning(self) -> "LearningQuerySet":
        """Keep those that say otherwise than the version that they supersede."""
        return self.filter(supersedes__isnull=False).exclude(verdict=F("supersedes__verdict"))


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
    tags = models.ManyToManyField(Tag, related_name="learnings")
    # Other ships that taught the same, as a person said.
    also_taught_by = models.ManyToManyField(Deployment, related_name="also_taught")
    # When those concerned were told, in a digest, that it overturns the version before.
    overturned_told_at = models.DateTimeField(null=True)

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
