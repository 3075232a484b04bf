"""Reading what ways in say: one row of the feedback API, checked and cleaned."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from operator import attrgetter
from typing import Any

from common.errors import BadInput
from common.values import clean_text, read_moment, storable_json
from feedback.ratings import read_rating
from feedback.redaction import without_secrets

MAX_TEXT = 50_000
# Fields of a row that are read; everything else that came is kept in `extra`.
FIELDS = (
    "id", "text", "rating", "rating_scale", "rating_max", "version", "environment", "source",
    "created_at", "customer", "url", "area", "reply_text", "replied_at",
)  # fmt: skip
# What a customer may change by editing; all of it is compared and rewritten together.
EDITABLE = (
    "text", "rating", "rating_scale", "rating_given", "version", "environment", "area", "url",
    "said_at", "reply_text", "replied_at", "extra",
)  # fmt: skip

_FIELDS = frozenset(FIELDS)
_ANSWERABLE = _FIELDS | {"answer_to"}


# Not frozen, though nobody changes one: that would double what it costs to make one.
@dataclass(slots=True)
class Said:
    """One row as it came, read, checked and cleaned."""

    external_id: str
    source: str
    text: str
    rating: float | None  # 1 to 5
    rating_scale: str
    rating_given: float | None
    version: str
    environment: str
    area: str
    url: str
    said_at: datetime
    customer: tuple[str, str, str] | None  # external id, name, mail address
    reply_text: str
    replied_at: datetime | None
    said_when: bool = True  # whether the row says when, or we took "now"
    extra: dict[str, Any] = field(default_factory=dict)
    answer_to: dict[str, Any] = field(default_factory=dict)
    # Only of what waited in the journal: the id it was promised, and when it came.
    promised_id: int | None = None
    received_at: datetime | None = None

    def edits(self) -> dict[str, Any]:
        """What this row says of the fields that an edit may change; silence changes nothing."""
        said = {name: getattr(self, name) for name in EDITABLE}
        if not self.said_when:
            del said["said_at"]
        return {name: value for name, value in said.items() if value not in _SILENT}


def read_feedback(
    row: Any,
    *,
    now: datetime,
    source: str = "api",
    zone: tzinfo | None = None,
    answerable: bool = False,
) -> Said:
    """Return what `row` says; raises BadInput naming the field.

    Fields: `text` or `rating` (at least one); `id`, `rating_scale`, `rating_max`, `version`,
    `environment`, `source`, `created_at`, `customer` (text, or an object of id, name, email),
    `url`, `area`, `reply_text`, `replied_at`. Unknown fields are kept. Only of an `answerable` row,
    one that a connector made, `answer_to` is read: what its source needs to take an answer.
    """
    if not isinstance(row, Mapping):
        raise BadInput("feedback", "must be an object.", 'Send {"text": "..."}.')
    get = row.get
    words = without_secrets(clean_text(get("text"), field="text", max_length=MAX_TEXT))
    rating = read_rating(get("rating"), scale=get("rating_scale"), best=get("rating_max"))
    if not words and rating is None:
        raise BadInput("text", "is missing, and there is no rating.", "Send either.")
    said_at = read_moment(get("created_at"), field="created_at", now=now, zone=zone)
    if named := get("source"):
        source = clean_text(named, field="source", max_length=40)
    external_id = clean_text(get("id"), field="id", max_length=200) or _fingerprint(
        row, words, said_at
    )
    return Said(
        external_id=external_id,
        source=source,
        text=words,
        rating=rating.value if rating else None,
        rating_scale=rating.scale if rating else "",
        rating_given=rating.given if rating else None,
        version=clean_text(get("version"), field="version", max_length=100),
        environment=clean_text(get("environment"), field="environment", max_length=100),
        area=clean_text(get("area"), field="area", max_length=200),
        url=clean_text(get("url"), field="url", max_length=2000),
        said_at=said_at or now,
        said_when=said_at is not None,
        customer=_read_customer(get("customer")),
        reply_text=without_secrets(
            clean_text(get("reply_text"), field="reply_text", max_length=MAX_TEXT)
        ),
        replied_at=read_moment(get("replied_at"), field="replied_at", now=now, zone=zone),
        extra=_extra(row, _ANSWERABLE if answerable else _FIELDS),
        answer_to=storable_json(dict(get("answer_to") or {})) if answerable else {},
    )


def _extra(row: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    if row.keys() <= known:
        return {}
    return storable_json({str(name): row[name] for name in row if name not in known})


def _fingerprint(row: Mapping[str, Any], words: str, said_at: datetime | None) -> str:
    # Without an id, the same words at the same stated time are the same thing said, so a file can
    # be read twice. With no time either, two people may well both write "it crashed".
    if said_at is None:
        return f"new:{uuid.uuid4().hex}"
    parts = [words, said_at.isoformat(), *(str(row.get(n, "")) for n in ("rating", "version"))]
    parts.append(json.dumps(row.get("customer"), sort_keys=True, default=str))
    return "same:" + hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _read_customer(value: Any) -> tuple[str, str, str] | None:
    if value in (None, "", {}):
        return None
    facts = value if isinstance(value, Mapping) else {"id": value}
    name = clean_text(facts.get("name"), field="customer.name", max_length=150)
    email = clean_text(facts.get("email"), field="customer.email", max_length=254).lower()
    known_by = clean_text(facts.get("id"), field="customer.id", max_length=200) or email or name
    if not known_by:
        raise BadInput("customer", "has no id, email or name.", "Send at least one of them.")
    return known_by, name, email


# What is kept in the journal; the rest has columns of its own there.
_KEPT = (
    "text", "rating", "rating_scale", "rating_given", "version", "environment", "area", "url",
    "customer", "reply_text", "extra",
)  # fmt: skip
_kept_of = attrgetter(*_KEPT)
_SILENT: tuple[Any, ...] = ("", None, {})
_TEXTS = ("text", "rating_scale", "version", "environment", "area", "url", "reply_text")
as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def kept(one: Said, received_at: datetime) -> dict[str, Any]:
    """Return what was read as JSON values, without what is silent: {field of Said: value}."""
    told = zip(_KEPT, _kept_of(one), strict=True)
    values = {name: value for name, value in told if value or value == 0}
    if one.said_at is not received_at:
        values["said_at"] = one.said_at.isoformat()
    if not one.said_when:
        values["said_when"] = False
    if one.replied_at:
        values["replied_at"] = one.replied_at.isoformat()
    return values


def said_again(
    text: str, *, source: str, external_id: str, received_at: datetime, promised_id: int | None
) -> Said:
    """Return what kept() made a text of. Raises ValueError, TypeError or KeyError if it did not."""
    values = json.loads(text)
    known_by, name, email = values.pop("customer", None) or ("", "", "")
    said_at, replied_at = (values.pop(name, None) for name in ("said_at", "replied_at"))
    return Said(
        said_at=datetime.fromisoformat(said_at) if said_at else received_at,
        replied_at=replied_at and datetime.fromisoformat(replied_at),
        external_id=external_id,
        source=source,
        customer=(known_by, name, email) if known_by else None,
        promised_id=promised_id,
        received_at=received_at,
        **{"rating": None, "rating_given": None, **dict.fromkeys(_TEXTS, ""), **values},
    )
