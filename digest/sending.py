"""Sends a digest: one mail per reader and period, however often anything fails or runs twice."""

import smtplib
from datetime import datetime, timedelta

from anymail.exceptions import AnymailError

from digest.bounces import is_hard, pause, pause_channel
from digest.chat_sending import NotTaken
from digest.handover import AddressRefused, MayHaveArrived, words_of
from digest.issues import doubt, send_issue, write_issue
from digest.models import Issue, Subscription
from digest.reviews import Reviews
from digest.subscribe import is_reader

# After a failure: a quarter of an hour, then twice as long each time, up to half a day.
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=12)
MAIL_PROBLEMS = (
    OSError,
    smtplib.SMTPException,
    AnymailError,
    UnicodeError,
    MayHaveArrived,
)


def send_digest_to(
    subscription: Subscription, *, now: datetime, reviews: Reviews | None = None
) -> Issue | None:
    """Send the digest that is due; return its issue, or None if nothing was sent.

    Nothing is sent when another worker holds the row, nothing is due, or the person has left the
    project. When the mail server fails, the reason is kept on the subscription and the digest
    is tried again later; when it does not know the address, the address is paused; when nobody
    can know whether the mail left, that is kept on the issue, and the next one is waited for.
    Whoever sends many passes `reviews`, so that the same week is read once.
    """
    if not subscription.claim(now):
        return None
    readers = Subscription.objects.select_related("project", "user", "channel")
    subscription.refresh_from_db(from_queryset=readers)
    if subscription.next_due_at > now:  # it was sent or put off while this worker came
        _let_go(subscription)
        return None
    if not is_reader(subscription):
        subscription.delete()
        return None
    issue = _issue_due(subscription, now, reviews or Reviews())
    if issue is None or issue.sent_at:
        _move_on(subscription, now)
        return issue
    if issue.handing_at:
        doubt(issue, now=now)
        _move_on(subscription, now)
        return None
    return issue if _sent(issue, subscription, now) else None


def _sent(issue: Issue, subscription: Subscription, now: datetime) -> bool:
    """Send the issue, and say on the subscription what came of it; return True if it left."""
    try:
        mine = send_issue(issue, subscription, now=now)
    except AddressRefused as refusal:
        if is_hard(refusal.smtp_code, str(refusal.smtp_error)):
            pause(subscription, str(refusal), now=now)
        else:
            try_later(subscription, refusal, now)
        return False
    except NotTaken as answer:
        if answer.is_final:
            pause_channel(subscription, str(answer), now=now)
        else:
            try_later(subscription, answer, now, at_least=answer.wait)
        return False
    except MayHaveArrived:
        _move_on(subscription, now)
        return False
    except MAIL_PROBLEMS as problem:
        try_later(subscription, problem, now)
        return False
    if mine:  # else it is in the hands of another, who moves on
        _move_on(subscription, now)
    return mine


def _issue_due(subscription: Subscription, now: datetime, reviews: Reviews) -> Issue | None:
    """Return the issue of the period that is due, written if it is new; None without any news.

    It is written before the mail leaves, so that a retry sends the same mail, under the same
    Message-ID, and not another one. A project that nothing has ever reached has no news.
    """
    project = subscription.project
    if not (project.deployments.exists() or project.feedback.exists()):
        return None
    plan = subscription.plan
    due = plan.latest_due(first=subscription.next_due_at, now=now)
    period = plan.period(due=due)
    to = subscription.address
    return write_issue(subscription, period, recipient=to, now=now, reviews=reviews)


def try_later(
    subscription: Subscription,
    problem: Exception,
    now: datetime,
    *,
    at_least: timedelta = timedelta(0),
) -> None:
    """Keep why a digest was not sent, and let it be tried again after a while."""
    wait = max(min(FIRST_WAIT * 2 ** min(subscription.attempts, 10), LONGEST_WAIT), at_least)
    Subscription.objects.filter(pk=subscription.pk).update(
        problem=str(problem)[:500] if isinstance(problem, NotTaken) else words_of(problem),
        attempts=subscription.attempts + 1,
        retry_at=now + wait,
        claimed_at=None,
    )


def _let_go(subscription: Subscription) -> None:
    row = Subscription.objects.filter(pk=subscription.pk, claimed_at=subscription.claimed_at)
    row.update(claimed_at=None)


def _move_on(subscription: Subscription, now: datetime) -> None:
    # The reader may have chosen another hour while the mail was on its way.
    subscription.refresh_from_db(fields=["rhythm", "weekday", "monthday", "hour", "timezone"])
    Subscription.objects.filter(pk=subscription.pk).update(
        next_due_at=subscription.plan.next_due(after=now),
        claimed_at=None,
        attempts=0,
        retry_at=None,
        problem="",
    )
