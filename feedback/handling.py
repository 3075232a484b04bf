"""What the team does with what customers said: see, answer, close, note, take on, hand over.

Everything here also writes the history, in the same transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from common.values import storable
from feedback.models import BulkAction, FeedbackEvent, FeedbackItem, Status

Kind = FeedbackEvent.Kind
LONGEST_NOTE = 10_000


def move_to(item: FeedbackItem, status: Status, *, by: User, now: datetime) -> bool:
    """Save how far the team is with `item`; return False if it was there already.

    Whoever answers or closes something has read it, so that counts as its first look too.
    Back to new keeps the first look: it did happen.
    """
    moved = move_many([item.pk], status, by=by, now=now)
    item.refresh_from_db(fields=["status", "seen_at", "seen_by"])
    return bool(moved)


def move_many(
    keys: Sequence[int], status: Status, *, by: User, now: datetime, bulk: BulkAction | None = None
) -> int:
    """Do as move_to() with all of these; return how many were not there yet."""
    with transaction.atomic():
        was = dict(_locked(keys).exclude(status=status).values_list("pk", "status"))
        if status != Status.NEW:
            FeedbackItem.objects.filter(pk__in=keys, seen_at=None).update(seen_at=now, seen_by=by)
        FeedbackItem.objects.filter(pk__in=was).update(status=status)
        details = {key: {"was": old, "now": status.value} for key, old in was.items()}
        write_history(Kind.STATUS, details, by=by, now=now, bulk=bulk)
    return len(was)


def assign(
    item: FeedbackItem, to: User | None, *, by: User, now: datetime, because: str = ""
) -> bool:
    """Say who looks after `item`, and why; None: nobody. Return False if that was so already.

    Taking it on oneself is a claim, everything else a handing over. The caller knows that `to` is
    a member of the project.
    """
    changed = assign_many([item.pk], to, by=by, now=now, because=because)
    item.refresh_from_db(fields=["assignee", "assigned_at"])
    return bool(changed)


def assign_many(
    keys: Sequence[int],
    to: User | None,
    *,
    by: User,
    now: datetime,
    because: str = "",
    bulk: BulkAction | None = None,
) -> int:
    """Do as assign() with all of these; return how many somebody else looked after."""
    with transaction.atomic():
        other = Q(assignee__isnull=False) if to is None else ~Q(assignee=to) | Q(assignee=None)
        was = dict(_locked(keys).filter(other).values_list("pk", "assignee"))
        FeedbackItem.objects.filter(pk__in=was).update(assignee=to, assigned_at=now if to else None)
        details = {key: {"was": old, "now": to.pk if to else None} for key, old in was.items()}
        kind = Kind.CLAIMED if to == by else Kind.HANDED_OVER
        write_history(kind, details, by=by, now=now, because=because, bulk=bulk)
    return len(was)


def add_note(item: FeedbackItem, text: str, *, by: User, now: datetime) -> FeedbackEvent | None:
    """Save what a member notes on `item`, for the team alone; return None if it is empty."""
    text = storable(text).strip()[:LONGEST_NOTE]
    if not text:
        return None
    return FeedbackEvent.objects.create(
        feedback=item, kind=Kind.NOTE, by=by, happened_at=now, text=text
    )


def write_history(
    kind: FeedbackEvent.Kind,
    details: dict[int, dict[str, Any]],
    *,
    by: User | None,
    now: datetime,
    because: str = "",
    bulk: BulkAction | None = None,
) -> None:
    """Write one event for each feedback named in `details`."""
    FeedbackEvent.objects.bulk_create(
        FeedbackEvent(
            feedback_id=key,
            kind=kind,
            by=by,
            happened_at=now,
            text=storable(because).strip()[:LONGEST_NOTE],
            details=said,
            bulk=bulk,
        )
        for key, said in details.items()
    )


def _locked(keys: Iterable[int]) -> Any:
    # In one order for everybody, so that two people's batches wait for each other.
    rows = FeedbackItem.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(pk__in=keys).order_by("pk")
