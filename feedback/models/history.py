"""What the team did with feedback, and the views of the inbox that people keep."""

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from feedback.models.items import FeedbackItem


class BulkAction(models.Model):
    """One thing done to several feedback at once; a worker moves a large one on, batch by batch."""

    class State(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    project = models.ForeignKey(Project, models.CASCADE, related_name="bulk_actions")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=20)  # a name in the inbox's list of actions
    choice = models.CharField(max_length=40, blank=True)  # to whom, or about which ship
    query = models.CharField(max_length=1000, blank=True)  # what it is done to, as an address
    # Undoing is an action too, on what this one did.
    undoes = models.OneToOneField("self", models.CASCADE, null=True, related_name="undone_by")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    cursor = models.JSONField(default=list)  # where the last batch ended
    looked_at = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                name="bulk_actions_to_do",
                condition=Q(state__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.choice}".strip()


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
    bulk = models.ForeignKey(BulkAction, models.SET_NULL, null=True, related_name="events")

    class Meta:
        indexes = [
            models.Index(fields=["feedback", "happened_at"], name="history_of_feedback"),
            # What people are told of by mail.
            models.Index(
                fields=["happened_at"],
                name="feedback_that_came_to_people",
                condition=Q(kind__in=["escalated", "handed_over"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feedback_id}: {self.kind}"


class Band(models.Model):
    """A number under which a long text is filed, so that what is like it can be found."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    feedback = models.ForeignKey(FeedbackItem, models.CASCADE, related_name="bands")
    value = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project", "value"], name="texts_filed_alike")]

    def __str__(self) -> str:
        return f"{self.feedback_id}: {self.value}"


class SavedView(models.Model):
    """Filters of the inbox under a name; without an owner they belong to the whole project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)  # as in the inbox's address
    is_default = models.BooleanField(default=False)  # what the inbox opens with
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "owner", "name"], name="a_view_has_its_own_name"
            ),
            models.UniqueConstraint(
                fields=["project", "name"],
                name="a_shared_view_has_its_own_name",
                condition=Q(owner=None),
            ),
            models.UniqueConstraint(
                fields=["project", "owner"],
                name="a_person_opens_with_one_view",
                condition=Q(is_default=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name
