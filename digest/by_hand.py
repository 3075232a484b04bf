"""Sends a digest because somebody asked for it, out of turn."""

from datetime import datetime

from accounts.models import Project, User
from common.windows import Window
from dashboard.week import headline_of_week
from digest.charts import drawn
from digest.compose import Mail, subject_of
from digest.issues import mail_for, reader_of, send_issue, write_issue
from digest.links import unsubscribe_url
from digest.message import message_of
from digest.models import Subscription
from digest.parts import Reader
from digest.subscribe import subscribe


def period_until(subscription: Subscription, now: datetime) -> Window:
    """Return a stretch up to `now` that is as long as what the reader's next digest tells of."""
    period = subscription.plan.period(due=subscription.plan.next_due(after=now))
    return Window.before(now, period.length)


def next_subject(subscription: Subscription, *, now: datetime) -> str:
    """Return the subject that the reader's digest would have now."""
    project = subscription.project
    week = period_until(subscription, now)
    return subject_of(headline_of_week(project, week=week, now=now), project.name)


def send_sample(subscription: Subscription, *, now: datetime) -> None:
    """Send the reader what their digest would say now, out of turn.

    Raises OSError or SMTPException if the mail server does not take it.
    """
    period = period_until(subscription, now)
    mail = mail_for(subscription.project, period, reader_of(subscription), now=now)
    sample = Mail(f"Test: {mail.subject}", mail.text, mail.html)
    way_out = unsubscribe_url(subscription)
    charts = drawn(subscription.project, mail.charts)
    message_of(sample, subscription.project, subscription.address, way_out, charts=charts).send()


def send_to_address(project: Project, address: str, week: Window, *, now: datetime) -> bool:
    """Send that week's digest to an address, a member's or not; False if it was sent before.

    Raises OSError or SMTPException if the mail server does not take it.
    """
    user = User.objects.filter(email__iexact=address, projects=project).first()
    if user is None:
        mail = mail_for(project, week, Reader(timezone=project.timezone), now=now)
        message_of(mail, project, address, "", charts=drawn(project, mail.charts)).send()
        return True
    subscription = subscribe(project, user, now=now)
    issue = write_issue(subscription, week, recipient=subscription.address, now=now)
    if issue.sent_at or issue.handing_at:
        return False
    return send_issue(issue, subscription, now=now)
