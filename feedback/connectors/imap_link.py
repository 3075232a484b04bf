"""The way to a mail server (IMAP, RFC 9051): encrypted, to a checked address, in a limited time."""

import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import certifi

from common.hosts import CannotReach, addresses_of
from common.places import ConnectionFault

TIMEOUT_SECONDS = 20.0  # for one answer
CALL_SECONDS = 120.0  # for all of one call, however slowly the server drips
MAX_ANSWER_BYTES = 2 * 1024 * 1024 + 64 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mailbox is, and who reads it."""

    host: str
    port: int
    uses_starttls: bool
    user: str
    password: str
    private_hosts: tuple[str, ...] = ()


class Link(imaplib.IMAP4):
    """An IMAP client that connects to the address that was checked, and takes in only so much."""

    def __init__(self, place: Place, tls: ssl.SSLContext) -> None:
        self._place, self._tls = place, tls
        self._opened: socket.socket | None = None
        # A server may send a byte now and then: the whole call ends, whatever it does.
        self.ending = threading.Timer(CALL_SECONDS, self._hang_up)
        self.ending.daemon = True
        self.ending.start()
        try:
            super().__init__(place.host, place.port, TIMEOUT_SECONDS)
        except BaseException:
            self.ending.cancel()
            raise

    def _hang_up(self) -> None:
        # STARTTLS puts another socket in the place of the first.
        opened = getattr(self, "sock", None) or self._opened
        try:
            if opened is not None:
                opened.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it had ended

    def _create_socket(self, timeout: float | None) -> socket.socket:
        place = self._place
        problem: OSError | None = None
        for address in addresses_of(place.host, place.port, place.private_hosts):
            try:
                plain = socket.create_connection((address, place.port), timeout)
            except OSError as reason:
                problem = reason
                continue
            self._opened = plain
            if not place.uses_starttls:
                self._opened = secure = self._tls.wrap_socket(
                    plain, server_hostname=place.host, do_handshake_on_connect=False
                )
                secure.do_handshake()
            return self._opened
        raise problem or OSError("the name has no address")

    def read(self, size: int) -> bytes:
        """Read what the server announced, if it is not more than was asked for."""
        if size > MAX_ANSWER_BYTES:
            raise self.abort("the server sends more than was asked for")
        return super().read(size)


@contextmanager
def connected(place: Place) -> Iterator[Link]:
    """Sign in, and hand over the link; raises ConnectionFault or CannotReach."""
    # The machine's own authorities too, so that a company's mail server can be trusted.
    tls = ssl.create_default_context()
    tls.load_verify_locations(certifi.where())
    link: Link | None = None
    try:
        with _faults(place):
            link = Link(place, tls)
            if place.uses_starttls:
                link.starttls(tls)
            _sign_in(link, place)
            yield link
    finally:
        if link is not None:
            try:
                link.logout()
            except (OSError, imaplib.IMAP4.error):
                link.shutdown()
            finally:
                link.ending.cancel()


@contextmanager
def _faults(place: Place) -> Iterator[None]:
    """Turn what can go wrong on the way into what a person can do about it."""
    try:
        yield
    except ssl.SSLCertVerificationError as reason:
        raise ConnectionFault(
            f"The certificate of {place.host} is not to be trusted: {reason.verify_message}.",
            "Use the name that it is for, or let the mail server be given a sound one.",
        ) from None
    except ssl.SSLError:
        raise ConnectionFault(
            f"{place.host} does not speak TLS on port {place.port}.",
            "Port 993 goes with TLS, and port 143 with STARTTLS.",
        ) from None
    except imaplib.IMAP4.error as reason:
        said = told(reason.args[0] if reason.args else "")
        raise ConnectionFault(
            f"The mail server answered: {said}", "Look at its log, or try again later."
        ) from None
    except TimeoutError:
        raise CannotReach(f"{place.host} did not answer in time.") from None
    except (OSError, EOFError) as reason:
        why = str(reason)[:200] or type(reason).__name__
        raise CannotReach(f"{place.host} cannot be reached: {why}.") from None


def _sign_in(link: Link, place: Place) -> None:
    if any("\r" in text or "\n" in text or "\0" in text for text in (place.user, place.password)):
        raise ConnectionFault("A user name or password is on one line.", "Copy it again.")
    plain = "AUTH=PLAIN" in link.capabilities
    if not plain and "LOGINDISABLED" in link.capabilities:
        raise ConnectionFault(
            "The mail server takes no passwords in this way.",
            "Allow IMAP with a password, or make an app password, in the mail server's settings.",
        )
    try:
        if plain:  # as bytes, so that passwords may have any letters
            pair = f"\0{place.user}\0{place.password}".encode()
            link.authenticate("PLAIN", lambda _: pair)
        else:
            link.login(place.user, place.password)
    except UnicodeError:
        raise ConnectionFault(
            "This mail server takes only plain letters in passwords.", "Choose another password."
        ) from None
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise ConnectionFault(
            f"{place.host} refused the user name or the password.",
            "Check both; many providers want an app password made for this, not the usual one.",
        ) from None


def told(answer: Any) -> str:
    """Return what a server answered as a line to show."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return " ".join(text.split())[:200]
