"""Answers to customers whose words a ship took up."""

from django.db import models
from django.db.models import Q

from accounts.models import Project, User
from deployments.models import Deployment
from feedback.models import Customer, FeedbackItem


class Reply(models.Model):
    """What one customer is told about one ship: drafted by Wake, sent by a person, once."""

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", "Draft"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Could not be sent"
        DROPPED = "dropped", "Not to be sent"

    project = models.ForeignKey(Project, models.CASCADE, related_name="replies")
    feedback = models.ForeignKey(FeedbackItem, models.CASCADE, related_name="replies")
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="replies")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="replies")
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    drafted_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    channel = models.CharField(max_length=30, blank=True)  # mail, github, ...
    sent_as = models.CharField(max_length=500, blank=True)  # what the channel calls it
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feedback", "deployment"], name="a_feedback_is_answered_once_for_a_ship"
            ),
            models.UniqueConstraint(
                fields=["customer", "deployment"],
                name="a_customer_is_told_once_of_a_ship",
                condition=Q(state__in=["sending", "sent"]),
            ),
        ]
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"{self.feedback_id}: {self.state}"
