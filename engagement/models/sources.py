"""Places that metrics are gathered from, and what is asked of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedJSONField

from accounts.models import Project, User
from common.due import Place, PlaceQuerySet
from engagement.models.metrics import Metric


class Source(models.Model):
    """A place that metrics are gathered from, and how to get in."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=30)  # a name in the registry of sources
    name = models.CharField(max_length=100)
    options = models.JSONField(default=dict)  # what was chosen; nothing secret
    secrets = EncryptedJSONField(default=dict)  # tokens and passwords
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="a_source_has_its_own_name")
        ]

    def __str__(self) -> str:
        return self.name


class FeedQuerySet(PlaceQuerySet["Feed"]):
    """Ways to ask for feeds."""


class Feed(Place):
    """One query that feeds one metric; its cursor has the end of the last bucket it filled."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="feeds")
    # Two queries that fill one metric would overwrite each other's buckets.
    metric = models.OneToOneField(Metric, models.CASCADE, related_name="feed")
    options = models.JSONField(default=dict)  # the query, and what else its kind of source asks
    environment = models.CharField(max_length=100, blank=True)
    service = models.CharField(max_length=100, blank=True)
    days_back = models.PositiveIntegerField(default=90)  # how much history is gathered at first
    note = models.TextField(blank=True)  # what the last answer warned of, or left out
    received_count = models.PositiveBigIntegerField(default=0)  # samples that were new or changed
    created_at = models.DateTimeField()

    objects: ClassVar[FeedQuerySet] = FeedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["next_due_at"],
                name="feeds_to_gather",
                condition=Q(is_active=True, next_due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} from {self.source_id}"
