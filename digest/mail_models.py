"""Mails on their way: those kept to be read, and a mailbox that bounces come back to."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import Project
from common.claims import unclaimed

READ_EVERY = timedelta(minutes=1)  # the bell rings less often


class KeptMail(models.Model):
    """A mail as it left, kept to be read where no mail server is set; only the last ones."""

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="kept_mails")
    sent_at = models.DateTimeField()
    recipients = models.TextField()  # comma and space between them
    subject = models.CharField(max_length=300)
    raw = models.BinaryField()  # the whole mail (RFC 5322)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="kept_mails_of_a_project")]

    def __str__(self) -> str:
        return self.subject


class BounceMailboxQuerySet(models.QuerySet["BounceMailbox"]):
    """Ways to ask for mailboxes of bounces."""

    def due(self, now: datetime) -> Self:
        """Keep those whose time has come and that no living worker reads."""
        late = Q(read_at=None) | Q(read_at__lte=now - READ_EVERY)
        return self.filter(late, unclaimed(now))


class BounceMailbox(models.Model):
    """How far the mailbox that mails come back to was read."""

    place = models.CharField(max_length=300, unique=True)  # user, host and folder: no password
    validity = models.BigIntegerField(default=0)  # UIDVALIDITY (RFC 9051): whose numbers these are
    last_uid = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)  # the last try
    problem = models.TextField(blank=True)  # why the last try failed
    claimed_at = models.DateTimeField(null=True)

    objects: ClassVar[BounceMailboxQuerySet] = BounceMailboxQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.place

    def claim(self, now: datetime) -> bool:
        """Return True if this worker, and no other, is to read the mailbox."""
        # The UPDATE is the lock: whoever changes the row has won it.
        return BounceMailbox.objects.due(now).filter(pk=self.pk).update(claimed_at=now) == 1
