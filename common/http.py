"""Calls that leave Wake: limited in time and size, and never to hosts they must not reach."""

import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi
import httpcore

from common.hosts import CannotReach, addresses_of, read_address

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 * 1024
# Nothing was sent yet when one of these happens.
_BEFORE = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.UnsupportedProtocol)
_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
)


class NoAnswer(CannotReach):
    """The host was reached and then could not be heard any more: it may have taken the call."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered; of a long body only the beginning."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def is_success(self) -> bool:
        """True for the statuses from 200 to 299."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """Return the body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


def call(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    private_hosts: Sequence[str] = (),
    timeout: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_ANSWER_BYTES,
    extra_ca: str = "",
) -> Answer:
    """Call `url` and return what it answers; redirects are answers like any other.

    `timeout` is in seconds for the whole call, however slowly the host drips. `private_hosts` are
    the names, addresses and networks inside the own network that may be called, "*" for all.
    `extra_ca` are certificates (PEM) that are believed besides the usual ones.
    Raises NotAllowed or CannotReach; NoAnswer where the call may have been taken.
    """
    read_address(url)
    deadline = time.monotonic() + timeout
    tls = _trusting(extra_ca)
    backend = _CheckedNetwork(private_hosts, deadline)
    sent = {"User-Agent": "Wake", "Accept": "*/*", **(headers or {})}
    waits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
    pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=backend)
    try:
        with (
            pool,
            pool.stream(
                method,
                url,
                headers=[(k.encode(), v.encode()) for k, v in _complete(url, sent, body)],
                content=body,
                extensions=waits,
            ) as answer,
        ):
            return Answer(
                answer.status,
                {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in answer.headers},
                _beginning(answer.iter_stream(), max_bytes),
            )
    except _FAILURES as problem:
        kind = CannotReach if isinstance(problem, _BEFORE) else NoAnswer
        raise kind(_why(problem, timeout)) from problem


def _trusting(extra_ca: str) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=certifi.where())
    if extra_ca:
        try:
            tls.load_verify_locations(cadata=extra_ca)
        except (ssl.SSLError, ValueError):
            raise CannotReach("The certificate of the own authority cannot be read.") from None
    return tls


def _complete(url: str, headers: dict[str, str], body: bytes) -> Iterable[tuple[str, str]]:
    yield "Host", urlsplit(url).netloc
    yield from headers.items()
    yield "Content-Length", str(len(body))


def _beginning(chunks: Iterable[bytes], most: int) -> bytes:
    found = b""
    for chunk in chunks:
        found += chunk
        if len(found) >= most:
            break
    return found[:most]


def _why(problem: Exception, timeout: float) -> str:
    if isinstance(problem, httpcore.TimeoutException):
        return f"There was no answer within {timeout:g} seconds."
    if isinstance(problem, httpcore.ProtocolError):
        return "The answer is not HTTP."
    return f"The host cannot be reached: {str(problem)[:200] or type(problem).__name__}."


class _CheckedNetwork(httpcore.NetworkBackend):
    """Resolves a name once, refuses what may not be called, and connects to what it checked."""

    def __init__(self, private_hosts: Sequence[str], deadline: float) -> None:
        self._private_hosts, self._deadline = private_hosts, deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        problem: Exception | None = None
        for address in addresses_of(host, port, self._private_hosts):
            try:
                stream = self._network.connect_tcp(
                    address, port, _left(self._deadline), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as reason:
                problem = reason
                continue
            return _TimedStream(stream, self._deadline)
        raise problem or httpcore.ConnectError("the name has no address")


class _TimedStream(httpcore.NetworkStream):
    """A connection that ends at the deadline: a byte now and then does not keep it open."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline)
        stream = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout()
    return left
