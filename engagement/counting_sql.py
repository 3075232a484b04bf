"""What counting asks of the table of events, in SQL that both databases speak.

Users are taken together first, so that nothing need be sorted: `count(DISTINCT ...)` over a million
rows takes five times as long.
"""

from datetime import date, datetime
from typing import Any

from django.db import connection

from common.windows import Window
from engagement.event_sql import STITCHED, WHO, stored

# Whoever has a key that stands in a page can make up names: so many a day have their own count,
# the most frequent ones. The rest is in the count of any event.
MOST_NAMES = 1_000
# So many combinations of environment, service and version; the rest counts as not named.
MOST_PLACES = 500
_PLACE = "environment, service, version"


def days_of_what_came(project_id: int, *, since: datetime | None, until: datetime) -> set[date]:
    """Return the days of UTC of events that came after `since` (None: ever), up to `until`."""
    day = "substr(occurred_at, 1, 10)"
    if connection.vendor == "postgresql":
        day = "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    later = "" if since is None else " AND received_at > %s"
    sql = (
        f"SELECT DISTINCT {day} FROM engagement_event "  # noqa: S608  # no word from outside
        f"WHERE project_id = %s AND received_at <= %s{later}"
    )
    values: list[Any] = [project_id, stored(until)]
    if since is not None:
        values.append(stored(since))
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {date.fromisoformat(row[0]) for row in cursor.fetchall()}


def count_in(project_id: int, window: Window) -> None:
    """Write the counts of the day that `window` is, of which none must be there."""
    values = {
        "project": project_id,
        "start": stored(window.start),
        "end": stored(window.end),
        "names": MOST_NAMES,
        "places": MOST_PLACES,
    }
    with connection.cursor() as cursor:
        for sql in (_counts(), _uses()):
            cursor.execute(sql, values)


def _counts() -> str:
    return f"""
WITH {_placed()}, names AS (
    SELECT name FROM placed GROUP BY name ORDER BY count(*) DESC, name LIMIT %(names)s
), each_user AS (
    SELECT hour, name, {_PLACE}, who, count(*) AS events FROM placed
    GROUP BY hour, name, {_PLACE}, who
), of_hours AS (
    SELECT hour, {_PLACE}, who, sum(events) AS events FROM each_user GROUP BY hour, {_PLACE}, who
), of_names AS (
    SELECT name, {_PLACE}, who, sum(events) AS events FROM each_user GROUP BY name, {_PLACE}, who
), of_days AS (
    SELECT {_PLACE}, who, sum(events) AS events FROM of_hours GROUP BY {_PLACE}, who
)
INSERT INTO engagement_eventcount
    (project_id, span, starts_at, name, {_PLACE}, events, users)
SELECT %(project)s, 'hour', hour, name, {_PLACE}, sum(events), count(*) FROM each_user
    WHERE name IN (SELECT name FROM names) GROUP BY hour, name, {_PLACE}
UNION ALL SELECT %(project)s, 'hour', hour, '', {_PLACE}, sum(events), count(*) FROM of_hours
    GROUP BY hour, {_PLACE}
UNION ALL SELECT %(project)s, 'day', {_day()}, name, {_PLACE}, sum(events), count(*) FROM of_names
    WHERE name IN (SELECT name FROM names) GROUP BY name, {_PLACE}
UNION ALL SELECT %(project)s, 'day', {_day()}, '', {_PLACE}, sum(events), count(*) FROM of_days
    GROUP BY {_PLACE}
"""  # noqa: S608  # no word from outside


def _uses() -> str:
    """Each user counts for the last version they were seen on; no version is only then none."""
    last = "ORDER BY CASE WHEN version = '' THEN 1 ELSE 0 END, occurred_at DESC, id DESC"
    return f"""
WITH {_placed()}, seen AS (
    SELECT hour, {_PLACE},
        row_number() OVER (PARTITION BY hour, environment, service, who {last}) AS in_hour,
        row_number() OVER (PARTITION BY environment, service, who {last}) AS in_day
    FROM placed
)
INSERT INTO engagement_versionuse (project_id, span, starts_at, {_PLACE}, users)
SELECT %(project)s, 'hour', hour, {_PLACE}, count(*) FROM seen WHERE in_hour = 1
    GROUP BY hour, {_PLACE}
UNION ALL SELECT %(project)s, 'day', {_day()}, {_PLACE}, count(*) FROM seen WHERE in_day = 1
    GROUP BY {_PLACE}
"""  # noqa: S608  # no word from outside


def _placed() -> str:
    return f"""done AS (
    SELECT e.id, e.occurred_at, {_hour()} AS hour, e.name, e.environment, e.service, e.version,
        {WHO} AS who
    FROM {STITCHED}
    WHERE e.project_id = %(project)s AND e.occurred_at >= %(start)s AND e.occurred_at < %(end)s
), places AS (
    SELECT {_PLACE} FROM done GROUP BY {_PLACE} ORDER BY count(*) DESC, {_PLACE} LIMIT %(places)s
), placed AS (
    SELECT done.id, done.occurred_at, done.hour, done.name, done.who,
        coalesce(places.environment, '') AS environment, coalesce(places.service, '') AS service,
        coalesce(places.version, '') AS version
    FROM done LEFT JOIN places ON places.environment = done.environment
        AND places.service = done.service AND places.version = done.version
)"""  # noqa: S608  # no word from outside


def _hour() -> str:
    if connection.vendor == "postgresql":
        return "date_trunc('hour', e.occurred_at, 'UTC')"
    return "substr(e.occurred_at, 1, 13) || ':00:00'"


def _day() -> str:
    return "CAST(%(start)s AS timestamptz)" if connection.vendor == "postgresql" else "%(start)s"
