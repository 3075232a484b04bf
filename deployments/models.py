"""What we shipped, and why."""

import secrets
import string
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedTextField

from accounts.models import Environment, Project, Service, User
from common.claims import unclaimed
from engagement.models import Metric


class DeploymentStatus(models.TextChoices):
    """Where a deployment is in its life."""

    PENDING = "pending", "Pending"
    IN_PROGRESS = "in_progress", "In progress"
    SUCCEEDED = "succeeded", "Live"
    FAILED = "failed", "Failed"
    ROLLED_BACK = "rolled_back", "Rolled back"


class DeploymentKind(models.TextChoices):
    """What was changed: the software itself, or something about it."""

    CODE = "code", "Code"
    FLAG = "flag", "Feature flag"
    CONFIG = "config", "Configuration"
    MANUAL = "manual", "Manual change"


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Ways to ask for deployments."""

    def live(self) -> Self:
        """Keep those that reached customers, including those that were rolled back later."""
        return self.filter(
            status__in=[DeploymentStatus.SUCCEEDED, DeploymentStatus.ROLLED_BACK],
        )

    def reaching_customers(self) -> Self:
        """Keep those that went live where customers are."""
        return self.live().filter(environment__reaches_customers=True)

    def beside(self, deployment: "Deployment") -> Self:
        """Keep the other ships of the same environment, whose effects can mix with this one's."""
        return self.filter(
            project=deployment.project_id, environment=deployment.environment_id
        ).exclude(pk=deployment.pk)


class Deployment(models.Model):
    """One version going live in one environment."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments")
    service = models.ForeignKey(Service, models.PROTECT, null=True, related_name="deployments")
    external_id = models.CharField(max_length=250)
    version = models.CharField(max_length=200)
    sha = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=12, choices=DeploymentStatus.choices)
    kind = models.CharField(
        max_length=6, choices=DeploymentKind.choices, default=DeploymentKind.CODE
    )
    title = models.CharField(max_length=300, blank=True)
    notes = models.TextField(blank=True)
    url = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField()  # when it went live, or is expected to have
    last_live_at = models.DateTimeField(null=True)  # the latest moment at which it was told live
    rolled_back_at = models.DateTimeField(null=True)
    rolled_back_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="rolls_back"
    )
    told = models.JSONField(default=list)  # all that was said of its life: lifecycle.Word as lists
    areas = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    fixes = models.JSONField(default=list)
    extra = models.JSONField(default=dict)
    source = models.CharField(max_length=40, default="api")
    received_at = models.DateTimeField()

    objects: ClassVar[DeploymentQuerySet] = DeploymentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"], name="a_ship_is_recorded_once"
            )
        ]
        indexes = [
            models.Index(fields=["project", "-shipped_at", "-id"], name="ships_newest_first"),
            models.Index(
                fields=["environment", "service", "-shipped_at"], name="ships_of_one_place"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.version

    @property
    def is_live(self) -> bool:
        """True if it reached customers."""
        return self.status in (DeploymentStatus.SUCCEEDED, DeploymentStatus.ROLLED_BACK)


class OtherId(models.Model):
    """An id by which a further tool tells of a ship that another tool told of first."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="other_ids")
    external_id = models.CharField(max_length=250)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="an_id_is_of_one_ship")
        ]

    def __str__(self) -> str:
        return self.external_id


class Shipper(models.Model):
    """Somebody who shipped a deployment, and which member that is, where known."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="shippers")
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=150, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="shipped")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deployment", "email"], name="a_shipper_is_named_once")
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else self.name or self.email


class Change(models.Model):
    """A commit or a pull request that went out in a deployment."""

    class Kind(models.TextChoices):
        """What sort of change."""

        COMMIT = "commit", "Commit"
        PULL_REQUEST = "pull_request", "Pull request"

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    ref = models.CharField(max_length=100)  # a commit's sha, a pull request's number
    message = models.TextField(blank=True)
    author_name = models.CharField(max_length=150, blank=True)
    author_email = models.CharField(max_length=254, blank=True)
    authored_at = models.DateTimeField(null=True)
    files = models.JSONField(default=list)
    url = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "kind", "ref"], name="a_change_is_listed_once"
            )
        ]

    def __str__(self) -> str:
        return self.message.split("\n", 1)[0] or self.ref

    @property
    def summary(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]


class Goal(models.TextChoices):
    """Which way a metric was meant to move."""

    UP = "up", "rise"
    DOWN = "down", "fall"


class Hypothesis(models.Model):
    """What a deployment was expected to do to a metric, and why; frozen at its first look."""

    deployment = models.OneToOneField(Deployment, models.CASCADE, related_name="hypothesis")
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="hypotheses")
    direction = models.CharField(max_length=5, choices=Goal.choices)
    min_effect = models.FloatField()  # the smallest relative effect that matters, 0.02 is 2 %
    window = models.DurationField(default=timedelta(days=7))
    statement = models.TextField(blank=True)
    because = models.TextField(blank=True)
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # none: CI
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "hypotheses"

    def __str__(self) -> str:
        sign = "+" if self.direction == Goal.UP else "−"
        return f"{self.metric} {sign}{self.min_effect:.1%} within {self.window.days} d"

    @property
    def goal(self) -> float:
        """The smallest effect that matters with its sign: 0.02 for a rise of 2 %, or -0.02."""
        return self.min_effect if self.direction == Goal.UP else -self.min_effect


class HypothesisEdit(models.Model):
    """What a hypothesis said before somebody changed it, and what they made of it.

    One that came too late changed nothing; it is kept as a remark. `old` and `new` hold the
    metric's key, the direction, the size, the window in seconds, the statement and the reason.
    """

    hypothesis = models.ForeignKey(Hypothesis, models.CASCADE, related_name="edits")
    old = models.JSONField()
    new = models.JSONField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # none: CI
    edited_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.hypothesis_id}: {self.old} -> {self.new}"


class CheckupQuerySet(models.QuerySet["Checkup"]):
    """Ways to ask for checkups."""

    def due(self, now: datetime) -> Self:
        """Keep those whose time has come and that no living worker holds."""
        return self.filter(unclaimed(now), finished_at=None, due_at__lte=now)


class Checkup(models.Model):
    """An appointment to look back at a deployment, made when it ships."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="checkups")
    horizon = models.DurationField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)  # why the last attempt failed

    objects: ClassVar[CheckupQuerySet] = CheckupQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "horizon"], name="one_checkup_per_horizon"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="checkups_not_done", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.deployment} after {self.horizon}"

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to run the checkup."""
        # The UPDATE is the lock: whoever changes the row has won it.
        won = Checkup.objects.due(now).filter(pk=self.pk)
        return won.update(claimed_at=now, attempts=models.F("attempts") + 1) == 1


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
