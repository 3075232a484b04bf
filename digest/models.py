"""Who is told, when, and what they were told."""

import secrets
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Project, User


def new_token() -> str:
    """Return a secret for links that work without signing in."""
    return secrets.token_urlsafe(24)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Ways to ask for subscriptions."""

    def due(self, now: datetime) -> Self:
        """Keep those whose time has come and that no living worker holds."""
        stale = now - timedelta(seconds=settings.STALE_CLAIM_SECONDS)
        unclaimed = Q(claimed_at=None) | Q(claimed_at__lt=stale)
        may_try = Q(retry_at=None) | Q(retry_at__lte=now)
        return self.filter(unclaimed, may_try, is_on=True, next_due_at__lte=now)


class Subscription(models.Model):
    """One person's weekly digest of one project: on which weekday, at which local hour."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(User, models.CASCADE, related_name="subscriptions")
    is_on = models.BooleanField(default=True)
    weekday = models.PositiveSmallIntegerField(default=0)  # 0 is Monday
    hour = models.PositiveSmallIntegerField(default=8)
    timezone = models.CharField(max_length=64, default="UTC")
    token = models.CharField(max_length=40, unique=True, default=new_token)
    next_due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # failed ones since the last mail
    retry_at = models.DateTimeField(null=True)  # not before, after an attempt failed
    problem = models.TextField(blank=True)  # why the last attempt to send failed

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"], name="a_person_subscribes_once_per_project"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"], name="subscriptions_that_are_on", condition=Q(is_on=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.project}"

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to send the digest."""
        # The UPDATE is the lock: whoever changes the row has won it.
        return Subscription.objects.due(now).filter(pk=self.pk).update(claimed_at=now) == 1


class Issue(models.Model):
    """One digest that was sent, kept as it was."""

    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, related_name="issues"
    )
    project = models.ForeignKey(Project, models.CASCADE, related_name="issues")
    recipient = models.CharField(max_length=254)
    week_end_at = models.DateTimeField()
    subject = models.CharField(max_length=300)
    html = models.TextField()
    text = models.TextField()
    message_id = models.CharField(max_length=200, unique=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "week_end_at"], name="a_week_is_sent_once"
            )
        ]

    def __str__(self) -> str:
        return self.subject


class FindingMailQuerySet(models.QuerySet["FindingMail"]):
    """Ways to ask for mails about findings."""

    def due(self, now: datetime) -> Self:
        """Keep those whose time has come, that are not sent and that no living worker holds."""
        stale = now - timedelta(seconds=settings.STALE_CLAIM_SECONDS)
        unclaimed = Q(claimed_at=None) | Q(claimed_at__lt=stale)
        may_try = Q(retry_at=None) | Q(retry_at__lte=now)
        return self.filter(unclaimed, may_try, sent_at=None, due_at__lte=now)


class FindingMail(models.Model):
    """A mail at once: what was found about one ship, or came to a person, at most one a day."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="finding_mails")
    user = models.ForeignKey(User, models.CASCADE, related_name="finding_mails")
    about = models.CharField(max_length=40)  # "ship:12", or "feedback" for what came to a person
    day = models.DateField()  # on the person's own clock
    due_at = models.DateTimeField()  # not in their quiet hours
    # Written just before it leaves, so that a retry sends the same mail.
    contents = models.JSONField(default=dict)  # ids: {"notices": [..], "events": [..]}
    recipient = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)  # why the last attempt to send failed
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[FindingMailQuerySet] = FindingMailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project", "about", "day"],
                name="a_person_is_mailed_of_a_ship_once_a_day",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="finding_mails_to_send", condition=Q(sent_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.about} to {self.user_id} on {self.day}"

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to send the mail."""
        # The UPDATE is the lock: whoever changes the row has won it.
        return FindingMail.objects.due(now).filter(pk=self.pk).update(claimed_at=now) == 1
