"""Gathering: fills the buckets of metrics from where they are measured, oldest first.

A feed is claimed by one UPDATE. What a call brought and how far the buckets are filled are saved
together, and only by who still holds the claim: a worker may die anywhere, or run twice.
"""

import logging
import traceback
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import Project
from common.attempts import after_failure, hide, is_expected, varied
from common.places import AskedToWait, ConnectionFault
from common.rhythm import heard_again
from common.windows import Window
from engagement.intake import BATCH, record_samples
from engagement.models import Feed, Source
from engagement.reading import Reading, Versions, read_feed, rows_of
from engagement.sources.base import Access, SourceKind
from engagement.sources.registry import SOURCES

logger = logging.getLogger(__name__)

# A bucket is asked for so long after its end, when the last measurements have come in ...
SETTLED = timedelta(minutes=1)
# ... and so many full ones are asked for again, for what comes later.
AGAIN = 2
WAIT = timedelta(seconds=30)
MAX_NOTE = 2_000


def kind_of(source: Source) -> SourceKind:
    """Return the kind of a source; raises ConnectionFault if Wake has none such any more."""
    try:
        return SOURCES[source.kind]
    except KeyError:
        mend = "Remove the source, or go back to a Wake that has it."
        raise ConnectionFault(f"This Wake knows no “{source.kind}”.", mend) from None


def access_to(source: Source, *, now: datetime) -> Access:
    """Return how to get into a source."""
    allowed = tuple(settings.ALLOW_PRIVATE_HOSTS)
    return Access(source.options, source.secrets, now, allowed)


def gather_part(feed: Feed, *, now: datetime, versions: Versions) -> bool:
    """Fill the next buckets of a feed that this worker has claimed.

    Returns True if there is more to fill at once, and the claim is kept for it. A failure moves
    nothing: it is noted on the feed in plain words, with when the next try is due.
    """
    try:
        kind, access = kind_of(feed.source), access_to(feed.source, now=now)
        window = next_window(feed, now=now)
        reading = read_feed(feed, kind, access, window, versions=versions)
        return _save(feed, reading, window, now)
    except Exception as fault:
        _note_failure(feed, fault, now=now)
        return False


def next_window(feed: Feed, *, now: datetime) -> Window:
    """Return the full buckets that are still to be filled, with the last ones once more."""
    metric = feed.metric
    end = metric.bucket(now - SETTLED)
    first = metric.bucket(feed.created_at - timedelta(days=feed.days_back))
    until = feed.cursor.get("until")
    if until:
        start = metric.bucket(datetime.fromisoformat(until))
        # While history is filled, one part follows the other.
        start -= AGAIN * metric.resolution if end - start <= metric.resolution else timedelta(0)
        first = max(first, start)
    return Window(min(first, end), end)


def _save(feed: Feed, reading: Reading, window: Window, now: datetime) -> bool:
    has_more = reading.until < window.end
    cursor = {"until": reading.until.isoformat()}
    with transaction.atomic():
        mine = Feed.objects.select_for_update().filter(
            pk=feed.pk, claimed_at=feed.claimed_at, is_active=True
        )
        held = mine.first()
        # Paused, changed or removed meanwhile, or taken over as stale: what came is thrown away.
        if held is None or held.cursor != feed.cursor:
            return False
        news = _record(feed, reading, now)
        facts: dict[str, Any] = {
            "cursor": cursor,
            "note": hide(" ".join(reading.notes), feed.source.secrets)[:MAX_NOTE],
            "failures": 0,
            "failing_since": None,
            "problem": "",
            "tried_at": now,
            "worked_at": now,
            "rest_until": None,
            "claimed_at": now if has_more else None,
            "next_due_at": now if has_more else _next_due(window.end, feed, now),
        }
        if news:
            facts["rhythm"] = heard_again(feed.rhythm, before=feed.heard_at, now=now)
            facts["heard_at"] = now
        mine.update(**facts, received_count=F("received_count") + news)
    for name, value in facts.items():
        setattr(feed, name, value)
    return has_more


def _record(feed: Feed, reading: Reading, now: datetime) -> int:
    """Save the samples, and return how many were new or other than before."""
    rows, news = rows_of(feed, reading.points), 0
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        report = record_samples(project=feed.source.project, rows=batch, now=now)
        news += report.created + report.updated
    return news


def _next_due(end: datetime, feed: Feed, now: datetime) -> datetime:
    """Return when the next bucket is full and settled, and a little later, not all at once."""
    return max(end + feed.metric.resolution + SETTLED, now + WAIT) + varied(WAIT)


def _note_failure(feed: Feed, fault: Exception, *, now: datetime) -> None:
    secrets = feed.source.secrets
    if not is_expected(fault):
        told = hide("".join(traceback.format_exception(fault)), secrets)
        logger.error("Gathering for feed %s failed.\n%s", feed.pk, told)
    facts = after_failure(feed, fault, secrets, now=now)
    if isinstance(fault, AskedToWait):  # nothing is wrong: it only goes on later
        for name in ("failures", "failing_since", "problem"):
            facts[name] = getattr(feed, name)
    Feed.objects.filter(pk=feed.pk, claimed_at=feed.claimed_at).update(**facts)


def hurry(project: Project, *, now: datetime) -> int:
    """Make the project's feeds due, because a ship is looked at; return how many."""
    return Feed.objects.filter(source__project=project).hurry(now=now)
