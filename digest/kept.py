"""The last mails that left, kept to be read where no mail server takes them to anybody."""

import logging
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from accounts.models import Membership, Role, User
from common.traces import Traces
from digest.mail_models import KeptMail

logger = logging.getLogger(__name__)

LONGEST_SUBJECT = 300
_CID = re.compile(r"cid:([^\s\"'>)]{1,200})")
_PICTURES = ("image/png", "image/jpeg", "image/gif")


@dataclass(frozen=True, slots=True)
class Readable:
    """A kept mail, taken apart."""

    sender: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str  # its pictures within it; "" if the mail has none


def keep(message: EmailMessage, *, now: datetime) -> None:
    """Keep a mail that left, and only the last KEEP_MAILS of all; never fails a mail that left."""
    try:
        with transaction.atomic():
            KeptMail.objects.create(
                project_id=getattr(message, "project_id", None),
                sent_at=now,
                recipients=", ".join(message.recipients()),
                subject=" ".join(str(message.subject).split())[:LONGEST_SUBJECT],
                raw=message.message().as_bytes(),
            )
            newest = KeptMail.objects.order_by("-pk").values_list("pk", flat=True)
            too_old = newest[settings.KEEP_MAILS : settings.KEEP_MAILS + 1].first()
            if too_old:
                KeptMail.objects.filter(pk__lte=too_old).delete()
    except DatabaseError:
        logger.exception("A mail left, but could not be kept.")


def readable_by(user: User) -> QuerySet[KeptMail]:
    """Return what a person may read: those who run Wake all mails, owners their projects' mails.

    All mails hold links that set passwords, so they are for nobody else.
    """
    if user.is_active and user.is_staff:
        return KeptMail.objects.all()
    owned = Membership.objects.filter(user=user, role=Role.OWNER).values("project")
    return KeptMail.objects.filter(project__in=owned)


def may_read(user: User) -> bool:
    """Return True if there is a page of mails for this person."""
    if settings.KEEP_MAILS <= 0:
        return False
    return user.is_staff or Membership.objects.filter(user=user, role=Role.OWNER).exists()


def opened(mail: KeptMail) -> Readable:
    """Return the mail taken apart."""
    parsed = message_from_bytes(bytes(mail.raw), policy=policy.default)
    assert isinstance(parsed, Parsed)
    return Readable(
        sender=str(parsed["From"] or ""),
        headers=tuple((name, str(value)) for name, value in parsed.items()),
        text=_body(parsed, "plain"),
        html=_with_pictures(_body(parsed, "html"), parsed),
    )


def _body(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _with_pictures(page: str, parsed: Parsed) -> str:
    """Return the HTML with what it names by content id (RFC 2392) put into it."""
    pictures = {
        str(part["Content-ID"]).strip("<> "): part
        for part in parsed.walk()
        if part["Content-ID"] and part.get_content_type() in _PICTURES
    }

    def drawn(found: re.Match[str]) -> str:
        part = pictures.get(found[1])
        if part is None:
            return found[0]
        data = b64encode(part.get_content()).decode()
        return f"data:{part.get_content_type()};base64,{data}"

    return _CID.sub(drawn, page)


def forget_kept(traces: Traces) -> int:
    """Delete the kept mails in which a customer left traces; return how many.

    They are the last ones and few, so each is read. One is not blanked, but goes as a whole.
    """
    gone = []
    for mail in KeptMail.objects.order_by("pk").iterator(chunk_size=20):
        read = opened(mail)
        said = "\n".join((mail.subject, mail.recipients, read.text, read.html, str(read.headers)))
        if traces.are_in(said):
            gone.append(mail.pk)
    KeptMail.objects.filter(pk__in=gone).delete()
    return len(gone)
