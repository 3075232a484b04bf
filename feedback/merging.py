"""Saying that two things customers said are one, and taking that back.

The one that stands for both is its group's head. Groups are flat: what is merged points straight at
its head, and a head points nowhere, so there are no chains and no circles. Whoever changes a group
holds the lock on the project (`lock_groups`), so two changes at once follow each other.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts.models import Project, User
from feedback.models import FeedbackEvent, FeedbackItem

BY_HAND = "A person said that it is the same."


def merge(
    item: FeedbackItem,
    *,
    into: FeedbackItem,
    by: User | None,
    now: datetime,
    because: str = BY_HAND,
) -> FeedbackItem:
    """Merge `item`, and all that was merged into it, `into` another; return the head of them all.

    `by` is None if Wake does it by itself. Merging what is one group already changes nothing.
    Raises ValueError if the two are of different projects.
    """
    if item.project_id != into.project_id:
        raise ValueError("Feedback of two projects cannot be merged.")
    with transaction.atomic():
        lock_groups(item.project_id)
        item, into = (FeedbackItem.objects.get(pk=one.pk) for one in (item, into))
        head = into.merged_into or into
        if into.pk == item.pk:
            return head
        if head.pk == item.pk:
            # `into` belongs to `item` already: the wish is that the other one stands for both.
            head = into
        if item.merged_into_id == head.pk:
            return head
        # A member of another group comes alone; a head brings its members along.
        moved = FeedbackItem.objects.filter(Q(pk=item.pk) | Q(merged_into=item)).exclude(pk=head.pk)
        keys = list(moved.values_list("pk", flat=True))
        FeedbackItem.objects.filter(pk=head.pk).update(
            merged_into=None, merged_at=None, merged_because=""
        )
        FeedbackItem.objects.filter(pk__in=keys).update(
            merged_into=head, merged_at=now, merged_because=because[:200]
        )
        note_merged([(item.pk, head.pk)], by=by, now=now, because=because)
    return head


def separate(item: FeedbackItem, *, by: User, now: datetime) -> bool:
    """Let `item` stand for itself again; return False if it was not merged.

    Wake never merges it with the same one by itself again. It is linked to ships anew.
    """
    with transaction.atomic():
        lock_groups(item.project_id)
        item = FeedbackItem.objects.get(pk=item.pk)
        head = item.merged_into_id
        if head is None:
            return False
        FeedbackItem.objects.filter(pk=item.pk).update(
            merged_into=None, merged_at=None, merged_because="", linked_at=None
        )
        FeedbackEvent.objects.bulk_create(
            FeedbackEvent(
                feedback_id=one,
                kind=FeedbackEvent.Kind.SEPARATED,
                by=by,
                happened_at=now,
                details={"other": other},
            )
            for one, other in ((item.pk, head), (head, item.pk))
        )
    return True


def with_voices(items: models.QuerySet[FeedbackItem]) -> models.QuerySet[FeedbackItem]:
    """Give each feedback `voices`: how often it was said, itself and what was merged into it."""
    merged = (
        FeedbackItem.objects.filter(merged_into=models.OuterRef("pk"))
        .order_by()
        .values("merged_into")
        .annotate(n=models.Count("pk"))
        .values("n")
    )
    return items.annotate(voices=1 + Coalesce(models.Subquery(merged), models.Value(0)))


def kept_apart(keys: Iterable[int]) -> set[frozenset[int]]:
    """Return the pairs with one of these keys that a person has separated."""
    events = FeedbackEvent.objects.filter(
        kind=FeedbackEvent.Kind.SEPARATED, feedback__in=list(keys)
    )
    return {
        frozenset((one, details["other"]))
        for one, details in events.values_list("feedback", "details")
        if details.get("other")
    }


def lock_groups(project_id: int) -> None:
    """Hold back other changes of the project's groups until this transaction ends."""
    # "No key", so that rows which merely point at the project can still be written.
    Project.objects.select_for_update(no_key=True).values_list("pk").get(pk=project_id)


def try_lock_groups(project_id: int) -> bool:
    """Do what lock_groups() does, or return False if somebody else holds the lock."""
    free = Project.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=project_id)
    return free.values_list("pk").first() is not None


def note_merged(
    pairs: Iterable[tuple[int, int]], *, by: User | None, now: datetime, because: str
) -> None:
    """Write (what was merged, its head) into the history of both."""
    FeedbackEvent.objects.bulk_create(
        FeedbackEvent(
            feedback_id=one,
            kind=FeedbackEvent.Kind.MERGED,
            by=by,
            happened_at=now,
            text=because,
            details=details,
        )
        for item, head in pairs
        for one, details in ((item, {"into": head}), (head, {"took_in": item}))
    )
