"""Asking a place's API: one call, read as JSON, and every way it can fail put in words."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from common.hosts import CannotReach
from common.http import Answer as HttpAnswer
from common.http import call
from common.payloads import line
from common.places import AskedToWait, ConnectionFault
from common.values import storable

TIMEOUT_SECONDS = 30.0
# A page of fifty of the longest issues there can be is some 13 MB.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
# What is waited when a place refuses calls as too many and does not say for how long.
USUAL_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(days=1)
# Where places say how many calls are left, and when there will be more: GitHub, Discourse and
# Intercom; GitLab and Zendesk; Sentry.
_LEFT = ("x-ratelimit-remaining", "ratelimit-remaining", "x-sentry-rate-limit-remaining")
_RESET = ("x-ratelimit-reset", "ratelimit-reset", "x-sentry-rate-limit-reset")


@dataclass(frozen=True, slots=True)
class Said:
    """What a place answered: the JSON in its body, and its headers by names in lower case."""

    data: Any
    headers: Mapping[str, str]

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long to leave the place alone, if that was the last call it allows."""
        return rest_asked(self.headers, now) if _calls_left(self.headers) == 0 else None


@dataclass(frozen=True, slots=True)
class Site:
    """A place's API: where it is, who asks, and what to do about each status it may answer."""

    label: str
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    private_hosts: tuple[str, ...] = ()
    mends: Mapping[int, str] = field(default_factory=dict)  # status -> what a person can do
    extra_ca: str = ""  # certificates in PEM that are believed besides the usual ones

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, now: datetime) -> Said:
        """Return what the place answers to a GET; raises ConnectionFault or AskedToWait."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        return self.ask("GET", path + (f"?{urlencode(asked)}" if asked else ""), now=now)

    def ask(self, method: str, path: str, body: Any = None, *, now: datetime | None = None) -> Said:
        """Return what the place answers; `body` is sent as JSON. Raises as get() does.

        `path` begins with a slash and follows the base, so that a token goes nowhere else.
        """
        sent = b"" if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if sent else {}
        answer = self.raw(method, path, sent, {"Accept": "application/json", **kind}, now=now)
        try:
            return Said(json.loads(answer.body) if answer.body.strip() else None, answer.headers)
        except (ValueError, RecursionError):
            raise ConnectionFault(
                f"{self.label} did not answer in JSON.",
                "Check that the address is that of its API.",
            ) from None

    def raw(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        now: datetime | None = None,
    ) -> HttpAnswer:
        """Return a good answer as it came, whatever is in it; raises as get() does."""
        sent = {name: text.strip() for name, text in {**(headers or {}), **self.headers}.items()}
        if not all(text.isascii() and text.isprintable() for text in sent.values()):
            raise ConnectionFault(
                "What is filled in has characters that no token has.", "Copy the token again."
            )
        try:
            answer = call(
                method,
                self.base.rstrip("/") + path,
                headers=sent,
                body=body,
                private_hosts=self.private_hosts,
                timeout=TIMEOUT_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
                extra_ca=self.extra_ca,
            )
        except CannotReach as problem:
            raise ConnectionFault(
                f"{self.label} was not reached. {problem}", "Check the address."
            ) from None
        if not answer.is_success:
            raise self._fault(answer, now)
        if len(answer.body) >= MAX_ANSWER_BYTES:
            raise ConnectionFault(
                f"{self.label} answered with more than {MAX_ANSWER_BYTES // 2**20} MB.",
                "Check that the address is that of its API.",
            )
        return answer

    def _fault(self, answer: HttpAnswer, now: datetime | None) -> ConnectionFault:
        status = answer.status
        too_many = status == 403 and (
            "retry-after" in answer.headers or _calls_left(answer.headers) == 0
        )
        if status == 429 or too_many:
            told = rest_asked(answer.headers, now) if now else None
            what = f"{self.label} asks to be called less often."
            return AskedToWait(what, retry_after=told or USUAL_REST)
        said = _why(answer)
        what = f"{self.label} answered {status}{f' ({said})' if said else ''}."
        if status >= 500:
            rest = rest_asked(answer.headers, now) if now else None
            return ConnectionFault(what, "It has a problem of its own.", retry_after=rest)
        if 300 <= status < 400:
            target = line(answer.headers.get("location"), 200)
            what = f"{self.label} says that this is now elsewhere{f': {target}' if target else ''}."
            return ConnectionFault(what, self.mends.get(301, "Enter the present address."))
        return ConnectionFault(what, self.mends.get(status, "Check what is filled in here."))


def rest_asked(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long a place asks to be left alone, by Retry-After or by when its limit ends.

    Retry-After is in seconds or a date (RFC 9110); the ends of limits are epochs, or seconds from
    now as Zendesk has them.
    """
    after = headers.get("retry-after", "").strip()
    seconds = _number(after)
    if seconds is None and after:
        try:
            seconds = (parsedate_to_datetime(after) - now).total_seconds()
        except (ValueError, TypeError):
            seconds = None
    if seconds is None:
        ends = next(
            (found for h in _RESET if (found := _number(headers.get(h, ""))) is not None), None
        )
        if ends is None:
            return None
        seconds = ends - now.timestamp() if ends > 1e9 else ends
    return min(timedelta(seconds=max(seconds, 1.0)), LONGEST_REST)


def _calls_left(headers: Mapping[str, str]) -> float | None:
    return next((left for h in _LEFT if (left := _number(headers.get(h, ""))) is not None), None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


def _why(answer: HttpAnswer) -> str:
    """Return in the place's own words why it refused, from the fields that places use for it."""
    try:
        data = json.loads(answer.body[:10_000])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, Mapping):
        return ""
    first = data.get("errors")
    if isinstance(first, list) and first:
        data = {
            **data,
            "errors": first[0].get("message") if isinstance(first[0], dict) else first[0],
        }
    told = (data.get(n) for n in ("message", "error_description", "detail", "errors", "error"))
    return next((storable(text)[:200] for one in told if (text := line(one, 200).rstrip("."))), "")


def basic(user: str, password: str) -> str:
    """Return the Authorization header of a user and a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def segment(value: Any) -> str:
    """Return one part of a path, escaped so that it stays one part."""
    return quote(str(value), safe="")


def many(said: Said, site: Site, *path: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list that a place answered with; raises ConnectionFault.

    What is no object in it is left out: one odd item must not keep back the others.
    """
    found = said.data
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise ConnectionFault(
            f"{site.label} answered something else than a list.",
            "Check that the address is that of its API.",
        )
    return [item for item in found if isinstance(item, Mapping)]


def web_address(options: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return an address that was filled in, without a slash at its end; https if it names none."""
    text = line(options.get(name), 500).rstrip("/") or default
    return text if "://" in text or not text else f"https://{text}"
