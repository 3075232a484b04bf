"""Posts a test to a channel, kept or not yet, out of turn."""

from datetime import datetime

from dashboard.week import week_in_review
from digest.by_hand import period_until
from digest.channels import letter_for_channel, message_of_test
from digest.chat_sending import post
from digest.models import Subscription


def send_channel_test(subscription: Subscription, *, now: datetime) -> None:
    """Post what the channel's digest would say now, marked as a test; it is no issue.

    Raises NotTaken or MayHaveArrived.
    """
    channel = subscription.channel
    assert channel is not None
    period = period_until(subscription, now)
    review = week_in_review(subscription.project, week=period, now=now)
    letter = letter_for_channel(channel, review, subscription.timezone)
    post(channel, message_of_test(channel, letter), now=now)
