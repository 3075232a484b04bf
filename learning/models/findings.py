"""What is worth a person's attention now, who is told of it, and whether it was worth it."""

import secrets

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


class FindingEvent(models.Model):
    """One thing that happened to a finding: its history."""

    class Kind(models.TextChoices):
        """What happened."""

        CLAIMED = "claimed", "Claimed"
        HANDED_OVER = "handed_over", "Handed over"
        ESCALATED = "escalated", "Escalated"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Opened again"

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # none: Wake
    to = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(blank=True)  # a reason
    happened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["finding", "happened_at"], name="history_of_a_finding")]

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.kind}"


def new_choice_token() -> str:
    """Return a secret for a link in a mail that works without signing in."""
    return secrets.token_urlsafe(24)


class FindingChoice(models.Model):
    """What one person wants to be told of at once in one project; without a row, the defaults."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="finding_choices")
    user = models.ForeignKey(User, models.CASCADE, related_name="finding_choices")
    is_mailed = models.BooleanField(default=True)
    # Also of ships of which nobody knows who shipped them.
    hears_of_unknown = models.BooleanField(default=False)
    # Hours on the person's own clock; both the same: no quiet hours.
    quiet_from = models.PositiveSmallIntegerField(default=20)
    quiet_until = models.PositiveSmallIntegerField(default=8)
    token = models.CharField(max_length=40, unique=True, default=new_choice_token)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"], name="a_person_chooses_once_what_is_told_at_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}"


class ShipLook(models.Model):
    """The first time that a member of the team saw what customers say of a ship."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="looks")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "user"], name="a_first_look_is_noted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.deployment_id}"
