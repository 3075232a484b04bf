"""Customers who asked to be forgotten: that it was done, and nothing of what was there."""

import uuid

from django.db import models

from accounts.models import Project, User


class Erasure(models.Model):
    """The proof that a customer was erased: when, by whom and how much, but not who it was."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="erasures")
    reference = models.UUIDField(default=uuid.uuid4, unique=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    erased_at = models.DateTimeField()
    counts = models.JSONField(default=dict)  # rows by table
    # When the database's own files held no remains any more; empty: that is still to be done.
    swept_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.reference)


class Forgotten(models.Model):
    """What must not come back by gathering it again, known only by a keyed fingerprint."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)
    forgotten_at = models.DateTimeField()  # what they say after that is theirs to say

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "fingerprint"], name="something_is_forgotten_once"
            )
        ]

    def __str__(self) -> str:
        return self.fingerprint
