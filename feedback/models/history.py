"""What the team did with feedback, and the views of the inbox that people keep."""

from django.db import models

from accounts.models import Project, User
from feedback.models.items import FeedbackItem


class FeedbackEvent(models.Model):
    """One thing that happened to a feedback: its history, and the team's notes on it."""

    class Kind(models.TextChoices):
        """What happened."""

        NOTE = "note", "Note"
        STATUS = "status", "Status"
        CLAIMED = "claimed", "Claimed"
        HANDED_OVER = "handed_over", "Handed over"
        ESCALATED = "escalated", "Escalated"
        HELD = "held", "Held back as spam"
        RELEASED = "released", "Released"
        MERGED = "merged", "Merged"
        SEPARATED = "separated", "Separated again"
        CORRECTED = "corrected", "Said what it is about"
        ANSWERED = "answered", "Answered"

    feedback = models.ForeignKey(FeedbackItem, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # none: Wake
    happened_at = models.DateTimeField()
    text = models.TextField(blank=True)  # a note, or a reason
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["feedback", "happened_at"], name="history_of_feedback")]

    def __str__(self) -> str:
        return f"{self.feedback_id}: {self.kind}"


class SavedView(models.Model):
    """Filters of the inbox under a name; without an owner they belong to the whole project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)  # as in the inbox's address
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "owner", "name"], name="a_view_has_its_own_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
