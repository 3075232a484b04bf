"""A digest that was written down for one reader, before it leaves and after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.windows import Window
from dashboard.week import WeekInReview, week_in_review
from digest.archive import edition_of, note_sent
from digest.channels import letter_for_channel, message_of, post_for
from digest.charts import MailChart, keep_pictures, show_in
from digest.chat_sending import post
from digest.compose import Mail, compose
from digest.handover import MayHaveArrived
from digest.links import preferences_url, unsubscribe_url
from digest.message import deliver, new_message_id
from digest.models import Edition, Issue, Subscription
from digest.parts import Reader
from digest.plain import as_text
from digest.reviews import Reviews
from digest.schedule import rhythm_of
from learning.overturned import note_told


def write_issue(
    subscription: Subscription,
    period: Window,
    *,
    recipient: str,
    now: datetime,
    reviews: Reviews | None = None,
) -> Issue:
    """Return the reader's issue of that period; one that was written before stays as it was."""
    rhythm = rhythm_of(period)
    of_period = {"rhythm": rhythm, "week_end_at": period.end}
    known = Issue.objects.filter(subscription=subscription, **of_period).first()
    if known:
        return known
    review = (reviews or Reviews()).of(subscription.project, period, now=now)
    edition = edition_of(subscription, period, review, now=now)
    said, charts = _said(subscription, review, edition)
    pictures = keep_pictures(subscription.project, charts, now=now)
    with transaction.atomic():
        issue, created = Issue.objects.get_or_create(  # UniqueConstraint "a_period_is_sent_once"
            subscription=subscription,
            **of_period,
            defaults={
                "project": subscription.project,
                "edition": edition,
                "recipient": recipient,
                "message_id": new_message_id(),
                **said,
            },
        )
        if created:
            show_in(issue, pictures)
            note_told(subscription.project, period, now=now)
    return issue


def _said(
    subscription: Subscription, review: WeekInReview, edition: Edition
) -> tuple[dict[str, Any], Sequence[MailChart]]:
    """Return what the issue holds, a mail or the message for a channel, and the mail's charts."""
    if subscription.channel:
        letter = letter_for_channel(subscription.channel, review, subscription.timezone)
        kept = post_for(subscription.channel, letter, edition)
        said = {"subject": edition.subject, "html": "", "text": as_text(letter), "post": kept}
        return said, ()
    mail = compose(subscription.project, review, reader_of(subscription))
    return {"subject": mail.subject, "html": mail.html, "text": mail.text}, mail.charts


def reader_of(subscription: Subscription) -> Reader:
    """Return whom the subscription's digest is written for."""
    return Reader(
        name=str(subscription.user or ""),
        user_id=subscription.user_id,
        timezone=subscription.timezone,
        unsubscribe_url=unsubscribe_url(subscription),
        preferences_url=preferences_url(subscription),
    )


def mail_for(project: Project, period: Window, reader: Reader, *, now: datetime) -> Mail:
    """Return the digest of that period as this reader would get it."""
    return compose(project, week_in_review(project, week=period, now=now), reader)


def send_issue(issue: Issue, subscription: Subscription, *, now: datetime) -> bool:
    """Send the issue once, whoever else tries; return False if it is or was in other hands.

    Before the mail is given away the issue is marked, by whoever changes the row first. From then
    on it is never sent again, unless the mail server said no. Raises what `hand_over` raises.
    """
    row = Issue.objects.filter(pk=issue.pk)

    def may_i() -> bool:
        return row.filter(sent_at=None, handing_at=None).update(handing_at=now) == 1

    try:
        if subscription.channel:
            message = message_of(subscription.channel, issue.post)
            mine = post(subscription.channel, message, now=now, may_i=may_i)
        else:
            mine = deliver(issue, unsubscribe_url(subscription), may_i=may_i)
    except MayHaveArrived:
        row.update(doubted_at=now)
        note_sent(issue, now=now)
        raise
    except Exception:
        row.filter(handing_at=now).update(handing_at=None)
        raise
    if mine:
        row.update(sent_at=now, doubted_at=None)
        issue.sent_at, issue.handing_at = now, now
        note_sent(issue, now=now)
    return mine


def doubt(issue: Issue, *, now: datetime) -> None:
    """Note that a worker died while it gave this mail away: it may have arrived, or not."""
    row = Issue.objects.filter(pk=issue.pk, sent_at=None, doubted_at=None)
    row.exclude(handing_at=None).update(doubted_at=now)
    note_sent(issue, now=now)
