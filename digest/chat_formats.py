"""The chats that Wake can write to: one file and one row each. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from digest.channel_models import Chat
from digest.chat_discord import discord
from digest.chat_mattermost import mattermost
from digest.chat_slack import slack
from digest.chat_teams import teams
from digest.chat_text import Payload, Told


@dataclass(frozen=True, slots=True)
class Format:
    """How one chat is written to."""

    make: Callable[[Told], Payload]
    example: str  # what an address of its webhooks looks like
    query: tuple[tuple[str, str], ...] = ()  # what is added to the address
    gone: tuple[str, ...] = ()  # words in an answer of 400 that mean: this webhook is no more


FORMATS: dict[str, Format] = {
    Chat.SLACK: Format(slack, "https://hooks.slack.com/services/T000/B000/…"),
    Chat.MATTERMOST: Format(
        mattermost, "https://mattermost.example.com/hooks/…", gone=("incoming_webhook.invalid",)
    ),
    Chat.TEAMS: Format(
        teams, "https://….environment.api.powerplatform.com/…/workflows/…", gone=("NotEnabled",)
    ),
    # Only then Discord says whether it took the message (webhook resource, "Execute Webhook").
    Chat.DISCORD: Format(discord, "https://discord.com/api/webhooks/…", query=(("wait", "true"),)),
}
