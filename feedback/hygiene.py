"""What is done with every batch once it is stored: spam is held back, repeats are merged."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import Project
from feedback.duplicates import merge_duplicates
from feedback.models import FeedbackEvent, FeedbackItem
from feedback.spam import SENDERS, Spam, spam_in


def keep_clean(
    project: Project,
    created: Sequence[FeedbackItem],
    edited: Sequence[FeedbackItem],
    *,
    newcomers: Collection[int] = frozenset(),
    now: datetime,
) -> None:
    """Hold back and merge among what was `created`, and `edited` so that it has new words.

    `newcomers` are the keys of customers who said nothing before. The caller holds `lock_groups`.
    What a person released or separated is left alone.
    """
    released = _released(edited)
    judged = [item for item in (*created, *edited) if item.pk not in released]
    _hold({item: spam_in(item.text, rating=item.rating, extra=item.extra) for item in judged}, now)
    keys = {item.pk for item in edited}
    items = [*created, *edited]
    if merge_duplicates(project, items, edited=keys, newcomers=newcomers, now=now):
        _hold_chain_letters((*created, *edited), now)


def _hold(judged: dict[FeedbackItem, Spam], now: datetime) -> None:
    held = [item for item, spam in judged.items() if spam.is_held and item.held_at is None]
    for item in held:
        item.held_at, item.held_because = now, judged[item].because[:200]
    if not held:
        return
    FeedbackItem.objects.bulk_update(held, ["held_at", "held_because"], batch_size=200)
    FeedbackEvent.objects.bulk_create(
        FeedbackEvent(
            feedback=item,
            kind=FeedbackEvent.Kind.HELD,
            happened_at=now,
            text=judged[item].because,
        )
        for item in held
    )


def _hold_chain_letters(items: Iterable[FeedbackItem], now: datetime) -> None:
    """Hold back what many customers sent in the same words, if it has a mark of spam besides."""
    heads = {item.merged_into_id for item in items if item.merged_into_id}
    sent = FeedbackItem.objects.heard().filter(pk__in=heads)
    several = sent.annotate(
        others=Count("merged__customer", distinct=True, filter=Q(merged__customer__isnull=False))
    ).filter(others__gte=SENDERS - 1)
    rows = list(several)
    released = _released(rows)
    _hold(
        {
            item: spam_in(item.text, rating=item.rating, extra=item.extra, senders=item.others + 1)
            for item in rows
            if item.pk not in released
        },
        now,
    )


def _released(items: Iterable[FeedbackItem]) -> set[int]:
    keys = [item.pk for item in items]
    if not keys:
        return set()
    events = FeedbackEvent.objects.filter(kind=FeedbackEvent.Kind.RELEASED, feedback__in=keys)
    return set(events.values_list("feedback_id", flat=True))
