"""Tells by webhook, signed as standardwebhooks.com describes it."""

import json
from collections.abc import Callable
from datetime import datetime

from common.http import Answer
from common.webhooks import standard_signature
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
        "webhook-signature": " ".join(
            standard_signature(webhook_id, sent, body, one) for one in secrets
        ),
    }
