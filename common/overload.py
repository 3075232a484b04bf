"""Turning calls away when more come than the machine can take, before any work is done for them.

What tells that is how long calls wait for a thread. A burst is let pass: a wait of up to BURST is
no harm. But once no call has found a free thread for INTERVAL, a queue stands that will not go by
itself, and what waited longer than STANDING is turned away, until threads are free again. So nobody
has to say how much a machine can take, and whatever is taken is answered soon. The two limits are
those of "adaptive LIFO and CoDel" at Facebook (Maurer, "Fail at Scale", ACM Queue 13(8), 2015),
after Nichols and Jacobson, "Controlling Queue Delay" (ACM Queue 10(5), 2012).

Programs that send what customers say and do try again by themselves, so they are turned away first,
with 429 and a Retry-After. Pages wait longer. Webhooks and what tells of deployments come last: CI
tells of one once, and GitHub and most others do not try again.
"""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError

from common.otlp import METRICS, status_body

logger = logging.getLogger(__name__)

FREE, STANDING, BURST = 0.005, 0.05, 0.15  # seconds
INTERVAL = 0.5
PAGES, ONCE = 5.0, 8.0  # seconds that they may wait; GitHub gives a webhook 10
# The starts of addresses whose callers are told once, and of those that try again by themselves.
_ONCE = ("/hooks/", "/api/v1/deployments/")
_AGAIN = ("/api/v1/", "/v1/", "/w/")
SAID_EVERY = 30.0  # seconds between two lines in the log

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_thread = threading.local()


def note_wait(seconds: float) -> None:
    """Say how long the call that this thread is about to answer has waited for a thread."""
    _thread.waited = seconds


class Gate:
    """Decides which calls are turned away."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def longest_wait(self, path: str, *, waited: float, now: float) -> float:
        """Return how long a call to `path` may have waited, in seconds; `now` is a monotonic clock.

        Ask it of every call, since it learns from each.
        """
        if waited < FREE or not self._free_at:
            self._free_at = now
        if path.startswith(_ONCE):
            return ONCE
        if not path.startswith(_AGAIN):
            return PAGES
        return STANDING if now - self._free_at > INTERVAL else BURST


class Shedding:
    """A WSGI application that answers by another one, unless there is too much to do."""

    def __init__(self, application: Wsgi) -> None:
        self.application = application
        self._gate = Gate()
        self._lock = threading.Lock()
        self._turned_away, self._said_at = 0, -SAID_EVERY

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer the call, or turn it away."""
        waited, now = getattr(_thread, "waited", 0.0), time.monotonic()
        path = environ.get("PATH_INFO", "")
        if waited <= self._gate.longest_wait(path, waited=waited, now=now):
            return self.application(environ, start_response)
        self._count(now)
        return _turned_away(path, environ.get("CONTENT_TYPE", ""), start_response)

    def _count(self, now: float) -> None:
        with self._lock:
            self._turned_away += 1
            if now - self._said_at < SAID_EVERY:
                return
            count, self._turned_away, self._said_at = self._turned_away, 0, now
        logger.warning("More comes than can be taken; calls turned away: %d", count)


def _turned_away(
    path: str, content_type: str, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    is_page = not path.startswith((*_ONCE, *_AGAIN))
    body, told = busy_answer(path, content_type)
    if is_page:
        body, told["Content-Type"] = BUSY_PAGE, "text/html; charset=utf-8"
    status = "503 Service Unavailable" if is_page else "429 Too Many Requests"
    start_response(status, [*told.items(), ("Content-Length", str(len(body)))])
    return [body]


def busy_answer(path: str, content_type: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a 429 for who posted `content_type` to the door `path`."""
    told = busy_headers()
    if path == METRICS:
        body, told["Content-Type"] = status_body(BUSY_TEXT, content_type=content_type)
        return body, told
    if path.startswith(("/w/", "/v1/")):
        # Pages of other sites call these, and may read why.
        told["Access-Control-Allow-Origin"] = "*"
        told["Access-Control-Expose-Headers"] = "Retry-After"
    return BUSY, told


BUSY_TEXT = "Wake has more to do than it can. Send this again in a moment."
BUSY = json.dumps({"detail": BUSY_TEXT, "errors": []}).encode()
BUSY_PAGE = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>One moment</title>"
    b"<h1>One moment</h1><p>Wake has more to do than it can. Reload this page in a few seconds."
)


def busy_headers() -> dict[str, str]:
    """Return what tells a caller to come again in some seconds, not all at the same time."""
    return {
        "Content-Type": "application/json",
        "Retry-After": str(random.randint(1, 4)),  # noqa: S311
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


# PostgreSQL: writers that waited for each other, a lock or a snapshot that could not be had, and no
# connection left.
_BUSY_CODES = {"40P01", "55P03", "40001", "53300"}
_NO_CONNECTION = ("too many clients", "remaining connection slots")


def is_busy(error: OperationalError) -> bool:
    """Return True if the database only had no time, and the same may be tried again soon."""
    text = str(error)
    if "database is locked" in text:  # SQLite has one writer, and waits for it
        return True
    code = getattr(error.__cause__, "pgcode", None)  # none if it was not even connected to
    return code in _BUSY_CODES or any(said in text for said in _NO_CONNECTION)
