"""Channels of a chat that get the digest."""

from django.db import models
from encrypted_fields.fields import EncryptedTextField

from accounts.models import Project, User


class Chat(models.TextChoices):
    """Whose chat it is."""

    SLACK = "slack", "Slack"
    MATTERMOST = "mattermost", "Mattermost"
    TEAMS = "teams", "Microsoft Teams"
    DISCORD = "discord", "Discord"


class Channel(models.Model):
    """A channel of a chat, reached by an incoming webhook; its subscription says when."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="chat_channels")
    chat = models.CharField(max_length=12, choices=Chat.choices)
    name = models.CharField(max_length=80)  # what the team calls it
    url = EncryptedTextField()  # whoever has it can post there
    with_words = models.BooleanField(default=True)  # customers' own words too
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} in {self.get_chat_display()}"
