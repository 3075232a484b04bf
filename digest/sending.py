"""Sends a digest: one mail per reader and week, however often anything fails or runs twice."""

import smtplib
from datetime import datetime, timedelta

from accounts.models import Membership, Project
from common.days import zone_of
from common.windows import Window
from dashboard.week import week_in_review
from digest.compose import Mail, compose
from digest.links import unsubscribe_url
from digest.message import deliver, new_message_id
from digest.models import Issue, Subscription
from digest.parts import Reader
from digest.schedule import latest_due, next_due, week_ending

# After a failure: a quarter of an hour, then twice as long each time, up to half a day.
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=12)
MAIL_PROBLEMS = (OSError, smtplib.SMTPException, UnicodeError)


def send_digest_to(subscription: Subscription, *, now: datetime) -> Issue | None:
    """Send the digest that is due; return its issue, or None if nothing was sent.

    Nothing is sent when another worker holds the row, nothing is due, or the person has left the
    project. When the mail server fails, the reason is kept on the subscription and the digest
    is tried again later.
    """
    if not subscription.claim(now):
        return None
    subscription.refresh_from_db()
    if not _is_reader(subscription):
        subscription.delete()
        return None
    issue = _issue_due(subscription, now)
    if issue and issue.sent_at is None:
        try:
            deliver(issue, unsubscribe_url(subscription))
        except MAIL_PROBLEMS as problem:
            try_later(subscription, problem, now)
            return None
        Issue.objects.filter(pk=issue.pk).update(sent_at=now)
    _move_on(subscription, now)
    return issue


def _is_reader(subscription: Subscription) -> bool:
    return Membership.objects.filter(
        project=subscription.project_id, user=subscription.user_id, user__is_active=True
    ).exists()


def _issue_due(subscription: Subscription, now: datetime) -> Issue | None:
    """Return the issue of the week that is due, written if it is new; None if there is no news.

    It is written before the mail leaves, so that a retry sends the same mail, under the same
    Message-ID, and not another one. A project that nothing has ever reached has no news.
    """
    project = subscription.project
    if not (project.deployments.exists() or project.feedback.exists()):
        return None
    when = (subscription.weekday, subscription.hour, zone_of(subscription.timezone))
    due = latest_due(*when, first=subscription.next_due_at, now=now)
    return write_issue(
        subscription, week_ending(*when, due=due), recipient=subscription.user.email, now=now
    )


def write_issue(
    subscription: Subscription, week: Window, *, recipient: str, now: datetime
) -> Issue:
    """Return the reader's issue of that week; one that was written before stays as it was."""
    known = Issue.objects.filter(subscription=subscription, week_end_at=week.end).first()
    if known:
        return known
    mail = mail_for(subscription.project, week, reader_of(subscription), now=now)
    issue, _ = Issue.objects.get_or_create(  # UniqueConstraint "a_week_is_sent_once"
        subscription=subscription,
        week_end_at=week.end,
        defaults={
            "project": subscription.project,
            "recipient": recipient,
            "subject": mail.subject,
            "html": mail.html,
            "text": mail.text,
            "message_id": new_message_id(),
        },
    )
    return issue


def reader_of(subscription: Subscription) -> Reader:
    """Return whom the subscription's digest is written for."""
    return Reader(
        name=str(subscription.user),
        user_id=subscription.user_id,
        timezone=subscription.timezone,
        unsubscribe_url=unsubscribe_url(subscription),
    )


def mail_for(project: Project, week: Window, reader: Reader, *, now: datetime) -> Mail:
    """Return the digest of that week as this reader would get it."""
    return compose(project, week_in_review(project, week=week, now=now), reader)


def try_later(subscription: Subscription, problem: Exception, now: datetime) -> None:
    """Keep why a digest was not sent, and let it be tried again after a while."""
    wait = min(FIRST_WAIT * 2 ** min(subscription.attempts, 10), LONGEST_WAIT)
    Subscription.objects.filter(pk=subscription.pk).update(
        problem=f"{type(problem).__name__}: {problem}"[:500],
        attempts=subscription.attempts + 1,
        retry_at=now + wait,
        claimed_at=None,
    )


def _move_on(subscription: Subscription, now: datetime) -> None:
    # The reader may have chosen another hour while the mail was on its way.
    subscription.refresh_from_db(fields=["weekday", "hour", "timezone"])
    zone = zone_of(subscription.timezone)
    Subscription.objects.filter(pk=subscription.pk).update(
        next_due_at=next_due(subscription.weekday, subscription.hour, zone, after=now),
        claimed_at=None,
        attempts=0,
        retry_at=None,
        problem="",
    )
