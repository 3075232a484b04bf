"""Each vendor's way to sign a body, from their documentation and apart from Wake's own code."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

from django.test import Client
from standardwebhooks import Webhook as StandardWebhook


def mac(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def jws(secret: str, claims: dict, algorithm: str = "HS256") -> str:
    def part(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    signed = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}"
    digest = hmac.new(secret.encode(), signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def standard(secret: str, body: bytes, message_id: str = "m-1", at: float | None = None) -> dict:
    """Sign with the package that the authors of Standard Webhooks publish."""
    at = at or time.time()
    signature = StandardWebhook(secret).sign(
        message_id, datetime.fromtimestamp(at, tz=UTC), body.decode()
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": signature,
    }


def signature(provider: str, secret: str, body: bytes) -> dict[str, str]:
    """Return the headers with which that provider proves who it is."""
    if provider == "github":
        return {"X-Hub-Signature-256": f"sha256={mac(secret, body)}"}
    if provider == "bitbucket":
        return {"X-Hub-Signature": f"sha256={mac(secret, body)}"}
    if provider == "gitlab":
        return {"X-Gitlab-Token": secret}
    if provider == "circleci":
        return {"circleci-signature": f"v1={mac(secret, body)},v2=abc"}
    if provider == "vercel":
        return {"x-vercel-signature": mac(secret, body, "sha1")}
    if provider == "netlify":
        claims = {"iss": "netlify", "sha256": hashlib.sha256(body).hexdigest()}
        return {"X-Webhook-Signature": jws(secret, claims)}
    if provider == "heroku":
        digest = hmac.new(secret.encode(), body, "sha256").digest()
        return {"Heroku-Webhook-Hmac-SHA256": base64.b64encode(digest).decode()}
    return {"Authorization": f"Bearer {secret}"}


def send(webhook, body, *, path="", content_type="application/json", **headers):
    """Post a signed delivery; header names are written with _ for -."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    signed = {**signature(webhook.provider, webhook.secret, raw), **named}
    return Client().post(
        f"/hooks/{webhook.provider}/{webhook.key}/{path}",
        raw,
        content_type=content_type,
        headers=signed,
    )
