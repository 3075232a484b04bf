"""Sends a digest because somebody asked for it, outside of its weekly order."""

from datetime import datetime

from accounts.models import Project, User
from common.windows import WEEK, Window
from digest.compose import Mail
from digest.links import unsubscribe_url
from digest.message import deliver, message_of
from digest.models import Issue, Subscription
from digest.parts import Reader
from digest.sending import mail_for, reader_of, write_issue
from digest.subscribe import subscribe


def send_sample(subscription: Subscription, *, now: datetime) -> None:
    """Send the reader what their digest would say now, outside of the weekly order.

    Raises OSError or SMTPException if the mail server does not take it.
    """
    mail = mail_for(
        subscription.project, Window.before(now, WEEK), reader_of(subscription), now=now
    )
    sample = Mail(f"Test: {mail.subject}", mail.text, mail.html)
    way_out = unsubscribe_url(subscription)
    message_of(sample, subscription.project, subscription.user.email, way_out).send()


def send_to_address(project: Project, address: str, week: Window, *, now: datetime) -> bool:
    """Send that week's digest to an address, a member's or not; False if it was sent before.

    Raises OSError or SMTPException if the mail server does not take it.
    """
    user = User.objects.filter(email__iexact=address, projects=project).first()
    if user is None:
        mail = mail_for(project, week, Reader(timezone=project.timezone), now=now)
        message_of(mail, project, address, "").send()
        return True
    subscription = subscribe(project, user, now=now)
    issue = write_issue(subscription, week, recipient=subscription.user.email, now=now)
    if issue.sent_at:
        return False
    deliver(issue, unsubscribe_url(subscription))
    Issue.objects.filter(pk=issue.pk).update(sent_at=now)
    return True
