"""Events: what each user did, as it came, and how many did it in each hour and day."""

from typing import ClassVar, Self

from django.db import models

from accounts.models import Project
from common.windows import Window


class EventQuerySet(models.QuerySet["Event"]):
    """Ways to ask for events."""

    def within(self, window: Window) -> Self:
        """Keep what was done in the window."""
        return self.filter(occurred_at__gte=window.start, occurred_at__lt=window.end)


class Event(models.Model):
    """One thing that one user did.

    Kept for a set time, then dropped; on PostgreSQL a month is a partition. Its environment,
    service and version are what it said itself, or blank.
    """

    class Kind(models.TextChoices):
        """What it was sent as."""

        TRACK = "track", "Event"
        PAGE = "page", "Page"
        SCREEN = "screen", "Screen"

    # All indexes begin with the project: one of its own would only slow what comes in.
    project = models.ForeignKey(Project, models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TRACK)
    name = models.CharField(max_length=200)
    user_id = models.CharField(max_length=200, blank=True)  # as the product knows its user
    anonymous_id = models.CharField(max_length=200, blank=True)  # before, or without, signing in
    environment = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=100, blank=True)
    properties = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()

    objects: ClassVar[EventQuerySet] = EventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["project", "name", "occurred_at"], name="events_by_name"),
            models.Index(fields=["project", "occurred_at"], name="events_by_time"),
            models.Index(fields=["project", "received_at"], name="events_as_they_came"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.occurred_at:%Y-%m-%d %H:%M}"


class EventReceipt(models.Model):
    """The identity of an event that was taken: sent again, it is not taken again."""

    # As with all tables here, the index of the constraint begins with the project.
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    message_id = models.CharField(max_length=200)
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "message_id"], name="an_event_is_taken_once")
        ]

    def __str__(self) -> str:
        return self.message_id


class RefusedEvent(models.Model):
    """A call, or a message in one, that could not be taken: kept to be read again after a fix."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="refused_events", db_index=False
    )
    call = models.CharField(max_length=10)  # what its address ended in, such as "batch"
    reason = models.TextField()
    body = models.TextField()  # as it came, without traits and without what looks like a secret
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["project", "received_at"], name="refused_events_of_a_project")
        ]

    def __str__(self) -> str:
        return f"{self.call} {self.received_at:%Y-%m-%d %H:%M}"


class SameUser(models.Model):
    """An anonymous id, and the user that it turned out to be."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    anonymous_id = models.CharField(max_length=200)
    user_id = models.CharField(max_length=200)
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "anonymous_id"], name="an_anonymous_id_is_one_user"
            )
        ]
        indexes = [models.Index(fields=["project", "learned_at"], name="users_met_lately")]

    def __str__(self) -> str:
        return f"{self.anonymous_id} is {self.user_id}"


class EventCount(models.Model):
    """How often an event happened in an hour or a day, and to how many users; kept for ever.

    A blank name counts any event; each combination of environment, service and version that was
    named has its own row, and users of two of them count in both.
    """

    class Span(models.TextChoices):
        """How long a bucket is; days are those of UTC."""

        HOUR = "hour", "Hour"
        DAY = "day", "Day"

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="event_counts", db_index=False
    )
    span = models.CharField(max_length=4, choices=Span.choices)
    starts_at = models.DateTimeField()
    name = models.CharField(max_length=200, blank=True)
    environment = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=100, blank=True)
    events = models.PositiveBigIntegerField()
    users = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "project",
                    "span",
                    "name",
                    "starts_at",
                    "environment",
                    "service",
                    "version",
                ],
                name="an_event_is_counted_once_a_bucket",
            )
        ]
        indexes = [models.Index(fields=["project", "starts_at"], name="event_counts_by_time")]

    def __str__(self) -> str:
        return f"{self.name} {self.starts_at:%Y-%m-%d %H:%M} {self.events}"


class VersionUse(models.Model):
    """How many users were on a version in an hour or a day, by the last one each was seen on.

    So the users of all versions of an environment and service sum to all users of it.
    """

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="version_uses", db_index=False
    )
    span = models.CharField(max_length=4, choices=EventCount.Span.choices)
    starts_at = models.DateTimeField()
    environment = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=100, blank=True)
    users = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "span", "environment", "service", "starts_at", "version"],
                name="a_version_is_counted_once_a_bucket",
            )
        ]
        indexes = [models.Index(fields=["project", "starts_at"], name="version_uses_by_time")]

    def __str__(self) -> str:
        return f"{self.version} {self.starts_at:%Y-%m-%d %H:%M} {self.users}"


class Counting(models.Model):
    """How far a project's events have been counted: due, and claimed by one worker at a time."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="counting")
    counted_until = models.DateTimeField(null=True)  # by when events came, not when they happened
    next_due_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_due_at"], name="events_to_count")]

    def __str__(self) -> str:
        return f"counting of {self.project_id}"
