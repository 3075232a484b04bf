"""The writing door for what users say: every way in ends here."""

from collections.abc import Collection, Iterable
from datetime import datetime, tzinfo
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.errors import BadInput, IntakeReport, RowError
from feedback.hygiene import keep_clean
from feedback.language import language_of
from feedback.merging import lock_groups
from feedback.models import Connection, Customer, FeedbackItem, Status
from feedback.remembering import without_forgotten
from feedback.rows import EDITABLE, Said, read_feedback
from feedback.triage import triage

BATCH = 1_000


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
    said, report = read_rows(
        rows, now=now, source=source, zone=zone, first_index=first_index,
        answerable=connection is not None,
    )  # fmt: skip
    with transaction.atomic():
        save_said(project, said, report, now, dry_run, connection)
    return report


def read_rows(
    rows: Iterable[Any],
    *,
    now: datetime,
    source: str = "api",
    zone: tzinfo | None = None,
    first_index: int = 0,
    answerable: bool = False,
) -> tuple[Collection[Said], IntakeReport]:
    """Return the rows that can be taken, each id once, and a report that names the others."""
    report = IntakeReport()
    said: dict[tuple[str, str], Said] = {}
    for index, row in enumerate(rows, first_index):
        try:
            one = read_feedback(row, now=now, source=source, zone=zone, answerable=answerable)
        except BadInput as error:
            report.errors.append(RowError(index, error))
            continue
        if (one.source, one.external_id) in said:
            report.unchanged += 1  # named twice in one batch: the later row is the one kept
        said[one.source, one.external_id] = one
    return said.values(), report


def save_said(
    project: Project,
    said: Collection[Said],
    report: IntakeReport,
    now: datetime,
    dry_run: bool = False,
    connection: Connection | None = None,
) -> tuple[list[FeedbackItem], set[int]]:
    """Save what was read, in the caller's transaction; count it in `report`.

    Return what is stored of it, and the keys of what is new.
    """
    if not dry_run:
        # One batch of a project at a time: what is said twice at the same moment is seen to be,
        # and two batches of the same rows wait for each other.
        lock_groups(project.pk)
    wanted = {(one.source, one.external_id): one for one in without_forgotten(project, said)}
    report.unchanged += len(said) - len(wanted)
    known = {
        (item.source, item.external_id): item
        for item in FeedbackItem.objects.filter(
            project=project,
            source__in={source for source, _ in wanted},
            external_id__in=[external_id for _, external_id in wanted],
        )
        .select_for_update(of=("self",), no_key=True)
        .order_by("source", "external_id")
    }
    new = [one for key, one in wanted.items() if key not in known]
    changed = [
        (known[key], _rewrite(known[key], one))
        for key, one in wanted.items()
        if key in known and _differs(known[key], one)
    ]
    report.created += len(new)
    report.updated += len(changed)
    report.unchanged += len(wanted) - len(new) - len(changed)
    if dry_run:
        return [], set()
    customers, newcomers = _customers(project, new)
    created = FeedbackItem.objects.bulk_create(
        _item_of(
            project.pk, one, now, customers[one.customer[0]] if one.customer else None, connection
        )
        for one in new
    )
    FeedbackItem.objects.bulk_update(
        [item for item, _ in changed],
        [*EDITABLE, "theme", "mood", "triage_method", "language", "linked_at", "status"],
        batch_size=200,
    )
    if connection:
        _attach([(item, wanted[key]) for key, item in known.items()], connection)
    said_anew = [item for item, has_new_words in changed if has_new_words]
    keep_clean(project, created, said_anew, newcomers=newcomers, now=now)
    return [*created, *known.values()], {item.pk for item in created}


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


def _rewrite(item: FeedbackItem, one: Said) -> bool:
    """Take over what `one` says, and return whether that is new words."""
    edits = one.edits()
    has_new_words = edits.get("text", item.text) != item.text
    if any(getattr(item, name) != edits[name] for name in _LINKING if name in edits):
        item.linked_at = None
    if edits.get("reply_text") and not item.reply_text and item.status != Status.CLOSED:
        item.status = Status.ANSWERED
    for name, value in edits.items():
        setattr(item, name, value)
    _sort(item)
    return has_new_words


def _sort(item: FeedbackItem) -> None:
    found = triage(item.text, item.rating)
    item.theme, item.mood, item.triage_method = found.theme, found.mood, found.method
    item.language = language_of(item.text)


def status_of(one: Said) -> Status:
    """Return how far the team is with what was just said."""
    return Status.ANSWERED if one.reply_text else Status.NEW


def _item_of(
    project_id: int,
    one: Said,
    now: datetime,
    customer: Customer | None = None,
    connection: Connection | None = None,
) -> FeedbackItem:
    item = FeedbackItem(
        pk=one.promised_id,
        project_id=project_id,
        source=one.source,
        external_id=one.external_id,
        received_at=one.received_at or now,
        connection=connection,
        answer_to=one.answer_to,
        customer=customer,
        status=status_of(one),
        **{name: getattr(one, name) for name in EDITABLE},
    )
    _sort(item)
    return item


def _customers(project: Project, said: list[Said]) -> tuple[dict[str, Customer], set[int]]:
    # By what they are known by, and the keys of those who are new.
    facts: dict[str, tuple[str, str]] = {}
    for one in said:
        if one.customer:
            known_by, name, email = one.customer
            before = facts.get(known_by, ("", ""))
            facts[known_by] = (name or before[0], email or before[1])
    if not facts:
        return {}, set()
    known = Customer.objects.filter(project=project, external_id__in=facts)
    customers = {customer.external_id: customer for customer in known}
    new = [
        Customer(project=project, external_id=known_by, name=name, email=email)
        for known_by, (name, email) in sorted(facts.items())
        if known_by not in customers
    ]
    learned = []
    for customer in customers.values():
        name, email = facts[customer.external_id]
        if (name and not customer.name) or (email and not customer.email):
            customer.name, customer.email = customer.name or name, customer.email or email
            learned.append(customer)
    Customer.objects.bulk_update(learned, ["name", "email"], batch_size=200)
    created = Customer.objects.bulk_create(new)
    by_name = customers | {customer.external_id: customer for customer in created}
    return by_name, {customer.pk for customer in created}


def mark_linked(items: Iterable[FeedbackItem], *, now: datetime) -> None:
    """Note that these have been linked to ships, so that they wait no longer."""
    FeedbackItem.objects.filter(pk__in=[item.pk for item in items]).update(linked_at=now)
