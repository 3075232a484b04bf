"""Tells by webhook, signed as standardwebhooks.com describes it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from common.http import Answer
from outbound.models import Hook, Message

Caller = Callable[..., Answer]  # common.http.call, with what a hook may reach filled in


def deliver(message: Message, call: Caller, *, now: datetime) -> tuple[Answer, str]:
    """Post the message; return what was answered."""
    body = json.dumps(message.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed_headers(message.hook, message.webhook_id, body, now=now)
    headers |= {"Content-Type": "application/json", "User-Agent": "Wake-Webhooks"}
    return call("POST", message.hook.url, headers=headers, body=body), ""


def signed_headers(hook: Hook, webhook_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """Return the headers that prove who sent `body`, with each secret that is valid `now`."""
    secrets = [hook.secret]
    if hook.old_secret and hook.old_secret_until and now < hook.old_secret_until:
        secrets.append(hook.old_secret)
    sent = int(now.timestamp())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(sent),
        "webhook-signature": " ".join(_sign(one, webhook_id, sent, body) for one in secrets),
    }


def _sign(secret: str, webhook_id: str, sent: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{webhook_id}.{sent}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()
