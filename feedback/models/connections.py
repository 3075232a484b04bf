"""Places outside that feedback is gathered from, or that post it here."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedJSONField

from accounts.models import Project, User
from common.due import Place, PlaceQuerySet


def new_connection_key() -> str:
    """Return the part of a connection's address that nobody can guess."""
    return secrets.token_urlsafe(18)


class ConnectionQuerySet(PlaceQuerySet["Connection"]):
    """Ways to ask for connections."""


class Connection(Place):
    """One place that feedback comes from: a mailbox, a tracker, a store, a widget."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="connections")
    kind = models.CharField(max_length=30)  # a name in the registry of connectors
    name = models.CharField(max_length=100)
    options = models.JSONField(default=dict)  # what was chosen; nothing secret
    secrets = EncryptedJSONField(default=dict)  # tokens and passwords
    key = models.CharField(max_length=40, unique=True, default=new_connection_key)
    environment = models.CharField(max_length=100, blank=True)  # for what does not say its own
    days_back = models.PositiveIntegerField(default=30)  # how old the oldest may be, the first time
    received_count = models.PositiveBigIntegerField(default=0)
    bad_rows = models.JSONField(default=list)  # the last that could not be taken, newest first
    refused_count = models.PositiveIntegerField(default=0)  # calls that were not from who they said
    refused_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar[ConnectionQuerySet] = ConnectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="a_connection_has_its_own_name"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"],
                name="connections_to_gather_from",
                condition=Q(is_active=True, next_due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Call(models.Model):
    """A call that told of feedback, kept as it came, so that what could not be read is not lost."""

    class Outcome(models.TextChoices):
        """What became of it."""

        RECEIVED = "received", "Received"
        RECORDED = "recorded", "Recorded"
        IGNORED = "ignored", "Ignored"
        UNREADABLE = "unreadable", "Could not be read"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="calls")
    event = models.CharField(max_length=100, blank=True)
    call_id = models.CharField(max_length=200, blank=True)  # what the sender repeats in a retry
    headers = models.JSONField(default=dict)  # names in lower case, secrets masked
    body = models.BinaryField()  # as it came, secrets masked
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RECEIVED)
    reason = models.TextField(blank=True)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-received_at"], name="calls_newest_first"),
            models.Index(fields=["connection", "call_id"], name="calls_by_id"),
            models.Index(
                fields=["received_at"], name="calls_not_read_yet", condition=Q(outcome="received")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.event} {self.outcome}"
