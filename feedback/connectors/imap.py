"""A mailbox over IMAP: its folders, and the mails in them."""

import imaplib
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from common.places import ConnectionFault
from feedback.connectors.imap_link import Link, Place, connected, told

MAX_MAIL_BYTES = 2 * 1024 * 1024  # of a larger mail only the beginning is read
_HIGHEST_UID = 2**32 - 1
_UID = re.compile(rb"\bUID (\d{1,10})")
_ARRIVED = re.compile(rb'INTERNALDATE "([^"]{1,40})"')


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as the server has it."""

    uid: int
    arrived_at: datetime
    raw: bytes


@contextmanager
def mailbox_at(place: Place) -> Iterator["Mailbox"]:
    """Sign in, and hand over the mailbox; raises ConnectionFault or CannotReach."""
    with connected(place) as link:
        yield Mailbox(link)


class Mailbox:
    """A mailbox that somebody is signed in to."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def open(self, folder: str, *, to_write: bool = False) -> int:
        """Choose the folder, and return its UIDVALIDITY; raises ConnectionFault."""
        kind, answer = self._link.select(quoted(folder), readonly=not to_write)
        if kind != "OK":
            names = ", ".join(self._folders()[:20])
            raise ConnectionFault(
                f"There is no folder “{folder[:60]}”: {told(answer[0])}.", f"There are: {names}."
            )
        _, kept = self._link.response("UIDVALIDITY")
        return int(kept[0]) if kept and kept[0] else 0

    def _folders(self) -> list[str]:
        kind, rows = self._link.list()
        lines = [row for row in rows if isinstance(row, bytes)] if kind == "OK" else []
        names = [line.decode("ascii", "replace").rsplit(' "', 1)[-1].strip('" ') for line in lines]
        return sorted(unquoted(name) for name in names)

    def uids_since(self, day: date) -> list[int]:
        """Return the mails that arrived on that day (of the server) or later, oldest first."""
        # The names of months are English here, whatever the machine speaks.
        return self._search("SINCE", imaplib.Time2Internaldate(_noon(day))[1:12].strip())

    def uids_after(self, uid: int) -> list[int]:
        """Return the mails that came after that one, oldest first."""
        # "n:*" always holds the last mail, even if its number is lower.
        return [one for one in self._search("UID", f"{uid + 1}:*") if one > uid]

    def _search(self, *criteria: str) -> list[int]:
        kind, rows = self._link.uid("SEARCH", *criteria)
        if kind != "OK":
            raise ConnectionFault(
                "The mail server could not search the folder.", "Try again later."
            )
        found = b" ".join(row for row in rows if row).split()
        return sorted({int(one) for one in found if one.isdigit() and int(one) <= _HIGHEST_UID})

    def fetch(self, uid: int) -> Fetched | None:
        """Return a mail without marking it as read, or None if it is gone; only its beginning."""
        kind, rows = self._link.uid(
            "FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[]<0.{MAX_MAIL_BYTES}>)"
        )
        for row in rows if kind == "OK" else []:
            # Other mails may be told of at the same time, such as those just marked as read.
            if isinstance(row, tuple) and (named := _UID.search(row[0])) and int(named[1]) == uid:
                when = _ARRIVED.search(row[0])
                return Fetched(uid, _moment(when[1] if when else b""), bytes(row[1]))
        return None

    def flag(self, uids: Sequence[int]) -> None:
        """Mark the mails as read and flagged."""
        if uids:
            self._link.uid("STORE", _set(uids), "+FLAGS.SILENT", r"(\Seen \Flagged)")

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move the mails into another folder, which is made if it is missing."""
        if not uids:
            return
        self._link.create(quoted(folder))  # answers NO if it is there
        # Most servers say what they can only to those who have signed in.
        can = b" ".join(part for part in self._link.capability()[1] if part).upper().split()
        if b"MOVE" in can:  # RFC 6851
            kind, answer = self._link.uid("MOVE", _set(uids), quoted(folder))
        else:
            kind, answer = self._link.uid("COPY", _set(uids), quoted(folder))
            if kind == "OK":
                self._link.uid("STORE", _set(uids), "+FLAGS.SILENT", r"(\Deleted)")
                if b"UIDPLUS" in can:  # others' deleted mails are not ours
                    self._link.uid("EXPUNGE", _set(uids))
        if kind != "OK":
            raise ConnectionFault(
                f"Mails could not be moved to “{folder[:60]}”: {told(answer[0])}.",
                "Choose another folder, or leave the mails where they are.",
            )


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _moment(said: bytes) -> datetime:
    try:
        return datetime.strptime(said.decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _set(uids: Sequence[int]) -> str:
    return ",".join(str(uid) for uid in uids)


def quoted(folder: str) -> str:
    """Return a folder's name as IMAP writes it: modified UTF-7 (RFC 3501, 5.1.3), in quotes."""
    if any(ord(c) < 32 for c in folder) or len(folder) > 200:
        raise ConnectionFault("A folder's name is on one line.", "Copy it again.")
    pieces: list[str] = []
    for plain, other in re.findall(r"([\x20-\x7e]+)|([^\x20-\x7e]+)", folder):
        if plain:
            pieces.append(plain.replace("&", "&-"))
        else:
            code = b64encode(other.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            pieces.append(f"&{code}-")
    escaped = "".join(pieces).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquoted(name: str) -> str:
    """Return a folder's name as people read it, from modified UTF-7."""

    def read(found: re.Match[str]) -> str:
        code = found[1].replace(",", "/")
        return f"+{code}-".encode().decode("utf-7", "replace") if code else "&"

    return re.sub(r"&([^-&]{0,200})-", read, name)
