"""Doorbells for metrics that are gathered: they stand here because queries may name the version."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from common.windows import Window
from deployments.live import versions_live
from engagement.gather import gather_part
from engagement.models import Feed

# A turn ends after so long, between two parts; what is left goes on in the next turn.
TURN_SECONDS = 45
MOST_TURNS = 200


def versions_for(feed: Feed, window: Window) -> Sequence[tuple[datetime, str]]:
    """Return which versions were live where the feed looks."""
    return versions_live(
        feed.source.project, environment=feed.environment, service=feed.service, window=window
    )


@shared_task
def gather_due_feeds(**_: Any) -> None:
    """Ring for every feed that is due and that no living worker holds."""
    due = Feed.objects.due(timezone.now()).order_by("next_due_at", "pk")
    for feed_id in due.values_list("pk", flat=True)[:MOST_TURNS]:
        gather_feed.apply_async(kwargs={"feed_id": feed_id}, expires=60)


@shared_task
def gather_feed(*, feed_id: int, **_: Any) -> None:
    """Claim a feed and fill its buckets until the turn is over; ring again if more is left."""
    now = timezone.now()
    feed = Feed.objects.filter(pk=feed_id).first()
    if feed is None or not feed.claim(now):
        return
    feed = Feed.objects.select_related("source__project", "metric").get(pk=feed_id)
    ends = time.monotonic() + TURN_SECONDS
    while gather_part(feed, now=timezone.now(), versions=versions_for):
        if time.monotonic() > ends:
            feed.release()
            gather_feed.apply_async(kwargs={"feed_id": feed_id}, expires=60)
            return
