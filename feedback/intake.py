"""The writing door for what users say: every way in ends here."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.errors import BadInput, IntakeReport, RowError
from common.values import clean_text, read_moment, read_number, storable_json
from feedback.models import Connection, Customer, FeedbackItem, Status
from feedback.triage import triage

MAX_TEXT = 50_000
BATCH = 1_000
# Fields of a row that are read; everything else that came is kept in `extra`.
FIELDS = (
    "id", "text", "rating", "rating_max", "version", "environment", "source", "created_at",
    "customer", "url", "area", "reply_text", "replied_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """One row as it came, read, checked and cleaned."""

    external_id: str
    source: str
    text: str
    rating: float | None
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

    def edits(self) -> dict[str, Any]:
        """What this row says of the fields that an edit may change; silence changes nothing."""
        said = {name: getattr(self, name) for name in _EDITABLE}
        if not self.said_when:
            del said["said_at"]
        return {name: value for name, value in said.items() if value not in ("", None, {})}


def read_feedback(
    row: Any,
    *,
    now: datetime,
    source: str = "api",
    zone: tzinfo | None = None,
    answerable: bool = False,
) -> Said:
    """Return what `row` says; raises BadInput naming the field.

    Fields: `text` or `rating` (at least one); `id`, `rating_max` (5), `version`, `environment`,
    `source`, `created_at`, `customer` (text, or an object of id, name, email), `url`, `area`,
    `reply_text`, `replied_at`. Unknown fields are kept. Only of an `answerable` row, one that a
    connector made, `answer_to` is read: what its source needs to take an answer.
    """
    if not isinstance(row, Mapping):
        raise BadInput("feedback", "must be an object.", 'Send {"text": "..."}.')

    def text(name: str, max_length: int) -> str:
        return clean_text(row.get(name), field=name, max_length=max_length)

    known = {*FIELDS, "answer_to"} if answerable else set(FIELDS)
    words = text("text", MAX_TEXT)
    rating = read_rating(row.get("rating"), row.get("rating_max"))
    if not words and rating is None:
        raise BadInput("text", "is missing, and there is no rating.", "Send either.")
    said_at = read_moment(row.get("created_at"), field="created_at", now=now, zone=zone)
    source = clean_text(row.get("source") or source, field="source", max_length=40)
    external_id = text("id", 200) or _fingerprint(row, words, said_at)
    return Said(
        external_id=external_id,
        source=source,
        text=words,
        rating=rating,
        version=text("version", 100),
        environment=text("environment", 100),
        area=text("area", 200),
        url=text("url", 2000),
        said_at=said_at or now,
        said_when=said_at is not None,
        customer=_read_customer(row.get("customer")),
        reply_text=text("reply_text", MAX_TEXT),
        replied_at=read_moment(row.get("replied_at"), field="replied_at", now=now, zone=zone),
        extra=storable_json({str(k): v for k, v in row.items() if k not in known}),
        answer_to=storable_json(dict(row.get("answer_to") or {})) if answerable else {},
    )


def read_rating(value: Any, scale: Any = None) -> float | None:
    """Return a rating as 1 (worst) to 5 (best); `scale` is the best that could be given (5)."""
    rating = read_number(value, field="rating")
    best = read_number(scale, field="rating_max")
    if rating is None:
        return None
    if best is None or best == 5:
        if not 1 <= rating <= 5:
            raise BadInput("rating", f"{value!r} is not from 1 to 5.", "Send rating_max too.")
        return rating
    if not (1 < best <= 100 and 0 <= rating <= best):
        raise BadInput("rating", f"{value!r} is not from 0 to {best:g}.", "Check rating_max.")
    return round(1 + 4 * rating / best, 2)


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


def submit_feedback(
    *,
    project: Project,
    rows: Iterable[Any],
    now: datetime,
    source: str = "api",
    zone: tzinfo | None = None,
    first_index: int = 0,
    dry_run: bool = False,
    connection: Connection | None = None,
) -> IntakeReport:
    """Clean, sort and save the good rows; report the bad ones. Sending rows again is harmless.

    A row whose id is known updates what was stored if it says something else now, because
    customers edit what they wrote; what it is silent about stays. With `dry_run` nothing is
    written, and the counts are what writing would have given. Up to BATCH rows a call. Only what
    gathers for a `connection` names it: its rows belong to it, and may say how to answer.
    """
    report = IntakeReport()
    said: dict[tuple[str, str], Said] = {}
    for index, row in enumerate(rows, first_index):
        try:
            one = read_feedback(
                row, now=now, source=source, zone=zone, answerable=connection is not None
            )
        except BadInput as error:
            report.errors.append(RowError(index, error))
            continue
        if (one.source, one.external_id) in said:
            report.unchanged += 1  # named twice in one batch: the later row is the one kept
        said[one.source, one.external_id] = one
    with transaction.atomic():
        _save(project, said, report, now, dry_run, connection)
    return report


def submit_one(
    *, project: Project, row: Any, now: datetime, source: str = "api"
) -> tuple[FeedbackItem, bool]:
    """Save one row, and return what is stored and whether it is new; raises BadInput."""
    one = read_feedback(row, now=now, source=source)
    report = IntakeReport()
    with transaction.atomic():
        _save(project, {(one.source, one.external_id): one}, report, now, dry_run=False)
    item = FeedbackItem.objects.get(project=project, source=one.source, external_id=one.external_id)
    return item, report.created == 1


# What a customer may change by editing; all of it is compared and rewritten together.
_EDITABLE = (
    "text", "rating", "version", "environment", "area", "url", "said_at", "reply_text",
    "replied_at", "extra",
)  # fmt: skip


def _save(
    project: Project,
    said: dict[tuple[str, str], Said],
    report: IntakeReport,
    now: datetime,
    dry_run: bool,
    connection: Connection | None = None,
) -> None:
    # In one order for everybody, so that two batches of the same rows wait for each other instead
    # of each holding a row that the other needs.
    said = dict(sorted(said.items()))
    known = {
        (item.source, item.external_id): item
        for item in FeedbackItem.objects.filter(
            project=project, external_id__in=[external_id for _, external_id in said]
        )
        .select_for_update(of=("self",))
        .order_by("source", "external_id")
    }
    new = [one for key, one in said.items() if key not in known]
    changed = [
        _rewritten(known[key], one)
        for key, one in said.items()
        if key in known and _differs(known[key], one)
    ]
    report.created += len(new)
    report.updated += len(changed)
    report.unchanged += len(said) - len(new) - len(changed)
    if dry_run:
        return
    customers = _customers(project, new)
    FeedbackItem.objects.bulk_create(
        (_item(project, one, customers, now, connection) for one in new),
        ignore_conflicts=True,  # another worker may have stored the same row just now
    )
    FeedbackItem.objects.bulk_update(
        changed,
        [*_EDITABLE, "theme", "mood", "triage_method", "linked_at", "status"],
        batch_size=200,
    )
    if connection:
        _attach([(item, said[key]) for key, item in known.items()], connection)


def _attach(pairs: list[tuple[FeedbackItem, Said]], connection: Connection) -> None:
    moved = []
    for item, one in pairs:
        # What came by a connection that was removed belongs to the one that finds it again.
        is_ours = item.connection_id in (None, connection.pk)
        answer_to = one.answer_to or item.answer_to
        if is_ours and (item.connection_id, item.answer_to) != (connection.pk, answer_to):
            item.connection, item.answer_to = connection, answer_to
            moved.append(item)
    FeedbackItem.objects.bulk_update(moved, ["connection", "answer_to"], batch_size=200)


def _differs(item: FeedbackItem, one: Said) -> bool:
    return any(getattr(item, name) != value for name, value in one.edits().items())


# What decides which ship a feedback is about; an answer that arrives later does not.
_LINKING = ("text", "version", "environment", "area", "url", "said_at")


def _rewritten(item: FeedbackItem, one: Said) -> FeedbackItem:
    edits = one.edits()
    if any(getattr(item, name) != edits[name] for name in _LINKING if name in edits):
        item.linked_at = None
    if edits.get("reply_text") and not item.reply_text and item.status != Status.CLOSED:
        item.status = Status.ANSWERED
    for name, value in edits.items():
        setattr(item, name, value)
    _sort(item)
    return item


def _sort(item: FeedbackItem) -> None:
    found = triage(item.text, item.rating)
    item.theme, item.mood, item.triage_method = found.theme, found.mood, found.method


def _item(
    project: Project,
    one: Said,
    customers: dict[str, Customer],
    now: datetime,
    connection: Connection | None,
) -> FeedbackItem:
    item = FeedbackItem(
        project=project,
        source=one.source,
        external_id=one.external_id,
        received_at=now,
        connection=connection,
        answer_to=one.answer_to,
        customer=customers[one.customer[0]] if one.customer else None,
        status=Status.ANSWERED if one.reply_text else Status.NEW,
        **{name: getattr(one, name) for name in _EDITABLE},
    )
    _sort(item)
    return item


def _customers(project: Project, said: list[Said]) -> dict[str, Customer]:
    facts = {one.customer[0]: one.customer for one in said if one.customer}
    if not facts:
        return {}
    Customer.objects.bulk_create(
        (
            Customer(project=project, external_id=known_by, name=name, email=email)
            for known_by, name, email in sorted(facts.values())
        ),
        ignore_conflicts=True,
    )
    return {
        customer.external_id: customer
        for customer in Customer.objects.filter(project=project, external_id__in=facts)
    }


def mark_linked(items: Iterable[FeedbackItem], *, now: datetime) -> None:
    """Note that these have been linked to ships, so that they wait no longer."""
    FeedbackItem.objects.filter(pk__in=[item.pk for item in items]).update(linked_at=now)
