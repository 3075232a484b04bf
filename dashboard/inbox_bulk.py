"""What can be done to several feedback at once, how it is done batch by batch, and undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.models import Project, User
from common.claims import stale_before
from common.paging import Keyset, rows_beyond
from common.values import read_key
from dashboard.inbox_actions import ACTIONS, NotDoable
from dashboard.inbox_filters import InboxFilter
from deployments.models import Deployment
from feedback.handling import assign_many, move_many
from feedback.holding import hold, release
from feedback.merging import merge
from feedback.models import BulkAction, FeedbackEvent, FeedbackItem, Status
from learning.corrections import correct_attribution

BATCH = 200  # what one transaction changes; no more than this is done while somebody waits
SLICE = 20  # batches that one task does before it lets others have their turn
MOST_MERGED = 50
BY_HAND = "A person said that it is spam."
Kind = FeedbackEvent.Kind
State = BulkAction.State


def waiting(now: datetime) -> "QuerySet[BulkAction]":
    """Return the actions that no living worker holds."""
    dropped = Q(state=State.RUNNING, claimed_at__lt=stale_before(now))
    return BulkAction.objects.filter(Q(state=State.QUEUED) | dropped)


def do_to_these(
    project: Project, keys: Sequence[int], action: str, choice: str, *, by: User, now: datetime
) -> BulkAction:
    """Do `action` to these feedback of the project now, all or none; raises NotDoable."""
    if len(keys) > BATCH:
        raise NotDoable(f"Choose at most {BATCH} by hand, or all that match.")
    told = _told(project, action, choice)
    keys = list(
        FeedbackItem.objects.filter(project=project, pk__in=keys).values_list("pk", flat=True)
    )
    if not keys:
        raise NotDoable("Choose at least one first.")
    with transaction.atomic():
        job = BulkAction.objects.create(
            project=project, by=by, action=action, choice=choice, state=State.DONE,
            created_at=now, finished_at=now, looked_at=len(keys),
        )  # fmt: skip
        job.changed = _do(job, keys, told, by=by, now=now)
        job.save(update_fields=["changed"])
    return job


def queue_for_all(
    project: Project, query: str, action: str, choice: str, *, by: User, now: datetime
) -> BulkAction:
    """Have a worker do `action` to all that match the filters now; raises NotDoable."""
    _told(project, action, choice)
    if not ACTIONS[action].is_for_all or len(query) > 1000:
        raise NotDoable("This can be done only to what is chosen by hand.")
    return BulkAction.objects.create(
        project=project, by=by, action=action, choice=choice, query=query, created_at=now
    )


def queue_undo(job: BulkAction, *, by: User, now: datetime) -> BulkAction:
    """Have what `job` did put back, where nobody has changed it since; raises NotDoable."""
    if not ACTIONS[job.action].is_undone or job.state not in (State.DONE, State.STOPPED):
        raise NotDoable("This cannot be undone.")
    undo, is_new = BulkAction.objects.get_or_create(
        undoes=job,
        defaults={"project": job.project, "by": by, "action": "undo", "created_at": now},
    )
    if not is_new:
        raise NotDoable("This was undone already.")
    return undo


def stop(job: BulkAction, *, now: datetime) -> bool:
    """Let a job end after the batch that is being done; return False if it has ended."""
    going = BulkAction.objects.filter(pk=job.pk, state__in=[State.QUEUED, State.RUNNING])
    return going.update(state=State.STOPPED, finished_at=now) == 1


def run_bulk_action(job: BulkAction, *, now: datetime) -> bool:
    """Move the job on by up to SLICE batches; return True if there is more to do.

    Does nothing if another worker holds it. A batch, and how far it came, are stored together.
    """
    if not waiting(now).filter(pk=job.pk).update(state=State.RUNNING, claimed_at=now):
        return False
    job.refresh_from_db()
    if job.by is None:
        return _end(job, State.STOPPED, now, "The person who asked for it has left.")
    try:
        told = _told(job.project, job.action, job.choice)
        for _ in range(SLICE):
            if not _one_batch(job, told, now):
                return _end(job, State.DONE, now)
    except NotDoable as reason:
        return _end(job, State.STOPPED, now, str(reason))
    return BulkAction.objects.filter(pk=job.pk, state=State.RUNNING).update(state=State.QUEUED) == 1


def _end(job: BulkAction, state: BulkAction.State, now: datetime, problem: str = "") -> bool:
    BulkAction.objects.filter(pk=job.pk, state=State.RUNNING).update(
        state=state, finished_at=now, problem=problem
    )
    return False


def _one_batch(job: BulkAction, told: Any, now: datetime) -> bool:
    assert job.by is not None
    with transaction.atomic():
        # Whoever stopped it in the meantime has won.
        if not BulkAction.objects.select_for_update(of=("self",)).filter(
            pk=job.pk, state=State.RUNNING
        ):
            return False
        keys, job.cursor = _undone_keys(job) if job.undoes_id else _matching_keys(job)
        job.looked_at += len(keys)
        job.changed += _do(job, keys, told, by=job.by, now=now) if keys else 0
        job.save(update_fields=["cursor", "looked_at", "changed"])
    return len(keys) == BATCH


def _matching_keys(job: BulkAction) -> tuple[list[int], list[Any]]:
    assert job.by is not None
    wanted = InboxFilter(QueryDict(job.query), project=job.project, reader=job.by)
    keyset = Keyset.by(wanted.by)
    at = keyset.read(wanted.among(), job.cursor) if job.cursor else None
    # What came after the person asked, they have not seen.
    items = wanted.items().filter(received_at__lte=job.created_at)
    far = wanted.far()
    rows = rows_beyond(
        items, keyset, at=at, most=BATCH, among=wanted.among(),
        far=None if far is None else far.filter(received_at__lte=job.created_at),
    )  # fmt: skip
    cursor = [str(part) for part in keyset.position(rows[-1])] if rows else job.cursor
    return [row.pk for row in rows], cursor


def _undone_keys(job: BulkAction) -> tuple[list[int], list[Any]]:
    events = FeedbackEvent.objects.filter(bulk=job.undoes_id, pk__gt=(job.cursor or [0])[0])
    keys = list(events.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return keys, keys[-1:] or job.cursor


def _told(project: Project, action: str, choice: str) -> Any:
    """Return whom or what the choice names: a user, a ship, or None for nobody and none."""
    if action not in ACTIONS:
        raise NotDoable("Choose what to do first.")
    number = read_key(choice)
    if action == "assign" and choice != "nobody":
        person = User.objects.filter(
            memberships__project=project, is_active=True, pk=number
        ).first()
        if person is None:
            raise NotDoable("Choose whom to assign it to.")
        return person
    if action == "ship" and choice != "none":
        ships = Deployment.objects.filter(project=project).reaching_customers()
        ship = ships.filter(pk=number).first()
        if ship is None:
            raise NotDoable("Choose the ship that it is about.")
        return ship
    return None


def _do(job: BulkAction, keys: list[int], told: Any, *, by: User, now: datetime) -> int:
    if job.action in Status.values:
        return move_many(keys, Status(job.action), by=by, now=now, bulk=job)
    if job.action == "assign":
        return assign_many(keys, told, by=by, now=now, bulk=job)
    if job.action == "undo":
        return _undo(keys, by=by, now=now, undo=job)
    items = list(FeedbackItem.objects.filter(pk__in=keys).order_by("said_at", "pk"))
    if job.action == "merge":
        return _merge(items, by=by, now=now)
    if job.action == "ship":
        for item in items:
            correct_attribution(item, deployment=told, by=by, now=now)
        return len(items)
    if job.action == "hold":
        changed = [item.pk for item in items if hold(item, because=BY_HAND, by=by, now=now)]
    else:
        changed = [item.pk for item in items if release(item, by=by, now=now)]
    kinds = [Kind.HELD, Kind.RELEASED]
    written = FeedbackEvent.objects.filter(feedback__in=changed, kind__in=kinds, happened_at=now)
    written.update(bulk=job)
    return len(changed)


def _merge(items: list[FeedbackItem], *, by: User, now: datetime) -> int:
    if not 2 <= len(items) <= MOST_MERGED:
        raise NotDoable(f"Choose from 2 to {MOST_MERGED} to merge.")
    first, *others = items
    for item in others:
        merge(item, into=first, by=by, now=now)
    return len(others)


def _undo(keys: list[int], *, by: User, now: datetime, undo: BulkAction) -> int:
    """Put back what these events changed, where it still is as they left it."""
    changed = 0
    events = FeedbackEvent.objects.filter(pk__in=keys).select_related("feedback").order_by("pk")
    groups: dict[tuple[str, Any], list[int]] = {}
    for event in events:
        item, was, left = event.feedback, event.details.get("was"), event.details.get("now")
        if event.kind == Kind.HELD:
            changed += release(item, by=by, now=now)
        elif event.kind == Kind.RELEASED:
            changed += hold(item, because=BY_HAND, by=by, now=now)
        elif event.kind == Kind.STATUS and item.status == left:
            groups.setdefault(("status", was), []).append(item.pk)
        elif event.kind in (Kind.CLAIMED, Kind.HANDED_OVER) and item.assignee_id == left:
            groups.setdefault(("assignee", was), []).append(item.pk)
    people = User.objects.in_bulk([was for what, was in groups if what == "assignee" and was])
    for (what, was), pks in groups.items():
        if what == "status":
            changed += move_many(pks, Status(was), by=by, now=now, bulk=undo)
        else:
            changed += assign_many(pks, people.get(was), by=by, now=now, bulk=undo)
    return changed
