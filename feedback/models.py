"""What users say."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from common.windows import Window


class Customer(models.Model):
    """Somebody who said something, known by whatever the source knows them by."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="customers")
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=150, blank=True)
    email = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"], name="a_customer_is_known_once"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id


class Status(models.TextChoices):
    """How far the team is with one thing a customer said."""

    NEW = "new", "New"
    SEEN = "seen", "Seen"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"


class FeedbackQuerySet(models.QuerySet["FeedbackItem"]):
    """Ways to ask for feedback."""

    def said_within(self, window: Window) -> Self:
        """Keep what customers said in the window."""
        return self.filter(said_at__gte=window.start, said_at__lt=window.end)

    def waiting_for_link(self) -> Self:
        """Keep what has not been linked to ships yet."""
        return self.filter(linked_at=None)


class FeedbackItem(models.Model):
    """One thing a customer said."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="feedback")
    source = models.CharField(max_length=40, default="api")
    external_id = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    rating = models.FloatField(null=True)  # 1 (worst) to 5 (best), whatever scale it came in
    version = models.CharField(max_length=100, blank=True)
    environment = models.CharField(max_length=100, blank=True)
    area = models.CharField(max_length=200, blank=True)
    url = models.TextField(blank=True)
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="feedback")
    said_at = models.DateTimeField()
    received_at = models.DateTimeField()
    reply_text = models.TextField(blank=True)
    replied_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    theme = models.CharField(max_length=20, blank=True)
    mood = models.CharField(max_length=10, blank=True)
    triage_method = models.CharField(max_length=30, blank=True)
    # Work that is due is a row: empty means that this still waits to be linked to ships.
    linked_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)

    objects: ClassVar[FeedbackQuerySet] = FeedbackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "source", "external_id"], name="feedback_is_stored_once"
            )
        ]
        indexes = [
            models.Index(fields=["project", "-said_at", "-id"], name="feedback_newest_first"),
            models.Index(
                fields=["project"], name="feedback_waiting_for_link", condition=Q(linked_at=None)
            ),
            models.Index(
                fields=["project", "-said_at"],
                name="feedback_nobody_has_read",
                condition=Q(status="new"),
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80] or f"Rating {self.rating}"

    def mark_seen(self, *, by: User, now: datetime) -> None:
        """Note the first time that a member of the team read this; later looks change nothing."""
        self.seen_at, self.seen_by = now, by
        FeedbackItem.objects.filter(pk=self.pk, seen_at=None).update(
            seen_at=now,
            seen_by=by,
            status=models.Case(
                models.When(status=Status.NEW, then=models.Value(Status.SEEN.value)),
                default="status",
            ),
        )


class Import(models.Model):
    """A file of feedback being read in, and how far that is; a worker moves it on."""

    class State(models.TextChoices):
        """How far an import is."""

        UPLOADED = "uploaded", "Waiting for its columns"
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    project = models.ForeignKey(Project, models.CASCADE, related_name="imports")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    file = models.FileField(upload_to="imports/")
    name = models.CharField(max_length=200)
    mapping = models.JSONField(default=dict)
    source = models.CharField(max_length=40, default="import")
    zone = models.CharField(max_length=64, default="UTC")
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
