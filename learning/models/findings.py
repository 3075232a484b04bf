"""What is worth a person's attention now, and whether it was worth it."""

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from deployments.models import Deployment


class Finding(models.Model):
    """One thing that deserves a person's attention, said once."""

    class Kind(models.TextChoices):
        """What was found."""

        SAID_BY_SEVERAL = "said_by_several", "Several customers say the same new thing"
        RATING_FELL = "rating_fell", "The rating fell"
        COMPLAINT_STOPPED = "complaint_stopped", "A complaint stopped"
        GUARDRAIL_WORSE = "guardrail_worse", "A guardrail got worse"
        VERDICT = "verdict", "A verdict on a hypothesis"
        NOBODY_USES_IT = "nobody_uses_it", "Nobody uses it"
        BUDGET_GONE = "budget_gone", "The error budget is gone"

    project = models.ForeignKey(Project, models.CASCADE, related_name="findings")
    deployment = models.ForeignKey(Deployment, models.CASCADE, null=True, related_name="findings")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=200)  # what makes it the same finding when found again
    headline = models.CharField(max_length=300)
    evidence = models.JSONField(default=dict)
    score = models.FloatField()  # how far beyond the threshold that it had to pass
    found_at = models.DateTimeField()
    claimed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)  # nobody looked in time, so the team was told
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="a_finding_is_found_once")
        ]
        indexes = [
            models.Index(fields=["project", "-found_at", "-id"], name="findings_newest_first"),
            models.Index(
                fields=["project", "found_at"],
                name="findings_nobody_looks_after",
                condition=Q(claimed_at=None, closed_at=None, escalated_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.headline


class FindingNotice(models.Model):
    """One person a finding is for: when they were told, when they looked, what it was worth."""

    class Worth(models.TextChoices):
        """The answer to "was this worth it?"."""

        USEFUL = "useful", "Useful"
        NOISE = "noise", "Noise"

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="notices")
    user = models.ForeignKey(User, models.CASCADE, related_name="finding_notices")
    told_at = models.DateTimeField(null=True)  # by mail
    seen_at = models.DateTimeField(null=True)
    worth = models.CharField(max_length=6, choices=Worth.choices, blank=True)
    judged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["finding", "user"], name="a_person_is_told_of_a_finding_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["user"], name="findings_not_told", condition=Q(told_at=None, seen_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} for {self.user_id}"
