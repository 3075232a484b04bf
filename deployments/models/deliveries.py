"""The addresses that providers post to, and each call that reached one."""

import secrets
import string
from datetime import datetime

from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedTextField

from accounts.models import Project
from deployments.models.ships import Deployment


def new_webhook_key() -> str:
    """Return the part of a webhook's address that nobody can guess."""
    return secrets.token_urlsafe(18)


def new_webhook_secret() -> str:
    """Return a secret for a sender to sign its deliveries with, as Standard Webhooks writes them.

    What follows `whsec_` is base64 of 24 bytes, without the characters that addresses cannot hold.
    """
    letters = string.ascii_letters + string.digits
    return "whsec_" + "".join(secrets.choice(letters) for _ in range(32))


class Webhook(models.Model):
    """An address that a provider, such as GitHub, posts its deployments to."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="webhooks")
    provider = models.CharField(max_length=30, default="github")
    key = models.CharField(max_length=40, unique=True, default=new_webhook_key)
    secret = EncryptedTextField(default=new_webhook_secret)
    # While a secret is being exchanged, what the old one signed is taken too, until then.
    previous_secret = EncryptedTextField(null=True)
    previous_until = models.DateTimeField(null=True)
    branch = models.CharField(max_length=200, blank=True)
    names = models.JSONField(default=list)  # of the jobs, workflows or builds that deploy
    environment = models.CharField(max_length=100, blank=True)
    mapping = models.JSONField(default=dict)  # field -> JMESPath
    refused_count = models.PositiveIntegerField(default=0)
    last_refused_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "provider"], name="one_webhook_per_provider")
        ]

    def __str__(self) -> str:
        return f"{self.provider} of {self.project}"

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that may sign a delivery at that moment."""
        if self.previous_secret and self.previous_until and now < self.previous_until:
            return (self.secret, self.previous_secret)
        return (self.secret,)


class Delivery(models.Model):
    """One call that reached us, kept as it came, so that what could not be read is not lost."""

    class Outcome(models.TextChoices):
        """What became of it."""

        RECEIVED = "received", "Received"
        RECORDED = "recorded", "Recorded"
        IGNORED = "ignored", "Ignored"
        UNREADABLE = "unreadable", "Could not be read"

    project = models.ForeignKey(Project, models.CASCADE, related_name="deliveries")
    provider = models.CharField(max_length=30)
    event = models.CharField(max_length=100, blank=True)
    delivery_id = models.CharField(max_length=200, blank=True)
    headers = models.JSONField(default=dict)  # names in lower case, secrets masked
    path = models.CharField(max_length=500, blank=True)  # what the address had behind the key
    body = models.BinaryField()  # as it came, secrets masked
    attempts = models.PositiveSmallIntegerField(default=0)  # to record it
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RECEIVED)
    reason = models.TextField(blank=True)
    deployment = models.ForeignKey(
        Deployment, models.SET_NULL, null=True, related_name="deliveries"
    )
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["project", "-received_at"], name="deliveries_newest_first"),
            models.Index(fields=["project", "provider", "delivery_id"], name="deliveries_by_id"),
            models.Index(
                fields=["received_at"],
                name="deliveries_not_read_yet",
                condition=Q(outcome="received"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event} {self.outcome}"
