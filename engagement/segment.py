"""Reading what Segment's libraries send: one message in, what it tells of out. Pure.

Source: Segment's "HTTP API Source" and "Spec: Common Fields". docs/events.md says it in words.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.errors import BadInput
from common.values import clean_text, read_moment, storable
from engagement.segment_properties import kept_properties

# The messages that tell of something done; the others only of who somebody is.
DONE = ("track", "page", "screen")
KINDS = (*DONE, "identify", "group", "alias")
MAX_NAME = 200
MAX_ID = 200
MAX_PLACE = 100
# Wider than any library's own clock check, so that only what cannot be true is refused.
AHEAD = timedelta(days=1)


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
    sent_at: datetime | None
    context: Mapping[str, Any]


def frame_of(
    *, now: datetime, oldest: datetime, spelling: Spelling, sent_at: Any = None, context: Any = None
) -> Frame:
    """Return what is true of all messages of a call, from what the call says of them all."""
    shared = context if isinstance(context, dict) else {}
    return Frame(now, oldest, spelling, _moment(sent_at, now), shared)


def read_message(message: Any, frame: Frame, kind: str = "") -> Told:
    """Return what a message tells of; raises BadInput naming the field.

    `kind` is what the address of the call says; in a batch each message says it itself.
    """
    if not isinstance(message, dict):
        raise BadInput("message", "must be an object.", 'Send {"type": "track", ...}.')
    kind = kind or _kind(message)
    user_id, anonymous_id = _who(message, kind)
    name = _name(message, kind)
    if not name:
        return Told("", kind, "", user_id, anonymous_id, "", "", "", {}, frame.now)
    properties = message.get("properties")
    if properties is None:
        properties = {}
    elif not isinstance(properties, dict):
        raise BadInput("properties", "must be an object.", 'Send {"name": value}.')
    context = _object(message, "context")
    if frame.context:
        context = {**frame.context, **context}
    app = _object(context, "app")
    return Told(
        message_id=_identity(message, kind),
        kind=kind,
        name=name,
        user_id=user_id,
        anonymous_id=anonymous_id,
        environment=_environment(context, properties, frame.spelling),
        service=_service(context, properties, app, frame.spelling),
        version=_place(app, "version") or _place(properties, "version") or _place(app, "build"),
        properties=kept_properties(properties, _object(context, "page").get("path")),
        occurred_at=_when(message, frame),
    )


def _kind(message: dict[str, Any]) -> str:
    kind = message.get("type") or ("track" if message.get("event") else "")
    if kind not in KINDS:
        raise BadInput(
            "type", f"{str(kind)[:40]!r} is not known.", f"Send one of {', '.join(KINDS)}."
        )
    return str(kind)


def _who(message: dict[str, Any], kind: str) -> tuple[str, str]:
    user_id = clean_text(message.get("userId"), field="userId", max_length=MAX_ID)
    anonymous_id = clean_text(message.get("anonymousId"), field="anonymousId", max_length=MAX_ID)
    if kind == "alias":
        before = clean_text(message.get("previousId"), field="previousId", max_length=MAX_ID)
        if not (before and user_id):
            raise BadInput("previousId", "is missing.", "Send previousId and userId.")
        return user_id, before
    if not (user_id or anonymous_id):
        raise BadInput("userId", "is missing.", "Send userId, anonymousId or both.")
    return user_id, anonymous_id


def _name(message: dict[str, Any], kind: str) -> str:
    """Return what an event is called; pages and screens are called as Segment's destinations do."""
    if kind == "track":
        return clean_text(message.get("event"), field="event", max_length=MAX_NAME) or _no_event()
    if kind not in DONE:
        return ""
    parts = [
        clean_text(message.get(part), field=part, max_length=MAX_NAME // 3)
        for part in ("category", "name")
    ]
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
    done_at = _moment(given, frame.now)
    if done_at is None:
        raise BadInput("timestamp", f"{str(given)[:60]!r} is no time.", "Send ISO 8601 in UTC.")
    sent_at = _moment(message.get("sentAt"), frame.now) or frame.sent_at
    if sent_at:
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


def _moment(value: Any, now: datetime) -> datetime | None:
    """Return a time as libraries write it, or None; years ahead are read, for sentAt may tell."""
    if not value:
        return None
    try:
        # Nearly all are plain ISO 8601: this is a quarter of the work of reading any form.
        plain = datetime.fromisoformat(value)
        if plain.tzinfo is not None and 1990 < plain.year < 9000:
            return plain
    except (TypeError, ValueError):
        pass
    try:
        return read_moment(value, field="timestamp", now=now + timedelta(days=3650), zone=UTC)
    except BadInput:
        return None


def _identity(message: dict[str, Any], kind: str) -> str:
    """Return what tells a message from all others; "" if nothing does.

    A message that has no id but says when it was done is itself, word for word, if sent again.
    """
    given = clean_text(message.get("messageId"), field="messageId", max_length=100_000)
    if given:
        return given if len(given) <= MAX_ID else f"sha256:{_digest(given)}"
    if not (message.get("originalTimestamp") or message.get("timestamp")):
        return ""
    same = {key: value for key, value in message.items() if key not in ("sentAt", "writeKey")}
    return f"sha256:{_digest(json.dumps([kind, same], sort_keys=True))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _environment(context: dict[str, Any], properties: dict[str, Any], spelling: Spelling) -> str:
    said = _place(context, "environment") or _place(properties, "environment")
    return spelling.environments.get(said.lower(), said)


def _service(
    context: dict[str, Any], properties: dict[str, Any], app: dict[str, Any], spelling: Spelling
) -> str:
    said = _place(context, "service") or _place(properties, "service")
    if said:
        return spelling.services.get(said.lower(), said)
    # An app's name is a service only if the project calls one of its services so.
    return spelling.services.get(_place(app, "name").lower(), "") if spelling.services else ""


def _place(holder: dict[str, Any], name: str) -> str:
    """Return a version, or the name of a place: text or a number, cut; anything else is blank."""
    value = holder.get(name)
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return storable(str(value)[:MAX_PLACE]).strip()
