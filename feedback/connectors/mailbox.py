"""A mailbox that customers write to, read over IMAP."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.places import ConnectionFault, Setting
from feedback.connectors.base import Asked, Connector, Gathered, Row
from feedback.connectors.imap import MAX_MAIL_BYTES, Fetched, Mailbox, mailbox_at
from feedback.connectors.imap_link import Place
from feedback.mail.message import Mail, read_mail
from feedback.mail.noise import why_noise

logger = logging.getLogger(__name__)

PAGE = 25
LEAVE, FLAG, MOVE = "leave", "flag", "move"
SKIP_LISTS, TAKE_LISTS = "skip", "take"
# Reasons are counted; a mailbox that gets nothing but noise is worth a look.
_REASONS = 20


def gather(asked: Asked) -> Gathered:
    """Return the next mails of the folder as rows; raises ConnectionFault or CannotReach.

    The cursor holds how far the folder was read (`uid`, valid while the server keeps the same
    `validity`), the mails that are stored but not yet marked as handled (`handled`), and how many
    were left out for which reason (`skipped`).
    """
    options, cursor = asked.options, asked.cursor
    folder = str(options.get("folder") or "INBOX")
    how = str(options.get("handled") or LEAVE)
    known = [int(uid) for uid in cursor.get("handled") or []]
    with mailbox_at(_place(asked)) as mailbox:
        validity = mailbox.open(folder, to_write=how != LEAVE and bool(known))
        same = validity == cursor.get("validity")
        if same:
            # Only now: what the page before brought was saved together with this cursor.
            _handle(mailbox, how, known, options)
            waiting = mailbox.uids_after(int(cursor.get("uid") or 0))
        else:
            # Numbers of another UIDVALIDITY say nothing; mails that are known change nothing.
            waiting = mailbox.uids_since((asked.since - timedelta(days=1)).date())
        page = waiting[:PAGE]
        found = [mail for uid in page if (mail := mailbox.fetch(uid))]
    skipped: dict[str, int] = dict(cursor.get("skipped") or {}) if same else {}
    rows: list[Row] = []
    for mail in found:
        row, reason = row_of(mail, options)
        if row is not None:
            rows.append(row)
        elif reason in skipped or len(skipped) < _REASONS:
            skipped[reason] = skipped.get(reason, 0) + 1
    last = page[-1] if page else int(cursor.get("uid") or 0) if same else 0
    return Gathered(
        rows=rows,
        cursor={
            "validity": validity,
            "uid": last,
            "handled": [mail.uid for mail in found] if how != LEAVE else [],
            "skipped": skipped,
        },
        has_more=len(waiting) > len(page),
    )


def _place(asked: Asked) -> Place:
    options = asked.options
    starttls = options.get("security") == "starttls"
    port = str(options.get("port") or (143 if starttls else 993))
    if not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        raise ConnectionFault(f"“{port[:20]}” is not a port.", "The usual one is 993.")
    return Place(
        host=str(options.get("host") or "").strip(),
        port=int(port),
        uses_starttls=starttls,
        user=str(options.get("user") or ""),
        password=asked.secrets.get("password", ""),
        private_hosts=asked.private_hosts,
    )


def _handle(mailbox: Mailbox, how: str, uids: list[int], options: Mapping[str, Any]) -> None:
    if how == FLAG:
        mailbox.flag(uids)
    elif how == MOVE:
        mailbox.move(uids, str(options.get("move_to") or "Wake"))


def row_of(fetched: Fetched, options: Mapping[str, Any]) -> tuple[Row | None, str]:
    """Return a mail as a row for intake, or None and why it is left out.

    No mail stops the ones behind it: one that cannot be read is left out too.
    """
    try:
        mail = read_mail(fetched.raw, arrived_at=fetched.arrived_at)
        reason = why_noise(
            mail, own=own_addresses(options), takes_lists=options.get("lists") == TAKE_LISTS
        )
        return (None, reason) if reason else (_row(mail, fetched), "")
    except Exception as error:  # mails are made by strangers, to break programs too
        logger.warning("Mail %s could not be read: %s.", fetched.uid, type(error).__name__)
        return None, "could not be read"


def own_addresses(options: Mapping[str, Any]) -> set[str]:
    """Return the addresses that are the team's own: mails from them are no feedback."""
    named = f"{options.get('address') or ''} {options.get('user') or ''}"
    return {one.lower() for one in named.replace(",", " ").split() if "@" in one}


def _row(mail: Mail, fetched: Fetched) -> Row:
    opens = mail.topic and not mail.thread and mail.topic.lower() not in mail.words.lower()
    row: Row = {
        "id": mail.message_id,
        # What a mail is about is often said in its subject alone; answers only repeat it.
        "text": f"{mail.topic}\n\n{mail.words}".strip() if opens else mail.words or mail.topic,
        "created_at": mail.sent_at.isoformat(),
        "subject": mail.subject,
    }
    if mail.sender:
        row["customer"] = {"id": mail.sender, "name": mail.sender_name, "email": mail.sender}
    if mail.answer_to:
        row["answer_to"] = {
            "to": mail.answer_to,
            "name": mail.sender_name,
            "subject": mail.topic,
            "message_id": mail.message_id if "@" in mail.message_id else "",
            "thread": list(mail.thread),
        }
    if mail.thread:
        row["in_reply_to"] = list(mail.thread)
    if mail.attachments:
        row["attachments"] = [one.as_dict() for one in mail.attachments[:50]]
    if len(fetched.raw) >= MAX_MAIL_BYTES:
        row["cut_off"] = True  # attachments may be missing from the list
    return row


MAILBOX = Connector(
    name="mailbox",
    label="Mailbox",
    what="Mails that customers write to an address such as support@, read over IMAP.",
    every=timedelta(minutes=5),
    settings=(
        Setting("host", "Mail server", "Its name, such as imap.example.com.", is_address=True),
        Setting(
            "security",
            "Encryption",
            choices=(("tls", "TLS (port 993)"), ("starttls", "STARTTLS (port 143)")),
            default="tls",
        ),
        Setting("port", "Port", "Left empty: 993, or 143 for STARTTLS.", is_required=False),
        Setting("user", "User name", "Often the mail address."),
        Setting(
            "password", "Password", "Many providers want an app password for this.", is_secret=True
        ),
        Setting("folder", "Folder", default="INBOX"),
        Setting(
            "address",
            "Your own addresses",
            "Answers to customers go back to the first one. Mails from any of them are left out.",
            is_required=False,
        ),
        Setting(
            "handled",
            "Mails that were read in",
            "Leaving them as they are changes nothing in the mailbox.",
            choices=(
                (LEAVE, "Leave them as they are"),
                (FLAG, "Mark them as read and flag them"),
                (MOVE, "Move them to another folder"),
            ),
            default=LEAVE,
        ),
        Setting("move_to", "Folder to move them to", default="Wake", is_required=False),
        Setting(
            "lists",
            "Mails from mailing lists",
            "Take them if the address is a group, as at Google Groups.",
            choices=((SKIP_LISTS, "Leave them out"), (TAKE_LISTS, "Take them")),
            default=SKIP_LISTS,
        ),
    ),
    setup=(
        "At your mail provider, allow IMAP for the mailbox, and make an app password for Wake.",
        "Fill in the server, the user name and that password here, and try it out.",
        "Wake reads the mails without marking them as read, and asks again every few minutes.",
    ),
    gather=gather,
)
