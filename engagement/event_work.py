"""Working out the metrics that are made of events: new buckets, corrected ones, and history.

A metric is claimed by one UPDATE. The values of a stretch of buckets and how far the metric is
worked out are saved together, and only by who still holds the claim for the same revision: a
worker may die anywhere, or run twice, and a changed definition never mixes with the one before.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.attempts import varied
from common.windows import HOUR, Window
from engagement.event_history import counted_from, counted_values, kept_from, known_from
from engagement.event_late import corrected
from engagement.event_measures import SETTLED, Asked, Bucket, asked_of
from engagement.event_samples import replace_samples
from engagement.event_values import values_of
from engagement.models import EventMetric

logger = logging.getLogger(__name__)

# So much is worked out in one transaction.
PART = timedelta(days=28)
# What came by then is in the table for certain: a call may be stored a little after it was read.
STORED = timedelta(minutes=2)
# Corrections wait for the next bucket, but not longer.
LONGEST_WAIT = HOUR
WAIT = timedelta(seconds=30)
NOTHING_YET = timedelta(minutes=5)
AFTER_FAILURE = timedelta(minutes=15)


@dataclass(slots=True)
class Plan:
    """The stretch of buckets that comes next, if any, and what the row says once it is done."""

    window: Window | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def work_part(row: EventMetric, *, now: datetime) -> bool:
    """Work out the next stretch of a metric that this worker has claimed.

    Returns True if there is more to do at once, and the claim is kept for it. A failure moves
    nothing: it is noted on the row, with when the next try is due.
    """
    try:
        asked = asked_of(row)
        plan = next_plan(row, asked, now=now)
        found = _values(asked, plan.window, now) if plan.window else []
        return _save(row, asked, plan, found, now)
    except Exception:
        logger.exception("Metric %s of events could not be worked out.", row.metric_id)
        mine = EventMetric.objects.filter(pk=row.pk, claimed_at=row.claimed_at)
        problem = "It could not be worked out. Wake’s log says more; it tries again."
        mine.update(claimed_at=None, next_due_at=now + varied(AFTER_FAILURE), problem=problem)
        return False


def next_plan(row: EventMetric, asked: Asked, *, now: datetime) -> Plan:
    """Return what comes next: new buckets, then corrected ones, then history, newest first."""
    end = asked.final_until(now)
    plan = Plan(facts=_start(row, asked, end, now))
    state = {name: getattr(row, name) for name in STATE} | plan.facts
    if state["worked_out_until"] is None:
        return plan  # nothing ever happened in this project
    # Before it, events are dropped: what was worked out of them stays as it is.
    floor = asked.history_from(kept_from(now))
    start, until = state["worked_out_from"], state["worked_out_until"]
    first = max(until, floor, state["history_from"])
    if first < end:
        plan.window = Window(first, min(end, first + PART))
        plan.facts["worked_out_until"] = plan.window.end
        if start == until:
            plan.facts["worked_out_from"] = first
        return plan
    if row.seen_until is not None and row.seen_until < now - 2 * STORED:
        plan.facts.update(_news(row, asked, floor, now))
        state |= plan.facts
    again = [Window(*map(datetime.fromisoformat, pair)) for pair in state["again"]]
    again = [one for one in again if one.end > max(start, floor) and one.start < until]
    if again:
        one = again.pop(0)
        first = max(one.start, start, floor)
        plan.window = Window(first, min(one.end, until, first + PART))
        if plan.window.end < min(one.end, until):
            again.insert(0, Window(plan.window.end, one.end))
        plan.facts["again"] = _written(again)
        return plan
    plan.facts["again"] = []
    plan.window = _history(asked, start, state["history_from"], floor)
    if plan.window:
        plan.facts["worked_out_from"] = plan.window.start
    return plan


STATE = ("worked_out_from", "worked_out_until", "history_from", "seen_until", "again")


def _start(row: EventMetric, asked: Asked, end: datetime, now: datetime) -> dict[str, Any]:
    """Return where a metric that was never worked out begins: at its newest bucket."""
    if row.worked_out_until is not None:
        return {}
    since = _goal(asked, now)
    if since is None:
        return {}
    return {
        "worked_out_from": end,
        "worked_out_until": end,
        "history_from": since,
        "seen_until": now - STORED,
        "again": [],
    }


def _goal(asked: Asked, now: datetime) -> datetime | None:
    """Return the first bucket that history is to reach, or None if there is no event yet."""
    known = known_from(asked.project_id, now)
    goals = [asked.history_from(known)] if known else []
    if counted := counted_from(asked):
        goals.append(counted)
    return min(goals, default=None)


def _news(row: EventMetric, asked: Asked, floor: datetime, now: datetime) -> dict[str, Any]:
    """Return the buckets that what came since the last look changes, and how far history goes."""
    assert row.seen_until is not None and row.worked_out_until is not None
    assert row.history_from is not None
    concerned = Window(floor, row.worked_out_until)
    again = [Window(*map(datetime.fromisoformat, pair)) for pair in row.again]
    again += corrected(asked, since=row.seen_until, among=concerned)
    goal = _goal(asked, now)
    return {
        "again": _written(joined(again)),
        "seen_until": now - STORED,
        "history_from": min(row.history_from, goal) if goal else row.history_from,
    }


def joined(windows: list[Window]) -> list[Window]:
    """Return the windows by time, those that meet or overlap as one."""
    found: list[Window] = []
    for one in sorted(windows, key=lambda window: window.start):
        if found and one.start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def _written(windows: list[Window]) -> list[list[str]]:
    return [[one.start.isoformat(), one.end.isoformat()] for one in windows]


def _history(asked: Asked, start: datetime, goal: datetime, floor: datetime) -> Window | None:
    """Return the stretch before what is worked out, from one kind of record alone."""
    if start <= goal:
        return None
    if start > floor:
        first = max(start - PART, goal, floor)
        return Window(first, start) if first < start else None
    if counted_from(asked) is None:
        return None
    return Window(max(start - PART, goal), start)


def _values(asked: Asked, window: Window, now: datetime) -> list[Bucket]:
    floor = asked.history_from(kept_from(now))
    return values_of(asked, window) if window.start >= floor else counted_values(asked, window)


def _save(row: EventMetric, asked: Asked, plan: Plan, found: list[Bucket], now: datetime) -> bool:
    has_more = plan.window is not None
    facts = {**plan.facts, "problem": "", "claimed_at": now if has_more else None}
    facts["next_due_at"] = now if has_more else _next_due(row, asked, now)
    with transaction.atomic():
        mine = EventMetric.objects.select_for_update().filter(
            pk=row.pk, claimed_at=row.claimed_at, revision=row.revision
        )
        # Changed or removed meanwhile, or taken over as stale: what was found is thrown away.
        if mine.first() is None:
            return False
        if plan.window:
            replace_samples(row.metric, plan.window, found, now=now)
        mine.update(**facts)
    for name, value in facts.items():
        setattr(row, name, value)
    return has_more


def _next_due(row: EventMetric, asked: Asked, now: datetime) -> datetime:
    """Return when the next bucket is final, or corrections are looked for; not all at once."""
    if row.worked_out_until is None:
        return now + varied(NOTHING_YET)
    next_end = asked.final_until(now) + asked.resolution
    return max(min(next_end + asked.delay + SETTLED, now + LONGEST_WAIT), now) + varied(WAIT)


def hurry(project: Project, *, now: datetime) -> int:
    """Make the project's metrics of events due, because a ship is looked at; return how many.

    One whose last turn failed keeps its time.
    """
    waiting = EventMetric.objects.filter(metric__project=project, problem="", next_due_at__gt=now)
    return waiting.update(next_due_at=now)


def is_history_done(row: EventMetric) -> bool:
    """Return True if the metric is worked out as far back as it can be, for now."""
    if row.worked_out_from is None or row.history_from is None or row.again:
        return False
    return row.next_due_at is not None and row.claimed_at is None
