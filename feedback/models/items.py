"""What users say, and who they are."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Func, Q
from django.utils.text import Truncator

from accounts.models import Project, User
from common.windows import Window

# The lower the rating, the higher this is.
LOWEST = Func(F("rating"), template="(-%(expressions)s)", output_field=models.FloatField())


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
        """Keep what counts and has not been linked to ships yet."""
        return self.heard().filter(linked_at=None)

    def heard(self) -> Self:
        """Keep what counts as a customer's word: neither held back as spam nor merged away."""
        return self.filter(held_at=None, merged_into=None)


class FeedbackItem(models.Model):
    """One thing a customer said."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="feedback")
    source = models.CharField(max_length=40, default="api")
    connection = models.ForeignKey(
        "Connection", models.SET_NULL, null=True, related_name="feedback"
    )
    external_id = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    rating = models.FloatField(null=True)  # 1 (worst) to 5 (best), whatever scale it came in
    rating_scale = models.CharField(max_length=10, blank=True)  # what it came in: stars, nps, csat
    rating_given = models.FloatField(null=True)  # ... and what was given there
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
    # Who looks after it, if that was said or handed over; else those who shipped what it is about.
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, related_name="assigned_feedback")
    assigned_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)  # nobody looked in time, so the team was told
    # Held back as spam: kept, but it counts nowhere until a person releases it.
    held_at = models.DateTimeField(null=True)
    held_because = models.CharField(max_length=200, blank=True)
    # Says the same as another, which stands for both.
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="merged")
    merged_at = models.DateTimeField(null=True)
    merged_because = models.CharField(max_length=200, blank=True)
    answer_to = models.JSONField(default=dict)  # what its source needs to take an answer
    language = models.CharField(max_length=10, blank=True)  # ISO 639-1, empty: cannot be told
    theme = models.CharField(max_length=20, blank=True)
    mood = models.CharField(max_length=10, blank=True)
    triage_method = models.CharField(max_length=30, blank=True)
    # Not used any more: see Arrival. Versions before that write it until they are restarted.
    awaits_sorting = models.BooleanField(default=False, db_default=False)
    # Empty means that this still waits to be linked to ships.
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
            # The sign makes all of it run one way, which is what paging by position needs.
            models.Index(
                F("project"),
                LOWEST.desc(),
                F("said_at").desc(),
                F("id").desc(),
                name="feedback_lowest_first",
                condition=Q(rating__isnull=False),
            ),
            # Filters that often leave little of much: what is common is found near the top anyway.
            models.Index(
                fields=["project", "version", "-said_at", "-id"],
                name="feedback_of_a_version",
                condition=~Q(version=""),
            ),
            models.Index(
                fields=["project", "source", "-said_at", "-id"], name="feedback_of_a_source"
            ),
            models.Index(
                fields=["project", "language", "-said_at", "-id"],
                name="feedback_in_a_language",
                condition=~Q(language=""),
            ),
            models.Index(
                fields=["project", "-merged_at"],
                name="feedback_merged_away",
                condition=Q(merged_into__isnull=False),
            ),
            models.Index(
                fields=["project"], name="feedback_waiting_for_link", condition=Q(linked_at=None)
            ),
            models.Index(
                fields=["project", "-said_at"],
                name="feedback_nobody_has_read",
                condition=Q(status="new"),
            ),
            models.Index(
                fields=["project", "assignee"],
                name="feedback_of_a_person",
                condition=Q(assignee__isnull=False),
            ),
            models.Index(
                fields=["project", "-held_at"],
                name="feedback_held_back",
                condition=Q(held_at__isnull=False),
            ),
            # Few: what is counted is all but these.
            models.Index(
                fields=["id"],
                name="feedback_set_aside",
                condition=Q(held_at__isnull=False) | Q(merged_into__isnull=False),
            ),
            models.Index(
                fields=["project", "-said_at", "-id"],
                name="feedback_nobody_opened",
                condition=Q(escalated_at__isnull=False, seen_at=None, status="new"),
            ),
        ]

    def __str__(self) -> str:
        return Truncator(self.text).chars(80) or f"Rating {self.rating}"

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
