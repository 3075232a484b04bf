"""Hands a mail to the mail server step by step, so that it is known what it has said yes to.

`smtplib.SMTP.sendmail` does the same in one call, but does not tell an address that was refused
from a connection that broke after the mail was given away (RFC 5321, sections 3.3 and 4.2).
"""

import contextlib
import smtplib
from collections.abc import Callable
from typing import Any

import requests
from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.utils import timezone

from digest.kept import keep
from digest.mail_backend import KeepingBackend

OK = (250, 251)
REFUSED = 550  # RFC 5321: the mailbox is not available


class AddressRefused(smtplib.SMTPResponseException):
    """The mail server does not take mail for this address."""

    def __str__(self) -> str:
        return f"{self.smtp_code} {self.smtp_error!s}"


def words_of(problem: Exception) -> str:
    """Return what went wrong as a person reads it: the server's own words where it said any."""
    if isinstance(problem, smtplib.SMTPResponseException):
        said = problem.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{problem.smtp_code} {text}"[:500]
    return f"{type(problem).__name__}: {problem}"[:500]


class MayHaveArrived(Exception):
    """The mail was given away, and then the mail server could not be heard any more."""


def hand_over(message: EmailMessage, *, may_i: Callable[[], bool]) -> bool:
    """Give the mail to the mail server; return False if `may_i` says that another has done so.

    `may_i` is asked once, when all but the mail itself has been agreed with the server. Raises
    AddressRefused; MayHaveArrived; or OSError, SMTPException among them, if it surely did not
    leave. Backends other than SMTP are believed when they fail.
    """
    outer = get_connection()
    connection = outer.inner if isinstance(outer, KeepingBackend) else outer
    if not isinstance(connection, EmailBackend):
        return _give_whole(outer, message) if may_i() else False
    made: Any = message.message()
    body: bytes = made.as_bytes(linesep="\r\n")
    connection.open()
    try:
        smtp = connection.connection
        assert smtp is not None  # it has just been opened, or has said why not
        _agree(smtp, message)
        if not may_i():
            return False
        _give(smtp, body)
    finally:
        # The mail has left or not by now; a farewell that fails changes nothing.
        with contextlib.suppress(OSError):
            connection.close()
    if outer is not connection:
        keep(message, now=timezone.now())
    return True


def _give_whole(connection: BaseEmailBackend, message: EmailMessage) -> bool:
    """Give the mail away in one call, as the API of a provider takes it."""
    try:
        connection.send_messages([message])
    except AnymailRecipientsRefused as refusal:
        status = getattr(message, "anymail_status", None)
        said = ", ".join(sorted(filter(None, status.status or ()))) if status else str(refusal)
        raise AddressRefused(REFUSED, f"The mail provider takes no mail for it: {said}") from None
    except requests.ReadTimeout as lost:
        raise MayHaveArrived(f"{type(lost).__name__}: {lost}") from lost
    return True


def _agree(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    """Name the sender and the one recipient to the server."""
    encoding = message.encoding or settings.DEFAULT_CHARSET
    sender = sanitize_address(message.from_email, encoding)
    smtp.ehlo_or_helo_if_needed()
    code, reply = smtp.mail(sender)
    if code not in OK:
        raise smtplib.SMTPSenderRefused(code, reply, sender)
    for recipient in message.recipients():
        code, reply = smtp.rcpt(sanitize_address(recipient, encoding))
        if code not in OK:
            raise AddressRefused(code, reply.decode("utf-8", "replace"))


def _give(smtp: smtplib.SMTP, body: bytes) -> None:
    try:
        code, reply = smtp.data(body)
    except smtplib.SMTPDataError:
        raise  # the server did not even want to see it
    except OSError as lost:  # also SMTPServerDisconnected
        raise MayHaveArrived(f"{type(lost).__name__}: {lost}") from lost
    if code not in OK:
        raise smtplib.SMTPDataError(code, reply)
