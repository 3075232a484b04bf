"""Who outside Wake is told, of what, and what became of each message."""

import base64
import secrets
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedTextField

from accounts.models import Project, User
from common.claims import unclaimed


class Event(models.TextChoices):
    """What can be told."""

    SHIP_RECORDED = "ship.recorded", "A ship went live"
    VERDICT_REACHED = "verdict.reached", "A verdict was reached"
    LEARNING_CONFIRMED = "learning.confirmed", "A learning was confirmed"
    TEST = "test", "A test"


TOLD = [event for event in Event if event != Event.TEST]


class Kind(models.TextChoices):
    """How it is told."""

    WEBHOOK = "webhook", "Webhook"
    GRAFANA = "grafana", "Grafana annotations"


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_message_id() -> str:
    """Return an id that stays the same however often a message is sent."""
    return "msg_" + secrets.token_urlsafe(18)


class Hook(models.Model):
    """An address outside Wake that is told of a project's news."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="outgoing_hooks")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.WEBHOOK)
    url = models.TextField()
    secret = EncryptedTextField(default=new_secret)  # what signs, or Grafana's token
    old_secret = EncryptedTextField(null=True)
    old_secret_until = models.DateTimeField(null=True)  # until then both secrets sign
    events = models.JSONField(default=list)
    is_on = models.BooleanField(default=True)
    off_because = models.TextField(blank=True)  # why Wake turned it off by itself
    news_since = models.DateTimeField()  # what happened before is no news
    failing_since = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url

    @property
    def event_names(self) -> list[str]:
        """What it is told of, in words."""
        return [str(event.label) for event in TOLD if event in self.events]


class MessageQuerySet(models.QuerySet["Message"]):
    """Ways to ask for messages."""

    def waiting(self) -> Self:
        """Keep those that are neither delivered nor given up."""
        return self.filter(sent_at=None, given_up_at=None)

    def claimable(self, now: datetime) -> Self:
        """Keep those whose time has come and that no living worker holds."""
        return self.waiting().filter(unclaimed(now), due_at__lte=now)

    def due(self, now: datetime) -> Self:
        """Keep those that can be claimed and whose hook is on."""
        return self.claimable(now).filter(hook__is_on=True)


class Message(models.Model):
    """One piece of news for one hook, kept as it was written, with what became of it."""

    hook = models.ForeignKey(Hook, models.CASCADE, related_name="messages")
    event = models.CharField(max_length=30, choices=Event.choices)
    subject = models.BigIntegerField()  # the id of the ship or the learning
    version = models.CharField(max_length=60, blank=True)  # such as the verdict
    webhook_id = models.CharField(max_length=60, unique=True, default=new_message_id)
    body = models.JSONField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=60, blank=True)  # what the other side calls it

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hook", "event", "subject", "version"], name="news_is_told_once"
            )
        ]
        indexes = [
            models.Index(fields=["hook", "-made_at", "-id"], name="messages_newest_first"),
            models.Index(
                fields=["due_at"],
                name="messages_not_sent",
                condition=Q(sent_at=None, given_up_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject} to {self.hook_id}"

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to send the message."""
        # The UPDATE is the lock: whoever changes the row has won it.
        won = Message.objects.claimable(now).filter(pk=self.pk)
        return won.update(claimed_at=now, tries=models.F("tries") + 1) == 1


class Attempt(models.Model):
    """One call, and what was answered."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attempts")
    tried_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    excerpt = models.TextField(blank=True)  # of the answer
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.message_id} at {self.tried_at}: {self.status or self.problem}"
