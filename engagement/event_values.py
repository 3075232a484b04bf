"""The values of a metric of events, bucket by bucket."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from common.windows import DAY, Window
from engagement.event_measures import ALIVE, LOOKBACK, ZEROES, Asked, Bucket
from engagement.event_sql import Part, bucket, done, fetch, micros, moment
from engagement.models import Measure

MICROS_AN_HOUR = 3_600_000_000


def values_of(asked: Asked, window: Window) -> list[Bucket]:
    """Return the buckets of the window of which something is known, oldest first.

    The window begins and ends with a bucket. A count in which nothing happened is 0 where anything
    at all was recorded in the 24 hours up to its end; a share of nobody, and the time of nobody,
    are left out.
    """
    if window.end <= window.start:
        return []
    found = HOW[asked.measure](asked, window)
    if asked.measure in ZEROES:
        found = _with_zeroes(asked, window, found)
    return sorted(found, key=lambda one: one.at)


def count(asked: Asked, window: Window) -> list[Bucket]:
    """Return how often the event happened: events a bucket, with or without a user."""
    rows = _grouped(asked, window, "count(*)")
    return [Bucket(moment(at), float(events)) for at, events in rows]


def users(asked: Asked, window: Window) -> list[Bucket]:
    """Return how many different users did the event: users a bucket."""
    rows = _grouped(asked, window, "count(DISTINCT who)")
    return [Bucket(moment(at), float(people), users=people) for at, people in rows]


def _grouped(asked: Asked, window: Window, counted: str) -> list[tuple[int, int]]:
    part = Part("WITH done AS (") + done(asked, window, event=asked.event, is_event=True)
    part += f") SELECT {bucket(asked)} AS bucket, {counted} FROM done GROUP BY 1"  # noqa: S608
    return [(int(at), int(number)) for at, number in fetch(part)]


def adoption(asked: Asked, window: Window) -> list[Bucket]:
    """Return the share of active users who did the event: users who did / users of any event.

    Both in the same bucket, environment, service and version. A ratio from 0 to 1.
    """
    part = Part("WITH done AS (") + done(asked, window)
    part += (
        f") SELECT {bucket(asked)} AS bucket, count(DISTINCT CASE WHEN did = 1 THEN who END), "  # noqa: S608
        "count(DISTINCT who) FROM done WHERE who IS NOT NULL GROUP BY 1"
    )
    return _shares(fetch(part))


def conversion(asked: Asked, window: Window) -> list[Bucket]:
    """Return the share of users of the event in a bucket who then did the second within a time.

    Numerator: users with the second event less than `within` after one of their first events in the
    bucket, at the same moment or later; where both have one name, later. Denominator: users with a
    first event in the bucket. Each counts once a bucket, however often they did either, as a
    funnel counted by unique users does. A ratio from 0 to 1.
    """
    longer = Window(window.start, window.end + asked.within)
    # Read backwards, the least time of a second event so far is the next one after this row.
    tie = "second ASC" if asked.then_event == asked.event else "second DESC"
    part = Part("WITH a AS (") + done(asked, window, event=asked.event, is_event=True)
    part = part + "), b AS (" + done(asked, longer, event=asked.then_event)
    part += (
        "), steps AS (SELECT who, at, 0 AS second FROM a WHERE who IS NOT NULL "  # noqa: S608
        "UNION SELECT who, at, 1 FROM b WHERE who IS NOT NULL), "
        "next AS (SELECT who, at, second, min(CASE WHEN second = 1 THEN at END) OVER "
        f"(PARTITION BY who ORDER BY at DESC, {tie} "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS then_at FROM steps) "
        f"SELECT {bucket(asked)} AS bucket, count(DISTINCT CASE WHEN then_at - at < "
        f"{micros(asked.within)} THEN who END), count(DISTINCT who) "
        "FROM next WHERE second = 0 GROUP BY 1"
    )
    return _shares(fetch(part))


def first_use(asked: Asked, window: Window) -> list[Bucket]:
    """Return how many users did the event for the first time in 28 days: users a bucket."""
    part = _fresh(asked, window, event=asked.event)
    part += f" SELECT {bucket(asked)} AS bucket, count(DISTINCT who) FROM fresh GROUP BY 1"  # noqa: S608
    return [Bucket(moment(at), float(people), users=people) for at, people in fetch(part)]


def time_to_first_use(asked: Asked, window: Window) -> list[Bucket]:
    """Return the median hours that new users of a bucket took to the event.

    New is whose event, any, is their first in 28 days. Counted are those who did the event less
    than `within` after it; who did not is no part of the median.
    """
    longer = Window(window.start, window.end + asked.within)
    part = _fresh(asked, window) + _followed_by(asked, longer)
    part += (
        f", ranked AS (SELECT {bucket(asked)} AS bucket, then_at - at AS wait, "  # noqa: S608
        f"row_number() OVER (PARTITION BY {bucket(asked)} ORDER BY then_at - at) AS place, "
        f"count(*) OVER (PARTITION BY {bucket(asked)}) AS size FROM followed "
        f"WHERE then_at - at < {micros(asked.within)}) "
        "SELECT bucket, min(wait), max(wait), max(size) FROM ranked "
        "WHERE place IN ((size + 1) / 2, (size + 2) / 2) GROUP BY bucket"
    )
    return [
        Bucket(moment(at), (int(low) + int(high)) / 2 / MICROS_AN_HOUR, users=int(people))
        for at, low, high, people in fetch(part)
    ]


def retention(asked: Asked, window: Window) -> list[Bucket]:
    """Return the share of the new users of a bucket who came back on day N, `within` being N days.

    New is whose event, any, is their first in 28 days, at t. Back is who did the event at or after
    t + N days and before t + N + 1 days: 24-hour days of the user's own, so that no midnight and no
    time zone matters, and day N alone, not N or any later (which is called unbounded retention, and
    never becomes final). A ratio from 0 to 1.
    """
    since = asked.within
    later = Window(window.start + since, window.end + since + DAY)
    part = _fresh(asked, window) + _followed_by(asked, later, after=since)
    part += (
        f" SELECT {bucket(asked)} AS bucket, "  # noqa: S608
        f"count(DISTINCT CASE WHEN then_at - at < {micros(since + DAY)} THEN who END), "
        "count(DISTINCT who) FROM followed GROUP BY 1"
    )
    return _shares(fetch(part))


def _fresh(asked: Asked, window: Window, *, event: str = "") -> Part:
    """Return WITH fresh (who, at): events in the window that are the first in LOOKBACK."""
    longer = Window(window.start - LOOKBACK, window.end)
    start = micros(window.start - moment(0))
    part = Part("WITH seen AS (") + done(asked, longer, event=event, is_event=bool(event))
    part += (
        "), gaps AS (SELECT who, at, "  # noqa: S608
        "lag(at) OVER (PARTITION BY who ORDER BY at) AS before "
        "FROM seen WHERE who IS NOT NULL), "
        "fresh AS (SELECT who, at FROM gaps "
        f"WHERE at >= {start} AND (before IS NULL OR at - before > {micros(LOOKBACK)}))"
    )
    return part


def _followed_by(asked: Asked, window: Window, *, after: timedelta = timedelta(0)) -> Part:
    """Return the WITH followed (who, at, then_at): fresh, and when its user next did the event.

    That is, at or after `at` + `after`, within `window`; NULL if they did not. It sorts once:
    SQLite can join by user and time only row by row, which takes many times as long.
    """
    shift = micros(after)
    part = Part(", used AS (") + done(asked, window, event=asked.event, is_event=True)
    part += (
        "), steps AS (SELECT who, at, 0 AS used FROM fresh UNION ALL "  # noqa: S608
        f"SELECT who, at - {shift}, 1 FROM used WHERE who IS NOT NULL), "
        # Read backwards, the least time of a use so far is the next one after this row.
        "next AS (SELECT who, at, used, min(CASE WHEN used = 1 THEN at END) OVER "
        "(PARTITION BY who ORDER BY at DESC, used DESC "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS then_at FROM steps), "
        f"followed AS (SELECT who, at, then_at + {shift} AS then_at FROM next WHERE used = 0)"
    )
    return part


def _shares(rows: list[tuple[int, int, int]]) -> list[Bucket]:
    return [
        Bucket(moment(at), part / whole, of=whole, users=whole) for at, part, whole in rows if whole
    ]


HOW: dict[str, Callable[[Asked, Window], list[Bucket]]] = {
    Measure.COUNT: count,
    Measure.USERS: users,
    Measure.CONVERSION: conversion,
    Measure.FIRST_USE: first_use,
    Measure.ADOPTION: adoption,
    Measure.TIME_TO_FIRST_USE: time_to_first_use,
    Measure.RETENTION: retention,
}


def _with_zeroes(asked: Asked, window: Window, found: list[Bucket]) -> list[Bucket]:
    known = {one.at for one in found}
    size = int(window.length / asked.resolution)
    missing = [
        at
        for at in (window.start + number * asked.resolution for number in range(size))
        if at not in known
    ]
    if not missing:
        return found
    span = Window(missing[0] + asked.resolution - ALIVE, missing[-1] + asked.resolution)
    busy = sorted(active_hours(asked, span))
    zero = None if asked.measure == Measure.COUNT else 0
    return found + [
        Bucket(at, 0.0, users=zero) for at in missing if was_alive(busy, at + asked.resolution)
    ]


def was_alive(busy: Sequence[datetime], end: datetime) -> bool:
    """Return True if one of the hours, sorted, lies in the 24 hours up to `end`."""
    place = bisect_left(busy, end)
    return place > 0 and busy[place - 1] >= end - ALIVE


def active_hours(asked: Asked, window: Window) -> list[datetime]:
    """Return the hours of the window in which anything at all was recorded in the project."""
    anything = Asked(asked.project_id, Measure.COUNT, resolution=DAY / 24)
    part = Part("WITH done AS (") + done(anything, window)
    part += f") SELECT DISTINCT {bucket(anything)} FROM done"  # noqa: S608
    return [moment(int(at)) for (at,) in fetch(part)]
