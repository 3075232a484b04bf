"""Which buckets are to be corrected, because of events that came late and users made out later."""

from datetime import datetime

from common.windows import Window
from engagement.event_measures import ABOUT_ANY, LOOKBACK, Asked
from engagement.event_sql import Part, bucket, done, fetch, moment, stored
from engagement.models import Measure

# An anonymous id that turns out to be a user corrects what it did so lately.
STITCHED_BACK = LOOKBACK


def corrected(asked: Asked, *, since: datetime, among: Window) -> list[Window]:
    """Return the buckets among those given that what came `since` then may change.

    These are events that happened in them, and those of anonymous ids that have turned out to be
    users; either may be received long after it happened.
    """
    buckets = _late(asked, since, among)
    if asked.measure != Measure.COUNT:
        buckets |= _stitched(asked, since, among)
    found = [asked.touched(Window(at, at + asked.resolution)) for at in sorted(buckets)]
    return [
        Window(max(one.start, among.start), min(one.end, among.end))
        for one in found
        if one.start < among.end and one.end > among.start
    ]


def _late(asked: Asked, since: datetime, among: Window) -> set[datetime]:
    came = Part(" AND e.received_at >= %s", [stored(since)])
    return _buckets(asked, Window(among.start - LOOKBACK, among.end + asked.delay), came)


def _stitched(asked: Asked, since: datetime, among: Window) -> set[datetime]:
    start = max(among.start - LOOKBACK, since - STITCHED_BACK)
    made_out = Part(
        " AND e.user_id = '' AND e.anonymous_id IN (SELECT anonymous_id FROM engagement_sameuser "
        "WHERE project_id = %s AND learned_at >= %s)",
        [asked.project_id, stored(since)],
    )
    return _buckets(asked, Window(start, among.end + asked.delay), made_out)


def _buckets(asked: Asked, window: Window, condition: Part) -> set[datetime]:
    """Return the buckets in which events that matter and meet the condition happened."""
    if window.end <= window.start:
        return set()
    part = Part("WITH done AS (") + done(asked, window) + condition
    if asked.measure not in ABOUT_ANY and asked.event:
        part += Part(" AND e.name IN (%s, %s)", [asked.event, asked.then_event or asked.event])
    part += f") SELECT DISTINCT {bucket(asked)} FROM done"  # noqa: S608
    return {moment(int(at)) for (at,) in fetch(part)}
