"""A digest as an e-mail: its parts and its headers."""

from collections.abc import Callable, Mapping
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts.models import Project
from common.mail import UnfoldedMail, host, inline_picture
from digest.charts import charts_of_issue
from digest.compose import Mail
from digest.handover import hand_over
from digest.models import Issue


def new_message_id() -> str:
    """Return an identity for a mail; mail programs show two mails of one identity once."""
    return make_msgid("digest", domain=host())


def deliver(issue: Issue, way_out: str, *, may_i: Callable[[], bool]) -> bool:
    """Hand the issue to the mail server; False if `may_i`, asked just before, says no.

    `way_out` is the address that ends the subscription with one POST (RFC 8058), or "". Raises
    what `hand_over` raises.
    """
    mail = Mail(issue.subject, issue.text, issue.html)
    charts = charts_of_issue(issue)
    message = message_of(mail, issue.project, issue.recipient, way_out, charts=charts)
    message.extra_headers["Message-ID"] = issue.message_id
    return hand_over(message, may_i=may_i)


def message_of(
    mail: Mail,
    project: Project,
    recipient: str,
    way_out: str,
    *,
    charts: Mapping[str, bytes] | None = None,
    list_name: str = "digest",
) -> EmailMultiAlternatives:
    """Return the mail with its text first, its HTML second, and the headers of a list's mail.

    `charts` are the PNGs that its HTML shows, by their Content-ID.
    """
    headers = {
        "Auto-Submitted": "auto-generated",
        "List-Id": f"Wake {list_name} <{project.slug}.{list_name}.{host()}>",
        "Message-ID": new_message_id(),
    }
    if way_out:
        headers["List-Unsubscribe"] = f"<{way_out}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if settings.BOUNCE_ADDRESS:  # what cannot be delivered goes back there, answers to the sender
        headers["From"] = settings.DEFAULT_FROM_EMAIL
    sender = settings.BOUNCE_ADDRESS or None
    message = UnfoldedMail(mail.subject, mail.text, sender, [recipient], headers=headers)
    message.project_id = project.pk
    message.attach_alternative(mail.html, "text/html")
    for number, (cid, png) in enumerate((charts or {}).items(), 1):
        message.attach(inline_picture(png, cid=cid, name=f"chart-{number}.png"))
    return message
