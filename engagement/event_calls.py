"""The bodies of calls that bring events: unpacked, bounded and read."""

import zlib
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError

from common.api import read_json
from common.errors import BadInput

# Segment's limits, which its libraries keep to: a batch, and one message.
MAX_BATCH = 500 * 1024
MAX_MESSAGE = 32 * 1024
MOST_MESSAGES = 10_000
# What the last part of an address means; browsers and phones use its first letter.
CALLS = {
    "track": "track", "t": "track",
    "identify": "identify", "i": "identify",
    "page": "page", "p": "page",
    "screen": "screen", "s": "screen",
    "group": "group", "g": "group",
    "alias": "alias", "a": "alias",
    "batch": "batch", "b": "batch", "import": "batch",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventCall:
    """What a body holds: messages, and what was said once for all of them."""

    messages: list[Any]
    key: str
    sent_at: Any
    context: Any


def read_call(body: bytes, call: str) -> EventCall:
    """Return what is in the body of a call; raises BadInput if that is no such call."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise BadInput("body", "must be an object.", "Send what Segment's libraries send.")
    key = value.get("writeKey")
    key = key if isinstance(key, str) else ""
    if call != "batch":
        return EventCall([value], key, None, None)
    batch = value.get("batch")
    if not isinstance(batch, list):
        raise BadInput("batch", "must be a list.", 'Send {"batch": [{"type": "track", ...}]}.')
    if len(batch) > MOST_MESSAGES:
        raise BadInput("batch", f"has {len(batch):,} messages.", "Send it in parts.")
    return EventCall(batch, key, value.get("sentAt"), value.get("context"))


def body_of(request: HttpRequest, *, most: int) -> bytes:
    """Return a call's body, unpacked; raises BadInput if it breaks off or is larger than `most`."""
    try:
        body = _as_sent(request, most)
    except RequestDataTooBig:
        raise too_large(most) from None
    except UnreadablePostError:
        raise BadInput("body", "broke off.", "Send it again.") from None
    packed = str(request.META.get("HTTP_CONTENT_ENCODING", "")).lower()
    if "gzip" in packed or body[:2] == b"\x1f\x8b":
        body = _unpacked(body, most, "gzip", bits=31)
    elif "deflate" in packed:
        body = _unpacked(body, most, "deflate", bits=15)
    if len(body) > most:
        raise too_large(most)
    return body


def too_large(most: int) -> BadInput:
    """Return why a body is refused; Segment answers 400 too, and its libraries know that."""
    return BadInput("body", f"is larger than {most // 1024} KB.", "Send it in parts.")


def _as_sent(request: HttpRequest, most: int) -> bytes:
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if length.isdecimal() and int(length) > most:
        raise RequestDataTooBig
    if not length and request.META.get("wsgi.input_terminated"):
        # Phones stream, and do not know the length; Django would take that for an empty body.
        return bytes(request.META["wsgi.input"].read(most + 1))
    return request.body


def _unpacked(body: bytes, most: int, packed: str, *, bits: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=bits)
    try:
        text = unpacker.decompress(body, most + 1)
    except zlib.error:
        why = f"says it is {packed}, but cannot be unpacked."
        raise BadInput("body", why, "Send it as it is.") from None
    if len(text) <= most and not unpacker.eof:
        raise BadInput("body", "broke off.", "Send it again.")
    return text
