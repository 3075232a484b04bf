"""The digest of a project as everybody may read it: its archive, and who was given links to it."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from digest.schedule import Rhythm


class EditionQuerySet(models.QuerySet["Edition"]):
    """Ways to ask for editions."""

    def sent(self) -> Self:
        """Keep those that reached somebody."""
        return self.exclude(sent_at=None)


class Edition(models.Model):
    """What a digest said, kept once for a period and not for a reader: nothing in it is personal.

    Readers choose their hours and time zones. Those whose digests come equally often and on the
    same date share an edition: that of the first of them.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="editions")
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices)
    ends_on = models.DateField()  # when it came, on the first reader's own clock
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    subject = models.CharField(max_length=300)
    letter = models.JSONField()  # a digest.parts.Letter, as digest.archive writes it
    sent_at = models.DateTimeField(null=True)  # when the first reader was sent theirs

    objects: ClassVar[EditionQuerySet] = EditionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "rhythm", "ends_on"], name="a_period_has_one_edition"
            )
        ]
        indexes = [
            models.Index(
                fields=["project", "-ends_on", "-id"],
                name="editions_newest_first",
                condition=Q(sent_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.subject


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    """Ways to ask for links."""

    def working(self) -> Self:
        """Keep those that were not taken back."""
        return self.filter(revoked_at=None)


class ShareLink(models.Model):
    """A link under which whoever has it reads one edition without signing in."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)  # the token itself is not kept
    with_words = models.BooleanField(default=False)  # customers' own words too
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    revoked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[ShareLinkQuerySet] = ShareLinkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.edition_id}, made {self.made_at}"


class FeedLink(models.Model):
    """One person's own address of a project's feed."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="feed_links")
    user = models.ForeignKey(User, models.CASCADE, related_name="feed_links")
    token_hash = models.CharField(max_length=64, unique=True)  # the token itself is not kept
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"], name="a_person_has_one_feed_per_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.project_id}"
