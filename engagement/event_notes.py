"""What to mind of a definition, in plain words; and which events and properties there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from statistics import median

from django.db.models import Sum

from common.windows import HOUR, Window
from engagement.event_measures import ZEROES, Asked, Bucket
from engagement.event_sql import Part, fetch, stored
from engagement.models import EventCount, Kind
from engagement.segment_properties import is_personal

LATELY = timedelta(days=28)
FEW = 30
MOST_NAMES = 200
MOST_READ = 200_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that was seen lately, and how often."""

    name: str
    events: int


def names_seen(project_id: int, *, now: datetime) -> list[Seen]:
    """Return the events of the last 28 days, the most frequent first.

    From the counts of days; before there are any, from the newest events themselves.
    """
    counts = EventCount.objects.filter(
        project=project_id, span=EventCount.Span.DAY, starts_at__gte=now - LATELY
    ).exclude(name="")
    sums = counts.values("name").annotate(times=Sum("events")).order_by("-times", "name")
    if rows := [Seen(row["name"], row["times"]) for row in sums[:MOST_NAMES]]:
        return rows
    newest = Part(
        "SELECT name, count(*) FROM (SELECT name FROM engagement_event WHERE project_id = %s "
        "AND occurred_at >= %s ORDER BY occurred_at DESC LIMIT %s) AS newest "
        "GROUP BY name ORDER BY 2 DESC, 1 LIMIT %s",
        [project_id, stored(now - LATELY), MOST_READ, MOST_NAMES],
    )
    return [Seen(name, times) for name, times in fetch(newest)]


def notes_on(asked: Asked, window: Window, found: Sequence[Bucket], *, now: datetime) -> list[str]:
    """Return what to mind of what was found in the window, most important first."""
    notes = _unknown_events(asked, now)
    for name in asked.where:
        if is_personal(name):
            notes.append(f"Wake masks what is called “{name}”, so no event can be found by it.")
    if not any(one.value for one in found) and not notes:
        notes.append(_nothing(asked, found))
    per = "an hour" if asked.resolution == HOUR else "a day"
    people = [one.users for one in found if one.users is not None]
    if people and 0 < median(people) < FEW:
        often = f"Mostly fewer than {FEW} users {per} (the middle is {median(people):g})"
        more = "by the day there are more." if asked.resolution == HOUR else "wait for more."
        notes.append(f"{often}: expect wide intervals around what ships did, or {more}")
    missing = int(window.length / asked.resolution) - len(found)
    if found and missing and asked.kind != Kind.COUNT:
        of = f"{missing} of {missing + len(found)}"
        word = "hours" if asked.resolution == HOUR else "days"
        notes.append(f"In {of} {word} there was nobody to tell it of: they have no value.")
    return notes


def _nothing(asked: Asked, found: Sequence[Bucket]) -> str:
    if asked.measure in ZEROES or found:
        return "It is 0 all the time. Check the properties, environment, service and version."
    return "There is nobody to tell it of. Check the environment, service and version."


def _unknown_events(asked: Asked, now: datetime) -> list[str]:
    """Return a note for each event that is named and was not seen in the last 28 days."""
    wanted = [name for name in dict.fromkeys((asked.event, asked.then_event)) if name]
    missing = [name for name in wanted if not _is_seen(asked.project_id, name, now)]
    if not missing:
        return []
    known = {seen.name.casefold(): seen.name for seen in names_seen(asked.project_id, now=now)}
    notes = []
    for name in missing:
        like = get_close_matches(name.casefold(), known, n=1)
        hint = f" Did you mean “{known[like[0]]}”?" if like else ""
        notes.append(f"No event “{name}” in the last 28 days.{hint}")
    return notes


def _is_seen(project_id: int, name: str, now: datetime) -> bool:
    part = Part(
        "SELECT 1 FROM engagement_event WHERE project_id = %s AND name = %s "
        "AND occurred_at >= %s LIMIT 1",
        [project_id, name, stored(now - LATELY)],
    )
    return bool(fetch(part))
