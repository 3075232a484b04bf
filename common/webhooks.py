"""Is this call really from whom it says? Signatures over the raw body, in constant time."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

# Standard Webhooks: a signature older or newer than this may be a copy that somebody sends again.
REPLAY_WINDOW_SECONDS = 5 * 60


class NotSigned(Exception):
    """The call does not prove who sent it; the text says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A call as it came: `headers` by their names in lower case, and the raw `body`."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to prove who sent a call: in which header, and what must be true of it."""

    header: str
    holds: Callable[[SignedCall, str], bool]  # given the call and one secret
    explained: str


def check_signature(call: SignedCall, secrets: Iterable[str], schemes: tuple[Scheme, ...]) -> None:
    """Return if one of the secrets signed the call; raises NotSigned.

    The first scheme whose header is there decides, so that a sender cannot be asked for less than
    what it showed. Several secrets are valid while one is being exchanged for another.
    """
    shown = next((scheme for scheme in schemes if _shows(call, scheme)), None)
    if shown is None:
        raise NotSigned(f"{' or '.join(scheme.header for scheme in schemes)} is missing")
    # No early end: how long it takes must not tell which of the secrets it was.
    found = [shown.holds(call, secret) for secret in secrets if secret]
    if True not in found:
        raise NotSigned(f"{shown.header} does not match")


def _shows(call: SignedCall, scheme: Scheme) -> bool:
    if scheme is BODY_KEY:
        return bool(_body_key(call.body))
    return scheme.header.lower() in call.headers


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _hex_mac(call: SignedCall, secret: str, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), call.body, algorithm).hexdigest()


def _hub(header: str) -> Callable[[SignedCall, str], bool]:
    return lambda call, secret: _same(f"sha256={_hex_mac(call, secret)}", call.headers[header])


def _circleci(call: SignedCall, secret: str) -> bool:
    # "v1=HEX,v2=...": later versions may be added; v1 is the one that is documented.
    parts = call.headers["circleci-signature"].split(",")[:10]
    expected = f"v1={_hex_mac(call, secret)}"
    return True in [_same(expected, part.strip()) for part in parts]


def _heroku(call: SignedCall, secret: str) -> bool:
    mac = base64.b64encode(hmac.new(secret.encode(), call.body, "sha256").digest()).decode()
    return _same(mac, call.headers["heroku-webhook-hmac-sha256"])


def _zendesk(call: SignedCall, secret: str) -> bool:
    sent = call.headers.get("x-zendesk-webhook-signature-timestamp", "")
    mac = hmac.new(secret.encode(), sent.encode("utf-8", "replace") + call.body, "sha256").digest()
    return _same(base64.b64encode(mac).decode(), call.headers["x-zendesk-webhook-signature"])


def _netlify(call: SignedCall, secret: str) -> bool:
    """A JWS (RFC 7515) in HS256, issued by netlify, that names the SHA-256 of the body."""
    head, _, rest = call.headers["x-webhook-signature"].partition(".")
    claims, _, mac = rest.partition(".")
    signed = hmac.new(secret.encode(), f"{head}.{claims}".encode("utf-8", "replace"), "sha256")
    expected = base64.urlsafe_b64encode(signed.digest()).decode().rstrip("=")
    if not _same(expected, mac.rstrip("=")):
        return False
    try:
        header, said = json.loads(_unpadded(head)), json.loads(_unpadded(claims))
        algorithm, issuer, digest = header["alg"], said["iss"], said["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    # Only HS256: a token may not choose how it is checked.
    right = algorithm == "HS256" and issuer == "netlify"
    return right and _same(hashlib.sha256(call.body).hexdigest(), str(digest))


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _standard(call: SignedCall, secret: str) -> bool:
    """Standard Webhooks 1.0: `v1,BASE64` over `id.timestamp.body`, within five minutes."""
    message_id, sent = call.headers.get("webhook-id"), call.headers.get("webhook-timestamp", "")
    if not message_id or not sent.isdecimal() or len(sent) > 12:
        raise NotSigned("webhook-id or webhook-timestamp is missing or odd")
    if abs(call.now.timestamp() - int(sent)) > REPLAY_WINDOW_SECONDS:
        raise NotSigned("webhook-timestamp is more than five minutes away from Wake's clock")
    mac = standard_signature(message_id, int(sent), call.body, secret)
    shown = call.headers["webhook-signature"].split()[:20]
    return True in [_same(mac, one) for one in shown]


def standard_signature(message_id: str, sent_at: int, body: bytes, secret: str) -> str:
    """Return the `webhook-signature` of a body, as Standard Webhooks has it: `v1,BASE64`.

    `sent_at` is in epoch seconds. A secret is `whsec_` and base64; any other text is taken as it
    stands, for senders that let people choose one.
    """
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = secret.encode()
    signed = f"{message_id}.{sent_at}.".encode("utf-8", "replace") + body
    return "v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()


def _authorization(call: SignedCall, secret: str) -> bool:
    """`Bearer SECRET`, `apikey SECRET`, SECRET alone, or a user name with it as the password."""
    kind, _, rest = call.headers["authorization"].strip().partition(" ")
    given = rest.strip() or kind
    if kind.lower() == "basic":
        try:
            given = base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except ValueError:
            return False
    return _same(secret, given)


def _body_key(body: bytes) -> str:
    """Return the `api_key` that stands in a JSON or form body, or nothing."""
    try:
        text = body.decode()
        found = json.loads(text) if text.lstrip().startswith("{") else parse_qs(text)
        key = found.get("api_key") or ""
    except (ValueError, RecursionError, AttributeError):
        return ""
    return str(key[0] if isinstance(key, list) else key)


def _in_header(header: str) -> Callable[[SignedCall, str], bool]:
    return lambda call, secret: _same(secret, call.headers[header])


STANDARD = Scheme(
    "webhook-signature", _standard, "Standard Webhooks: HMAC-SHA256 over id, time and body"
)
BEARER = Scheme("Authorization", _authorization, "the secret as a bearer token or a password")
WAKE_TOKEN = Scheme("X-Wake-Token", _in_header("x-wake-token"), "the secret itself")
GITHUB = Scheme(
    "X-Hub-Signature-256", _hub("x-hub-signature-256"), "HMAC-SHA256 of the body, in hex"
)
BITBUCKET = Scheme("X-Hub-Signature", _hub("x-hub-signature"), "HMAC-SHA256 of the body, in hex")
GITLAB = Scheme("X-Gitlab-Token", _in_header("x-gitlab-token"), "the secret token itself")
CIRCLECI = Scheme("circleci-signature", _circleci, "v1, HMAC-SHA256 of the body, in hex")
VERCEL = Scheme(
    "x-vercel-signature",
    # SHA-1 is Vercel's choice; as an HMAC it is not known to be weak.
    lambda call, secret: _same(_hex_mac(call, secret, "sha1"), call.headers["x-vercel-signature"]),
    "HMAC-SHA1 of the body, in hex",
)
NETLIFY = Scheme("X-Webhook-Signature", _netlify, "a JWS that names the SHA-256 of the body")
HEROKU = Scheme("Heroku-Webhook-Hmac-SHA256", _heroku, "HMAC-SHA256 of the body, in base64")
SENTRY = Scheme(
    "Sentry-Hook-Signature",
    lambda call, secret: _same(_hex_mac(call, secret), call.headers["sentry-hook-signature"]),
    "HMAC-SHA256 of the body, in hex",
)
DISCOURSE = Scheme(
    "X-Discourse-Event-Signature",
    _hub("x-discourse-event-signature"),
    "HMAC-SHA256 of the body, in hex",
)
INTERCOM = Scheme(
    "X-Hub-Signature",
    # SHA-1 is Intercom's choice; as an HMAC it is not known to be weak.
    lambda call, secret: _same(
        f"sha1={_hex_mac(call, secret, 'sha1')}", call.headers["x-hub-signature"]
    ),
    "HMAC-SHA1 of the body, in hex",
)
ZENDESK = Scheme(
    "X-Zendesk-Webhook-Signature", _zendesk, "HMAC-SHA256 of timestamp and body, in base64"
)
BODY_KEY = Scheme(
    "api_key", lambda call, secret: _same(secret, _body_key(call.body)), "the secret in the body"
)
# What any sender can do that has no scheme of its own.
ANY_TOKEN = (STANDARD, BEARER, WAKE_TOKEN)
