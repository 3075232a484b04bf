"""Mails that no customer wrote: why each is left out. Pure."""

from collections.abc import Collection

from feedback.mail.message import Mail
from feedback.mail.phrases import AUTOMATIC

# What Wake writes into the mails that it sends, so that it knows them again.
WAKE_HEADER = "X-Wake"
_SYSTEM = ("mailer-daemon@", "postmaster@", "mailerdaemon@", "mail-daemon@", "bounce@", "bounces@")
_REPORTS = (
    "message/delivery-status",
    "message/feedback-report",
    "message/disposition-notification",
)
_AUTOMATIC_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply")


def why_noise(mail: Mail, *, own: Collection[str] = (), takes_lists: bool = False) -> str:
    """Return why the mail is nothing that a customer said, or "" if it may be.

    `own` are the addresses that the team sends from, in lower case; `takes_lists` lets mails pass
    that came by a mailing list, as all do where the address of the support is a group.
    """
    if mail.sender in own or mail.headers.get(WAKE_HEADER.lower()):
        return "sent by us"
    if _is_report(mail):
        return "report of a mail system"
    if _is_automatic(mail):
        return "automatic answer"
    is_list = mail.headers.get("list-id") or mail.first("precedence").lower() in ("bulk", "list")
    if is_list and not takes_lists:
        return "mailing list"
    if not (mail.words or mail.topic):
        return "no words"
    return ""


def _is_report(mail: Mail) -> bool:
    return (
        any(kind in _REPORTS or kind == "multipart/report" for kind in mail.types)
        or mail.sender.startswith(_SYSTEM)
        or bool(mail.headers.get("x-failed-recipients"))
        or mail.first("return-path") == "<>"
    )


def _is_automatic(mail: Mail) -> bool:
    submitted = mail.first("auto-submitted").split(";")[0].strip().lower()
    precedence = mail.first("precedence").lower()
    return (
        submitted not in ("", "no")
        or any(mail.headers.get(name) for name in _AUTOMATIC_HEADERS)
        or precedence in ("auto_reply", "auto-reply", "junk")
        or mail.topic.lower().startswith(AUTOMATIC)
    )
