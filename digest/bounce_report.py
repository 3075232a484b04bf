"""A mail that came back, read: whose mail it was, for whom, and why (RFC 3464). Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage, Message

MAX_PARTS = 100
FAILED = "failed"
# A code and its words: "smtp; 550 5.1.1 No such user".
_TYPED = re.compile(r"^\s*[\w.-]{1,40}\s*;\s*", re.ASCII)
_CODE = re.compile(r"\b([245]\d\d)\b")
_SAYS_LITTLE = re.compile(r"^\d\.0\.0$")


@dataclass(frozen=True, slots=True)
class Failure:
    """That one address could not be reached."""

    addresses: frozenset[str]  # as the last server knows it and as it was first, in lower case
    action: str  # failed, delayed, delivered, relayed or expanded
    code: int  # of SMTP (RFC 5321)
    reply: str  # what the server said, with its status (RFC 3463) wherever one is known

    def __str__(self) -> str:
        return self.reply if self.reply.startswith(str(self.code)) else f"{self.code} {self.reply}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail server reports of one mail."""

    message_id: str  # of the mail that came back, with < and >; "" if the report does not say
    failures: tuple[Failure, ...]


def read_report(raw: bytes) -> Report | None:
    """Return what the mail reports, or None if it is no report of a delivery."""
    mail = message_from_bytes(raw, policy=policy.default)
    if mail.get_content_type() != "multipart/report":
        return None
    parts = [part for part, _ in zip(mail.walk(), range(MAX_PARTS), strict=False)]
    failures = [
        failure
        for part in parts
        if part.get_content_type() == "message/delivery-status"
        for block in _blocks(part)
        if (failure := _failure(block)) is not None
    ]
    return Report(_message_id(parts), tuple(failures)) if failures else None


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields: of the whole mail first, then one of each recipient."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _failure(block: Message) -> Failure | None:
    named = [_said(block, name) for name in ("Final-Recipient", "Original-Recipient")]
    addresses = frozenset(one.strip("<> ").lower() for one in named if "@" in one)
    if not addresses:
        return None
    status, reply = _said(block, "Status").split(" ")[0], _said(block, "Diagnostic-Code")
    code = _CODE.search(reply)
    if status and status not in reply and not _SAYS_LITTLE.match(status):
        reply = f"{status} {reply}".strip()
    return Failure(
        addresses=addresses,
        action=_said(block, "Action").lower(),
        code=int(code[1]) if code else 550 if status.startswith("5") else 450,
        reply=reply or status,
    )


def _said(block: Message, name: str) -> str:
    """Return a field's words on one line, without their type ("rfc822;", "smtp;")."""
    return _TYPED.sub("", " ".join(str(block.get(name, "")).split()))


def _message_id(parts: Sequence[Message]) -> str:
    """Return the Message-ID of the mail that came back, or of its headers alone."""
    for part in parts:
        kind, payload = part.get_content_type(), part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list) and payload:
            returned: object = payload[0]
        elif kind == "text/rfc822-headers" and isinstance(part, EmailMessage):
            returned = message_from_string(str(part.get_content()), policy=policy.default)
        else:
            continue
        if isinstance(returned, Message) and returned["Message-ID"]:
            return str(returned["Message-ID"]).strip()
    return ""
