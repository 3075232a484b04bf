"""API keys remembered for a moment, for doors that are called hundreds of times a second.

What is remembered is the key's fingerprint, never the key. A key that is revoked opens such a door
for at most REMEMBERED longer, in the processes that did not revoke it themselves.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest

from accounts.models import ApiKey, Environment, Scope, Service

REMEMBERED = timedelta(seconds=5)
MOST = 1_000  # keys; then all are looked up anew


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that was found, and how its project writes its environments and services."""

    project_id: int
    scopes: frozenset[str]
    expires_at: datetime | None
    environments: Mapping[str, str]  # {in lower case: as it is written}
    services: Mapping[str, str]
    found_at: datetime


class NoSuchKey(Exception):
    """No key was shown, or one that is unknown, revoked or expired, or that may not do this."""

    def __init__(self, said: str, status: int = 401) -> None:
        super().__init__(said)
        self.status = status


_known: dict[bytes, KnownKey] = {}


def known_key(shown: str, scope: Scope, *, now: datetime) -> KnownKey:
    """Return the key that a caller shows, if it has the scope; raises NoSuchKey."""
    if not shown:
        raise NoSuchKey("Send a write key: as the user of HTTP Basic, or as writeKey in the body.")
    mark = hashlib.sha256(shown.encode("utf-8", "replace")).digest()
    key = _known.get(mark)
    if key is None or not key.found_at <= now < key.found_at + REMEMBERED:
        key = _look_up(shown, now)
        if len(_known) >= MOST:
            _known.clear()
        _known[mark] = key
    if key.expires_at and key.expires_at < now:
        raise NoSuchKey("This key has expired.")
    if scope.value not in key.scopes:
        mend = "Make one that has it: Settings, API keys."
        raise NoSuchKey(f"This key lacks the scope {scope.value}. {mend}", status=403)
    return key


def forget_known_keys() -> None:
    """Look up every key anew: one was revoked."""
    _known.clear()


def shown_as_user(request: HttpRequest) -> str:
    """Return the key that a request shows as the user of HTTP Basic, or as a bearer; else ""."""
    scheme, _, shown = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        return str(shown.strip())
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(shown).decode("utf-8", "replace").partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _look_up(shown: str, now: datetime) -> KnownKey:
    try:
        row = ApiKey.objects.find(shown)
    except ApiKey.DoesNotExist:
        raise NoSuchKey("This key is unknown or revoked.") from None
    row.note_use(now)
    return KnownKey(
        project_id=row.project_id,
        scopes=frozenset(row.scopes),
        expires_at=row.expiry_date,
        environments=_spelled(Environment, row.project_id),
        services=_spelled(Service, row.project_id),
        found_at=now,
    )


def _spelled(model: type[Environment | Service], project_id: int) -> dict[str, str]:
    names = model.objects.filter(project=project_id).order_by("-pk").values_list("name", flat=True)
    return {name.lower(): name for name in names}  # of two spellings the first stays
