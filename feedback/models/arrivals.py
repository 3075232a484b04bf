"""What came in a rush, until it is sorted in."""

from django.db import models

from accounts.models import Project


class Arrival(models.Model):
    """One thing said that is stored and answered for, and still to be made a feedback of.

    Few columns and two indexes, so that it is stored ten times as fast as a feedback is. Its id is
    the one that the feedback will have.
    """

    id = models.BigIntegerField(primary_key=True)
    # Without the database's own check of each row, which costs half of what storing it does.
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    said = models.TextField()  # feedback.rows.kept(): what was read, as JSON
    put_by = models.BigIntegerField()  # a number of the call that put it here, drawn at random
    # Set aside after it could not be sorted: how often that was tried, and when to try again.
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "source", "external_id"], name="an_arrival_is_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.external_id}"
