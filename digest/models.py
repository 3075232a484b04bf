"""Who is told, when, and what they were told."""

import secrets
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from common.claims import unclaimed
from common.days import zone_of
from digest.archive_models import Edition, FeedLink, ShareLink  # noqa: F401  # for Django to find
from digest.channel_models import Channel
from digest.chart_models import (  # noqa: F401  # Django looks for them here
    ChartPicture,
    EditionChart,
    IssueChart,
)
from digest.mail_models import BounceMailbox, KeptMail  # noqa: F401  # Django looks for them here
from digest.schedule import LAST_MONTHDAY, Plan, Rhythm


def new_token() -> str:
    """Return a secret for links that work without signing in."""
    return secrets.token_urlsafe(24)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Ways to ask for subscriptions."""

    def due(self, now: datetime) -> Self:
        """Keep those whose time has come and that no living worker holds."""
        may_try = Q(retry_at=None) | Q(retry_at__lte=now)
        agreed = ~Q(user=None, channel=None, confirmed_at=None)
        return self.filter(
            unclaimed(now), may_try, agreed, is_on=True, paused_at=None, next_due_at__lte=now
        )

    def without_account(self) -> Self:
        """Keep those of addresses that belong to no member."""
        return self.filter(user=None, channel=None)


class Subscription(models.Model):
    """One reader's digest of one project: how often, on which day, at which local hour.

    The reader is a member, an address without an account that has said yes, or the channel of a
    chat.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="subscriptions")
    email = models.EmailField(max_length=254, blank=True)  # lower case; empty for the others
    channel = models.OneToOneField(Channel, models.CASCADE, null=True, related_name="subscription")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True)  # when the address was last asked for its yes
    confirmed_at = models.DateTimeField(null=True)  # when it said yes
    is_on = models.BooleanField(default=True)
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, default=Rhythm.WEEKLY)
    weekday = models.PositiveSmallIntegerField(default=0)  # 0 is Monday
    monthday = models.PositiveSmallIntegerField(default=1)  # up to 28
    hour = models.PositiveSmallIntegerField(default=8)
    timezone = models.CharField(max_length=64, default="UTC")
    token = models.CharField(max_length=40, unique=True, default=new_token)
    links_version = models.PositiveIntegerField(default=1)  # of the links to the preferences
    next_due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # failed ones since the last mail
    retry_at = models.DateTimeField(null=True)  # not before, after an attempt failed
    problem = models.TextField(blank=True)  # why the last attempt to send failed
    paused_at = models.DateTimeField(null=True)  # since the address was refused for good
    pause_reason = models.TextField(blank=True)  # what the mail server said

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"], name="a_person_subscribes_once_per_project"
            ),
            models.UniqueConstraint(
                fields=["project", "email"],
                condition=~Q(email=""),
                name="an_address_subscribes_once_per_project",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="", channel=None)
                | Q(Q(user=None, channel=None) & ~Q(email=""))
                | Q(user=None, email="", channel__isnull=False),
                name="a_reader_is_a_member_an_address_or_a_channel",
            ),
            models.CheckConstraint(
                condition=Q(monthday__gte=1, monthday__lte=LAST_MONTHDAY),
                name="every_month_has_the_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"], name="subscriptions_that_are_on", condition=Q(is_on=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.user or self.email or self.channel} on {self.project}"

    @property
    def address(self) -> str:
        """Where the digest goes."""
        return self.user.email if self.user else self.email or str(self.channel)

    @property
    def plan(self) -> Plan:
        """When the digests come."""
        zone = zone_of(self.timezone)
        return Plan(Rhythm(self.rhythm), self.weekday, self.monthday, self.hour, zone)

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
    edition = models.ForeignKey(Edition, models.SET_NULL, null=True, related_name="issues")
    recipient = models.CharField(max_length=254)
    week_end_at = models.DateTimeField()
    subject = models.CharField(max_length=300)
    html = models.TextField()
    text = models.TextField()
    post = models.JSONField(default=dict)  # what a chat is told, as digest.channels writes it
    message_id = models.CharField(max_length=200, unique=True)
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, default=Rhythm.WEEKLY)
    # Set just before the mail server is given the mail. Set without `sent_at`, the mail may have
    # arrived or not: it is never sent again.
    handing_at = models.DateTimeField(null=True)
    doubted_at = models.DateTimeField(null=True)  # when it was found that nobody can know
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "rhythm", "week_end_at"], name="a_period_is_sent_once"
            )
        ]

    def __str__(self) -> str:
        return self.subject


class AddressAsked(models.Model):
    """That an address was asked whether it wants digests: nobody is asked again and again."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="addresses_asked")
    fingerprint = models.CharField(max_length=64)  # keyed, of the address: it is not kept here
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["fingerprint", "asked_at"], name="askings_of_an_address"),
            models.Index(fields=["project", "asked_at"], name="askings_of_a_project"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.asked_at}"


class FindingMailQuerySet(models.QuerySet["FindingMail"]):
    """Ways to ask for mails about findings."""

    def due(self, now: datetime) -> Self:
        """Keep those whose time has come, that did not leave and that no living worker holds."""
        may_try = Q(retry_at=None) | Q(retry_at__lte=now)
        here = Q(sent_at=None, doubted_at=None)
        return self.filter(here, unclaimed(now), may_try, due_at__lte=now)


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
    handing_at = models.DateTimeField(null=True)  # as for an issue
    doubted_at = models.DateTimeField(null=True)
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
            models.Index(fields=["due_at"], name="finding_mails_to_send", condition=Q(sent_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.about} to {self.user_id} on {self.day}"

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to send the mail."""
        # The UPDATE is the lock: whoever changes the row has won it.
        return FindingMail.objects.due(now).filter(pk=self.pk).update(claimed_at=now) == 1
