"""Is this body really from whom it says? Signatures over the raw bytes, in constant time."""

import hashlib
import hmac


def github_signature_is_valid(body: bytes, secret: str, header: str) -> bool:
    """Return True if `header` is GitHub's `X-Hub-Signature-256` for `body`.

    Source: docs.github.com, "Validating webhook deliveries": `sha256=` + hex HMAC-SHA256.
    """
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))
