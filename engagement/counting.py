"""Counting events: how often each happened in an hour and a day, and how many users were at it.

Always from the events themselves, a whole day of UTC at a time, so that a day may be counted again
at any later moment: late events, and users who turn out to be one, correct it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Project
from common.claims import unclaimed
from common.windows import DAY, Window
from engagement.counting_sql import count_in, days_of_what_came
from engagement.event_intake import oldest_kept
from engagement.models import Counting, Event, EventCount, SameUser, VersionUse

# An event carries the moment at which it came, and is seen when its transaction ends: what came so
# lately is looked at again. No web worker lives longer with one call.
OVERLAP = timedelta(minutes=2)
LEAST_REST = timedelta(seconds=50)
# A project whose counting takes long rests longer, so that it never takes more than this share.
SHARE = 20
# Users are stitched, and clocks corrected, for so many days after a day is over.
SETTLES = 2


@dataclass(slots=True)
class Turn:
    """One worker's turn at counting a project: which days, and the claim that it holds."""

    counting: Counting
    claimed_at: datetime
    started_at: datetime
    days: list[date]


def due(now: datetime) -> models.QuerySet[Counting]:
    """Return the projects to count for: those that something came for since they last were."""
    came = Event.objects.filter(project=OuterRef("project"))
    met = SameUser.objects.filter(project=OuterRef("project"))
    since = OuterRef("seen_from")
    new = Exists(came.filter(received_at__gt=since)) | Exists(met.filter(learned_at__gt=since))
    waiting = Counting.objects.filter(unclaimed(now), next_due_at__lte=now)
    return waiting.annotate(
        seen_from=models.ExpressionWrapper(
            models.F("counted_until") - OVERLAP, output_field=models.DateTimeField()
        )
    ).filter(Q(counted_until=None) | new)


def take_up(now: datetime) -> int:
    """Give every project that has events its row of counting; return how many were new."""
    has = Exists(Event.objects.filter(project=OuterRef("pk")))
    fresh = Project.objects.filter(has, counting=None).values_list("pk", flat=True)
    rows = [Counting(project_id=pk, next_due_at=now) for pk in fresh]
    Counting.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def begin(counting_id: int, *, now: datetime) -> Turn | None:
    """Claim a project's counting, and return what is to be done; None if another worker has it."""
    open_ = Counting.objects.filter(unclaimed(now), pk=counting_id, next_due_at__lte=now)
    # The UPDATE is the lock: whoever changes the row has won it.
    if open_.update(claimed_at=now) != 1:
        return None
    counting = Counting.objects.get(pk=counting_id)
    return Turn(counting, now, now, _days(counting, now))


def _days(counting: Counting, now: datetime) -> list[date]:
    """Return the days to count, newest first: pages are read for today."""
    since = counting.counted_until and counting.counted_until - OVERLAP
    days = days_of_what_came(counting.project_id, since=since, until=now)
    today = now.date()
    if since is not None:
        met = SameUser.objects.filter(project=counting.project_id, learned_at__gt=since)
        if met.exists():
            days |= {today, today - DAY}
        if since.date() != today:
            days |= {today - number * DAY for number in range(1, SETTLES + 1)}
    oldest = oldest_kept(now).date()
    return sorted((day for day in days if oldest <= day <= today), reverse=True)


def count_day(turn: Turn, day: date, *, now: datetime) -> bool:
    """Count a day anew, in place of what was counted; return False if the claim was lost."""
    window = Window.after(datetime.combine(day, time(), UTC), DAY)
    project_id = turn.counting.project_id
    with transaction.atomic():
        mine = Counting.objects.filter(pk=turn.counting.pk, claimed_at=turn.claimed_at)
        # Also keeps whoever takes a stale claim over from counting the same day at once.
        if mine.update(claimed_at=now) != 1:
            return False
        for counted in (EventCount, VersionUse):
            rows = counted.objects.filter(project=project_id)
            rows.filter(starts_at__gte=window.start, starts_at__lt=window.end).delete()
        count_in(project_id, window)
    turn.claimed_at = now
    return True


def finish(turn: Turn, *, now: datetime) -> None:
    """Note how far the project is counted, and give the claim back."""
    rest = max(LEAST_REST, SHARE * (now - turn.started_at))
    Counting.objects.filter(pk=turn.counting.pk, claimed_at=turn.claimed_at).update(
        counted_until=turn.started_at, next_due_at=now + rest, claimed_at=None
    )


def count_now(project: Project, *, now: datetime) -> list[date]:
    """Count all that came for a project, at once; return the days that were counted."""
    counting, _ = Counting.objects.get_or_create(project=project, defaults={"next_due_at": now})
    Counting.objects.filter(pk=counting.pk).update(next_due_at=now)
    turn = begin(counting.pk, now=now)
    if turn is None:
        return []
    days = [day for day in turn.days if count_day(turn, day, now=now)]
    finish(turn, now=now)
    return days
