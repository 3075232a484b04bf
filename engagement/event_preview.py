"""A look at what a definition would give, before anything is stored: quick, whatever there is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from common.slow_queries import TookTooLong, time_limited
from common.windows import DAY, Window
from engagement.event_history import known_from
from engagement.event_measures import ABOUT_ANY, LOOKBACK, LOOKING_BACK, Asked, Bucket
from engagement.event_notes import notes_on
from engagement.event_sql import Part, done, fetch, rows_of
from engagement.event_values import values_of
from engagement.models import Measure

SHOWN = timedelta(days=28)
# More events are not read: fewer days are shown then. SQLite takes some four times as long.
MOST_EVENTS = {"postgresql": 500_000, "sqlite": 150_000}
SHORTER = (timedelta(days=14), timedelta(days=7), timedelta(days=3), DAY)
MOST_SECONDS = 4.0


@dataclass(slots=True)
class Preview:
    """What a definition gives in the days shown; `notes` are what to mind, in plain words."""

    window: Window | None = None
    buckets: list[Bucket] = field(default_factory=list)
    users: int | None = None  # different ones, in all of the window
    notes: list[str] = field(default_factory=list)


def preview(asked: Asked, *, now: datetime) -> Preview:
    """Return what the definition gives in the last 28 days that are final, and what to mind.

    At most MOST_EVENTS are read, for a few seconds: of more, fewer days are shown, and a
    note says so. Nothing is stored.
    """
    known = known_from(asked.project_id, now)
    if known is None:
        return Preview(notes=["No event has come yet, so there is nothing to show."])
    end = asked.final_until(now)
    start = max(asked.bucket(end - SHOWN), asked.history_from(known))
    if start >= end:
        return Preview(notes=[_not_yet(asked, start)])
    try:
        with time_limited(MOST_SECONDS):
            return _read(asked, Window(start, end), now)
    except TookTooLong:
        return Preview(
            notes=[
                "There are too many events to show it at once. It is worked out in the background "
                "after you save it."
            ]
        )


def _not_yet(asked: Asked, start: datetime) -> str:
    first = start + asked.resolution + asked.delay
    why = (
        "Wake has to have seen 28 days of events to know who is new. " if _looks_back(asked) else ""
    )
    return f"{why}The first value comes on {first:%-d %B %Y}, when its bucket is final."


def _looks_back(asked: Asked) -> bool:
    return asked.measure in LOOKING_BACK


def _read(asked: Asked, window: Window, now: datetime) -> Preview:
    shown = _short_enough(asked, window)
    found = Preview(window=shown)
    found.buckets = values_of(asked, shown)
    if asked.measure != Measure.COUNT:
        found.users = _users(asked, shown)
    found.notes = notes_on(asked, shown, found.buckets, now=now)
    if shown != window:
        days = shown.length // DAY
        found.notes.insert(
            0,
            f"Only the last {'day is' if days <= 1 else f'{days} days are'} shown: there are more "
            f"than {_most():,} events. All of them are worked out after you save it.",
        )
    return found


def _short_enough(asked: Asked, window: Window) -> Window:
    """Return the last days of the window in which there are not too many events to read."""
    shown = window
    for length in SHORTER:
        back = LOOKBACK if _looks_back(asked) else timedelta(0)
        part = Part("SELECT count(*) FROM (")
        part += _concerned(asked, Window(shown.start - back, shown.end + asked.delay))
        part += Part(" LIMIT %s) AS counted", [_most() + 1])
        [(events,)] = fetch(part)
        if events <= _most():
            break
        shown = Window(max(window.start, asked.bucket(window.end - length)), window.end)
    return shown


def _most() -> int:
    return MOST_EVENTS[connection.vendor]


def _concerned(asked: Asked, window: Window) -> Part:
    if asked.measure in ABOUT_ANY or not asked.event:
        return rows_of(asked, window)
    return rows_of(asked, window, (asked.event, asked.then_event or asked.event))


def _users(asked: Asked, window: Window) -> int:
    whom = asked.event if asked.measure in (Measure.CONVERSION, Measure.FIRST_USE) else ""
    is_event = bool(whom) or asked.measure == Measure.USERS
    part = Part("SELECT count(DISTINCT who) FROM (")
    part = part + done(asked, window, event=whom, is_event=is_event) + ") AS counted"
    [(people,)] = fetch(part)
    return int(people)
