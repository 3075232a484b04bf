"""Reading what Segment's libraries send: one message in, what it tells of out. Pure.

Source: Segment's "HTTP API Source" and "Spec: Common Fields". docs/events.md says it in words.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.errors import BadInput
from common.payloads import dig
from common.values import clean_text, read_moment
from engagement.segment_properties import kept_properties

# The messages that tell of something done; the others only of who somebody is.
DONE = ("track", "page", "screen")
KINDS = (*DONE, "identify", "group", "alias")
MAX_NAME = 200
MAX_ID = 200
MAX_PLACE = 100
# Wider than any library's own clock check, so that only what cannot be true is refused.
AHEAD = timedelta(days=1)
_VERSIONS = (("context", "app", "version"), ("properties", "version"), ("context", "app", "build"))


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a project writes its environments and services: {in lower case: as it is written}."""

    environments: Mapping[str, str]
    services: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What one message tells of; `name` is blank if it only tells who somebody is."""

    message_id: str
    kind: str
    name: str
    user_id: str
    anonymous_id: str
    environment: str
    service: str
    version: str
    properties: dict[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """What is true of all messages of one call."""

    now: datetime
    oldest: datetime  # what was done before is not kept any more
    spelling: Spelling
    sent_at: Any = None
    context: Any = None


def read_message(message: Any, frame: Frame, kind: str = "") -> Told:
    """Return what a message tells of; raises BadInput naming the field.

    `kind` is what the address of the call says; in a batch each message says it itself.
    """
    if not isinstance(message, dict):
        raise BadInput("message", "must be an object.", 'Send {"type": "track", ...}.')
    kind = kind or _kind(message)
    user_id, anonymous_id = _who(message, kind)
    name = _name(message, kind)
    properties = message.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise BadInput("properties", "must be an object.", 'Send {"name": value}.')
    occurred_at = _when(message, frame) if name else frame.now
    facts = _with_context(message, frame.context)
    return Told(
        message_id=_identity(message, kind) if name else "",
        kind=kind,
        name=name,
        user_id=user_id,
        anonymous_id=anonymous_id,
        environment=_environment(facts, frame.spelling),
        service=_service(facts, frame.spelling),
        version=_first(facts, *_VERSIONS),
        properties=kept_properties(properties or {}, dig(facts, "context", "page", "path"))
        if name
        else {},
        occurred_at=occurred_at,
    )


def _kind(message: dict[str, Any]) -> str:
    kind = message.get("type") or ("track" if message.get("event") else "")
    if kind not in KINDS:
        raise BadInput(
            "type", f"{str(kind)[:40]!r} is not known.", f"Send one of {', '.join(KINDS)}."
        )
    return str(kind)


def _who(message: dict[str, Any], kind: str) -> tuple[str, str]:
    user_id = _text(message.get("userId"), "userId", MAX_ID)
    anonymous_id = _text(message.get("anonymousId"), "anonymousId", MAX_ID)
    if kind == "alias":
        before = _text(message.get("previousId"), "previousId", MAX_ID)
        if not (before and user_id):
            raise BadInput("previousId", "is missing.", "Send previousId and userId.")
        return user_id, before
    if not (user_id or anonymous_id):
        raise BadInput("userId", "is missing.", "Send userId, anonymousId or both.")
    return user_id, anonymous_id


def _name(message: dict[str, Any], kind: str) -> str:
    """Return what an event is called; pages and screens are called as Segment's destinations do."""
    if kind == "track":
        return _text(message.get("event"), "event", MAX_NAME) or _no_event()
    if kind not in DONE:
        return ""
    parts = [_text(message.get(part), part, MAX_NAME // 3) for part in ("category", "name")]
    called = " ".join(part for part in parts if part)
    return f"Viewed {called} {kind.title()}" if called else f"Loaded a {kind.title()}"


def _no_event() -> str:
    raise BadInput("event", "is missing or empty.", "Send what the user did, such as “Signed Up”.")


def _when(message: dict[str, Any], frame: Frame) -> datetime:
    """Return when it was done: the sender's clock, corrected by when it says that it was sent.

    Segment: timestamp = receivedAt - (sentAt - originalTimestamp). A time still ahead is now.
    """
    given = message.get("originalTimestamp") or message.get("timestamp")
    if not given:
        return frame.now
    latest = frame.now + timedelta(days=3650)  # a clock may be years ahead; sentAt tells
    sent = message.get("sentAt") or frame.sent_at
    done_at = read_moment(given, field="timestamp", now=latest)
    assert done_at is not None
    if sent:
        sent_at = read_moment(sent, field="sentAt", now=latest)
        assert sent_at is not None
        done_at = frame.now - (sent_at - done_at)
    if done_at > frame.now + AHEAD:
        raise BadInput(
            "timestamp", "is more than a day in the future.", "Send when it was done, and sentAt."
        )
    if done_at < frame.oldest:
        raise BadInput(
            "timestamp",
            f"is before {frame.oldest:%Y-%m-%d}; events are not kept that long.",
            "Raise EVENT_RETENTION_DAYS first, or send older history as samples.",
        )
    return min(done_at, frame.now)


def _identity(message: dict[str, Any], kind: str) -> str:
    """Return what tells a message from all others; "" if nothing does.

    A message that has no id but says when it was done is itself, word for word, if sent again.
    """
    given = _text(message.get("messageId"), "messageId", 100_000)
    if given:
        return given if len(given) <= MAX_ID else f"sha256:{_digest(given)}"
    if not (message.get("originalTimestamp") or message.get("timestamp")):
        return ""
    same = {key: value for key, value in message.items() if key not in ("sentAt", "writeKey")}
    return f"sha256:{_digest(json.dumps([kind, same], sort_keys=True))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _with_context(message: dict[str, Any], context: Any) -> dict[str, Any]:
    own = message.get("context")
    if not isinstance(context, dict) or not context:
        return message
    merged = {**context, **own} if isinstance(own, dict) else context
    return {**message, "context": merged}


def _environment(message: dict[str, Any], spelling: Spelling) -> str:
    said = _first(message, ("context", "environment"), ("properties", "environment"))
    return spelling.environments.get(said.lower(), said)


def _service(message: dict[str, Any], spelling: Spelling) -> str:
    said = _first(message, ("context", "service"), ("properties", "service"))
    if said:
        return spelling.services.get(said.lower(), said)
    # An app's name is a service only if the project calls one of its services so.
    return spelling.services.get(_first(message, ("context", "app", "name")).lower(), "")


def _first(message: dict[str, Any], *paths: tuple[str, ...]) -> str:
    for path in paths:
        value = dig(message, *path)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return clean_text(str(value)[:MAX_PLACE], field=path[-1], max_length=MAX_PLACE)
    return ""


def _text(value: Any, field: str, most: int) -> str:
    if value is None:
        return ""
    return clean_text(value, field=field, max_length=most)
