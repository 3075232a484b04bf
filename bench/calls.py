"""Calls to send, each a whole HTTP message made beforehand; every one says something of its own."""

import hashlib
import hmac
import json
import random
from typing import Any

_WORDS = [
    "app",
    "update",
    "photos",
    "crash",
    "login",
    "slow",
    "search",
    "map",
    "screen",
    "button",
    "order",
    "help",
    "please",
    "after",
    "since",
    "every",
    "time",
    "account",
    "list",
    "page",
    "when",
    "open",
    "upload",
    "video",
    "sync",
    "message",
    "love",
    "great",
    "wrong",
    "again",
    "never",
    "works",
    "phone",
    "today",
    "list",
    "settings",
    "dark",
    "offline",
    "payment",
    "loads",
    "tried",
    "again",
    "still",
]


def feedback(count: int, *, seed: int, rows: int = 0) -> list[Any]:
    """Return `count` bodies for POST /api/v1/feedback/: each one thing said, or `rows` of them."""
    rng = random.Random(seed)
    if rows:
        return [{"feedback": [_said(rng, seed, n * rows + i) for i in range(rows)]}
                for n in range(count)]  # fmt: skip
    return [_said(rng, seed, n) for n in range(count)]


def _said(rng: random.Random, seed: int, number: int) -> dict[str, Any]:
    # As reviews and support mails are: 4 to 40 words, most with a rating, half from somebody known.
    said: dict[str, Any] = {
        "id": f"bench-{seed}-{number}",
        "text": " ".join(rng.choices(_WORDS, k=rng.randint(4, 40))),
        "version": f"2.{rng.randint(1, 40)}",
    }
    if rng.random() < 0.7:
        said["rating"] = rng.randint(1, 5)
    if rng.random() < 0.5:
        said["customer"] = {"id": f"c{rng.randint(1, 20_000)}", "name": "Somebody"}
    return said


def events(count: int, *, seed: int, rows: int = 0) -> list[Any]:
    """Return `count` bodies for POST /v1/track: each one event, or `rows` of them for /v1/batch."""
    rng = random.Random(seed)
    if rows:
        return [{"batch": [_event(rng, seed, n * rows + i) for i in range(rows)]}
                for n in range(count)]  # fmt: skip
    return [_event(rng, seed, n) for n in range(count)]


def _event(rng: random.Random, seed: int, number: int) -> dict[str, Any]:
    return {
        "type": "track",
        "event": rng.choice(("Signed up", "Opened page", "Paid", "Searched", "Shared")),
        "userId": f"u{rng.randint(1, 50_000)}",
        "messageId": f"bench-{seed}-{number}",
        "context": {"app": {"version": f"2.{rng.randint(1, 40)}"}},
        "properties": {"plan": rng.choice(("free", "team")), "seconds": rng.randint(1, 90)},
    }


def post(path: str, body: Any, **headers: str) -> bytes:
    """Return a whole HTTP message that posts `body` as JSON."""
    raw = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json",
             f"Content-Length: {len(raw)}"]  # fmt: skip
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def signed(path: str, body: dict[str, Any], secret: str) -> bytes:
    """Return a message for the yardstick."""
    mac = hmac.new(secret.encode(), json.dumps(body).encode(), hashlib.sha256).hexdigest()
    return post(path, body, X_Signature=mac, Idempotency_Key=body["id"])
