"""One mail as it came, read: who, when, about what, in which thread, and the words. Pure."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses, parseaddr, parsedate_to_datetime

from feedback.mail.charsets import decoded, header_text
from feedback.mail.markup import text_of
from feedback.mail.phrases import ANSWERS
from feedback.mail.quotes import own_words

MAX_TEXT = 50_000
MAX_PARTS = 100
MAX_THREAD = 20  # ids of the mails that a mail answers
# A clock may be wrong by so much; else the moment at which the mail arrived counts.
WRONG_CLOCK = timedelta(days=1)
OLDEST = timedelta(days=60)
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:@\"]{1,64}@[^\s<>()\[\]\\,;:@\"]{1,190}")
_ID = re.compile(r"<([^<>\s]{1,400})>")
_PREFIX = re.compile(
    r"^\s*(?:\[[^\]]{1,30}\]\s*)?(?:"
    + "|".join(map(re.escape, ANSWERS))
    + r")(?:\[\d+\])?\s?[:：]\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail. Wake notes it and does not keep it."""

    name: str
    type: str
    size: int  # in bytes

    def as_dict(self) -> dict[str, str | int]:
        """Return it as it is stored."""
        return {"name": self.name, "type": self.type, "size": self.size}


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. `headers` has the texts of each header by its name in lower case."""

    message_id: str  # without < and >; a digest of the mail if it has none
    thread: tuple[str, ...]  # the ids of the mails that it answers, the nearest first
    sender: str  # a mail address in lower case, or "" if there is no sound one
    sender_name: str
    answer_to: str  # where an answer goes
    subject: str
    sent_at: datetime
    text: str  # all of the words, with what is quoted
    words: str  # only what the sender wrote
    headers: dict[str, list[str]]
    types: tuple[str, ...]  # of all parts, from outside in
    attachments: tuple[Attachment, ...] = field(default=())

    @property
    def is_reply(self) -> bool:
        """True if it answers another mail."""
        return bool(self.thread) or bool(_PREFIX.match(self.subject))

    @property
    def topic(self) -> str:
        """The subject without the marks of answers before it."""
        topic = self.subject
        for _ in range(5):
            topic = _PREFIX.sub("", topic)
        return topic.strip()

    def first(self, name: str) -> str:
        """Return the first header of that name, or ""."""
        return next(iter(self.headers.get(name, ())), "")


def read_mail(raw: bytes, *, arrived_at: datetime) -> Mail:
    """Return what the mail says, however broken it is.

    Where it names no sound date, it was sent when it arrived.
    """
    parsed = message_from_bytes(raw, policy=policy.compat32)
    headers: dict[str, list[str]] = {}
    unread: dict[str, str] = {}  # addresses are parted before what they hold is decoded
    for name, value in parsed.raw_items():
        text = str(value)
        unread.setdefault(name.lower(), text)
        headers.setdefault(name.lower(), []).append(header_text(text))
    sender, name = _address(unread.get("from", ""))
    answer_to, _ = _address(unread.get("reply-to", ""))
    subject = next(iter(headers.get("subject", ())), "")[:300]
    thread = _thread(unread)
    texts, attachments, types = _parts(parsed)
    text = "\n\n".join(texts)[: 4 * MAX_TEXT]
    is_reply = bool(thread) or bool(_PREFIX.match(subject))
    ids = _ID.findall(unread.get("message-id", ""))
    return Mail(
        message_id=ids[0][:190] if ids and len(ids[0]) <= 190 else _digest(raw),
        thread=thread,
        sender=sender,
        sender_name=name,
        answer_to=answer_to or sender,
        subject=subject,
        sent_at=_sent_at(unread.get("date", ""), arrived_at),
        text=text,
        words=own_words(text, sender=name, is_reply=is_reply)[:MAX_TEXT],
        headers=headers,
        types=types,
        attachments=tuple(attachments),
    )


def _digest(raw: bytes) -> str:
    # Not all headers: a mail that was moved or copied may have other ones on the way.
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    told = [
        line
        for line in head.split(b"\n")
        if line[:8].lower().startswith((b"from:", b"date:", b"subject:"))
    ]
    return "digest:" + hashlib.sha256(b"\n".join([*sorted(told), body])).hexdigest()[:40]


def _address(header: str) -> tuple[str, str]:
    """Return the first address in the header, if it is a sound one, and the name beside it."""
    header = " ".join(header[:2_000].split())
    name, address = next(iter(getaddresses([header])), ("", ""))
    if not _ADDRESS.fullmatch(address):
        name, address = parseaddr(header)
    if not _ADDRESS.fullmatch(address):
        # Names with raw commas, brackets and the like: the address is still plain to see.
        found = _ADDRESS.findall(header)
        address, name = (found[-1], name or header.split("<")[0]) if found else ("", name)
    name = header_text(name).strip("\"' ")
    return address.lower()[:254], "" if _ADDRESS.fullmatch(name) else name[:150]


def _thread(headers: dict[str, str]) -> tuple[str, ...]:
    nearest = _ID.findall(headers.get("in-reply-to", "")[:5_000])
    before = _ID.findall(headers.get("references", "")[-20_000:])
    return tuple(dict.fromkeys([*nearest, *reversed(before)]))[:MAX_THREAD]


def _sent_at(header: str, arrived_at: datetime) -> datetime:
    try:
        sent_at = parsedate_to_datetime(header)
        sent_at = sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
        sent_at = sent_at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return arrived_at
    return sent_at if arrived_at - OLDEST < sent_at < arrived_at + WRONG_CLOCK else arrived_at


def _parts(parsed: Message) -> tuple[list[str], list[Attachment], tuple[str, ...]]:
    texts: list[str] = []
    attachments: list[Attachment] = []
    types: list[str] = []
    for part, alternatives in _leaves(parsed, types):
        kind = part.get_content_type()
        # A multipart mail without parts is a plain one whose program erred.
        is_text = kind in ("text/plain", "text/html") or kind.startswith("multipart/")
        if part.get_content_disposition() == "attachment" or not is_text or part.get_filename():
            attachments.append(_attachment(part))
            continue
        chosen = next((text for text in map(_text, [part, *alternatives]) if text.strip()), "")
        if chosen:
            texts.append(chosen)
    return texts, attachments, tuple(types)


def _leaves(parsed: Message, types: list[str]) -> Iterator[tuple[Message, list[Message]]]:
    """Yield each part that is shown or attached, with others that say the same in another form.

    A mail that holds another one ends there: what is inside was said by somebody else.
    """
    waiting = [parsed]
    while waiting and len(types) < MAX_PARTS:
        part = waiting.pop(0)
        kind = part.get_content_type()
        types.append(kind)
        inside = part.get_payload()
        if not isinstance(inside, list) or kind.startswith("message/"):
            yield part, []
            continue
        children = [one for one in inside if isinstance(one, Message)]
        if kind == "multipart/alternative":
            plain = [one for one in children if one.get_content_type() == "text/plain"]
            other = [one for one in children if one not in plain]
            if plain:
                html = [one for part in other for one in part.walk()]
                html = [one for one in html if one.get_content_type() == "text/html"]
                types += [one.get_content_type() for one in [*plain, *html]]
                yield plain[0], html
                children = [
                    one
                    for one in other
                    if not one.get_content_type().startswith(("text/", "multi"))
                ]
            else:
                children = other[-1:]  # the last is the best, RFC 2046 says
        elif kind == "multipart/report":
            children = children[:1]
            types += [one.get_content_type() for one in inside[1:] if isinstance(one, Message)]
        waiting[:0] = children


def _text(part: Message) -> str:
    raw = part.get_payload(decode=True)
    text = decoded(raw if isinstance(raw, bytes) else b"", _charset(part)).replace("\r\n", "\n")
    if part.get_content_type() == "text/html":
        return text_of(text)
    if _is_flowed(part):
        # RFC 3676: a line that ends in a blank goes on in the next.
        text = re.sub(r"(?m)^(?!>|-- $)(.*) \n(?![>\n])", r"\1 ", text)
    return text.replace("\x00", "")


def _charset(part: Message) -> str:
    try:
        return str(part.get_param("charset") or "")
    except (ValueError, TypeError, LookupError, UnicodeError):
        return ""


def _is_flowed(part: Message) -> bool:
    return str(part.get_param("format") or "").lower() == "flowed"


def _attachment(part: Message) -> Attachment:
    try:
        raw = part.get_payload(decode=True)
        name = header_text(str(part.get_filename() or ""))
    except (ValueError, TypeError, LookupError, UnicodeError):
        raw, name = None, ""
    return Attachment(name[:200], part.get_content_type()[:100], len(raw or b""))
