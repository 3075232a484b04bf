"""How far back events tell: themselves for a set time, and their counts for ever."""

from datetime import datetime

from django.db.models import Min, QuerySet, Sum

from common.windows import HOUR, Window
from engagement.event_intake import oldest_kept
from engagement.event_measures import ALIVE, Asked, Bucket
from engagement.event_values import was_alive
from engagement.models import Event, EventCount, Measure


def kept_from(now: datetime) -> datetime:
    """Return since when no event has been dropped for its age."""
    return oldest_kept(now)


def known_from(project_id: int, now: datetime) -> datetime | None:
    """Return since when all events of a project are in the table, or None if it has none."""
    kept = Event.objects.filter(project=project_id, occurred_at__gte=kept_from(now))
    return kept.aggregate(first=Min("occurred_at"))["first"]


def _counts(asked: Asked) -> QuerySet[EventCount]:
    """Return the counts of the asked event in its buckets.

    Each combination of environment, service and version has a row of its own, so they add up.
    """
    span = EventCount.Span.HOUR if asked.resolution == HOUR else EventCount.Span.DAY
    rows = EventCount.objects.filter(project=asked.project_id, span=span)
    for column in ("environment", "service", "version"):
        if wanted := getattr(asked, column):
            rows = rows.filter(**{column: wanted})
    return rows


def _is_counted(asked: Asked) -> bool:
    return asked.measure == Measure.COUNT and not asked.where


def counted_from(asked: Asked) -> datetime | None:
    """Return the first bucket that is told by counts alone, or None if what is asked is not.

    Only how often an event happened is: users of several days do not add up.
    """
    if not _is_counted(asked):
        return None
    first = _counts(asked).filter(name="").aggregate(first=Min("starts_at"))["first"]
    return first if first is None else asked.bucket(first)


def counted_values(asked: Asked, window: Window) -> list[Bucket]:
    """Return the buckets of the window as they were counted, oldest first.

    As in `values_of`, a bucket without the event is 0 if anything was recorded in the 24 hours up
    to its end.
    """
    if not _is_counted(asked):
        return []
    rows = _counts(asked)
    within = rows.filter(starts_at__gte=window.start, starts_at__lt=window.end)
    sums = within.filter(name=asked.event).values("starts_at").annotate(sum=Sum("events"))
    counts = dict(sums.values_list("starts_at", "sum"))
    anything = EventCount.objects.filter(
        project=asked.project_id,
        span=EventCount.Span.HOUR,
        name="",
        starts_at__gte=window.start - ALIVE,
        starts_at__lt=window.end,
    )
    busy = sorted(set(anything.values_list("starts_at", flat=True)))
    found = []
    for number in range(int(window.length / asked.resolution)):
        at = window.start + number * asked.resolution
        if at in counts or was_alive(busy, at + asked.resolution):
            found.append(Bucket(at, float(counts.get(at, 0))))
    return found
