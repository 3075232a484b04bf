"""What we shipped, and why."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import Environment, Project, Service, User
from common.claims import unclaimed


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

    @property
    def adopted(self) -> "Adoption | None":
        """How far customers have taken it up, where that is measured."""
        found: Adoption | None = getattr(self, "adoption", None)
        return found

    @property
    def starts_at(self) -> datetime:
        """When its window starts: when enough customers had it, or else when it went live."""
        adoption = self.adopted
        return adoption.reached_at if adoption and adoption.reached_at else self.shipped_at


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


class Adoption(models.Model):
    """How far customers have taken up a ship: the share of them on it, or on a later one.

    The ship's window starts at `reached_at`, when that share first was `threshold`.
    """

    deployment = models.OneToOneField(Deployment, models.CASCADE, related_name="adoption")
    threshold = models.FloatField()  # 0.1 is 10 %
    share = models.FloatField()  # when it was last measured, 0 to 1
    users = models.PositiveBigIntegerField(null=True)  # that it is a share of, if known
    reached_at = models.DateTimeField(null=True)
    measured_at = models.DateTimeField()
    measured_until = models.DateTimeField()  # the end of the last bucket that was looked at

    def __str__(self) -> str:
        return f"{self.deployment_id}: {self.share:.0%}"
