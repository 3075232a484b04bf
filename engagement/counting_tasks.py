"""Doorbells for events: counting what came, and dropping what is older than it is kept."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from engagement import counting
from engagement.event_keeping import drop_what_is_old, make_room


@shared_task
def count_new_events(**_: Any) -> None:
    """Ring for every project that events came for."""
    now = timezone.now()
    counting.take_up(now)
    for counting_id in counting.due(now).values_list("pk", flat=True):
        count_events.apply_async(kwargs={"counting_id": counting_id}, expires=60)


@shared_task
def count_events(*, counting_id: int, **_: Any) -> None:
    """Claim a project's counting, and count each day that something came for."""
    turn = counting.begin(counting_id, now=timezone.now())
    if turn is None:
        return
    for day in turn.days:
        if not counting.count_day(turn, day, now=timezone.now()):
            return
    counting.finish(turn, now=timezone.now())


@shared_task
def keep_events_in_bounds(**_: Any) -> None:
    """Make the parts that the next events go into, and drop what is older than it is kept."""
    now = timezone.now()
    make_room(now)
    drop_what_is_old(now)
