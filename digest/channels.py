"""Channels of a chat that get the digest: added, changed, and told as their chat wants it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from accounts.models import Project, User
from dashboard.week import WeekInReview
from digest.archive import letter_to_all, read_letter, without_words
from digest.channel_models import Channel
from digest.chat_formats import FORMATS
from digest.chat_text import Payload, Told
from digest.links import address
from digest.models import Edition, Subscription
from digest.parts import Letter
from digest.subscribe import Choice, change_subscription

MOST = 20


class TooManyChannels(Exception):
    """The project has as many channels as it may."""


def add_channel(channel: Channel, choice: Choice, *, by: User, now: datetime) -> Subscription:
    """Keep a new channel; its first digest is due at the first such moment from `now` on.

    Raises TooManyChannels.
    """
    with transaction.atomic():
        # Two at once wait for each other here.
        project = Project.objects.select_for_update().get(pk=channel.project_id)
        if project.chat_channels.count() >= MOST:
            raise TooManyChannels
        channel.made_by, channel.made_at = by, now
        channel.save()
        subscription = Subscription(project=project, channel=channel, **_when(choice, now))
        subscription.save()
    return subscription


def _when(choice: Choice, now: datetime) -> dict[str, object]:
    return {
        "is_on": choice.is_on,
        "rhythm": choice.rhythm,
        "weekday": choice.weekday,
        "monthday": choice.monthday,
        "hour": choice.hour,
        "timezone": choice.timezone,
        "next_due_at": choice.plan.next_due(after=now),
    }


def change_channel(
    subscription: Subscription, *, name: str, url: str, with_words: bool, choice: Choice,
    now: datetime,
) -> None:  # fmt: skip
    """Change a channel; without `url` it stays where it is. A new address ends a pause."""
    channel = subscription.channel
    assert channel is not None
    channel.name, channel.with_words = name, with_words
    channel.url = url or channel.url
    channel.save(update_fields=["name", "with_words", "url"])
    change_subscription(subscription, choice, now=now)
    if url:
        Subscription.objects.filter(pk=subscription.pk).update(paused_at=None, pause_reason="")


def letter_for_channel(channel: Channel, review: WeekInReview, zone: str) -> Letter:
    """Return the week as the channel is told of it."""
    letter = letter_to_all(channel.project, review, zone)
    return letter if channel.with_words else without_words(letter)


def post_for(channel: Channel, letter: Letter, edition: Edition) -> dict[str, Any]:
    """Return what is kept to be posted: the letter, unescaped, and a link to all of it.

    It becomes a message only when it leaves, so that what is erased until then is not posted.
    """
    link = address("digest_edition", channel.project.slug, edition.pk)
    return {"letter": asdict(letter), "link": link}


def message_of(channel: Channel, kept: dict[str, Any]) -> Payload:
    """Return what `post_for` kept as the channel's chat takes it."""
    return FORMATS[channel.chat].make(Told(read_letter(kept["letter"]), kept["link"]))


def message_of_test(channel: Channel, letter: Letter) -> Payload:
    """Return the letter marked as a test; its link leads to the preview."""
    link = address("digest_preview", channel.project.slug)
    return FORMATS[channel.chat].make(Told(letter, link, is_test=True))


def masked(url: str) -> str:
    """Return which address it is, for people who know it: its host, and its last signs."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/…{url[-4:]}"
