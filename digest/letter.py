"""What one reader's digest says, in the order in which it is read."""

from zoneinfo import ZoneInfo

from accounts.models import Project
from common.days import zone_of
from common.windows import Window
from dashboard.week import WeekInReview
from dashboard.week_headline import number, said_words, things
from digest.fitting import fitted
from digest.links import address
from digest.overturned import overturned_section
from digest.pace import pace_note, paces_of
from digest.parts import Letter, Reader
from digest.schedule import Rhythm, rhythm_of
from digest.sections import (
    lessons_section,
    lookback_section,
    overlaps_section,
    surprises_section,
)
from digest.sections_said import turned_section, voices_section
from digest.sections_why import reasons_section
from digest.sections_work import is_weekly, ships_section, waiting_section


def write_letter(project: Project, review: WeekInReview, reader: Reader) -> Letter:
    """Return the week as this reader is told of it, in their own time zone, cut to fit a phone."""
    zone = zone_of(reader.timezone)
    weekly = is_weekly(review, zone)
    sections = (
        overturned_section(project, review, reader),
        lessons_section(project, review),
        reasons_section(project, review, zone),
        surprises_section(project, review),
        turned_section(project, review, with_stopped=weekly),
        voices_section(project, review),
        ships_section(project, review, zone),
        overlaps_section(project, review, zone),
        waiting_section(project, review, reader, zone),
        *([lookback_section(project, review, zone)] if weekly else []),
    )
    letter = Letter(
        project=project.name,
        headline=review.headline,
        period=_period(review.week, zone),
        summary=_summary(review),
        paces=paces_of(review),
        pace_note=pace_note(review.speed),
        sections=tuple(section for section in sections if section.items),
        home_url=address("project", project.slug),
        why=_why(project, rhythm_of(review.week), reader),
        settings_url=reader.preferences_url or address("digest_preview", project.slug),
        unsubscribe_url=reader.unsubscribe_url,
    )
    return fitted(letter)


_OFTEN = {
    Rhythm.DAILY: "every day",
    Rhythm.WEEKLY: "once a week",
    Rhythm.MONTHLY: "once a month",
}


def _why(project: Project, rhythm: Rhythm, reader: Reader) -> str:
    if not reader.unsubscribe_url:
        return f"Somebody in {project.name} had Wake send you this."
    to = f"the members of {project.name}" if reader.user_id else "you, as you said yes to it"
    return f"Wake sends this {_OFTEN[rhythm]} to {to}."


def _period(week: Window, zone: ZoneInfo) -> str:
    start, end = week.start.astimezone(zone), week.end.astimezone(zone)
    if rhythm_of(week) == Rhythm.MONTHLY:
        return (
            f"{start:%B %Y}" if end.day == 1 else f"{start.day} {start:%B} to {end.day} {end:%B %Y}"
        )
    first = f"{start.day}" if start.month == end.month else f"{start.day} {start:%B}"
    return f"{first} to {end.day} {end:%B %Y}"


_BEFORE = {
    Rhythm.DAILY: "the day before",
    Rhythm.WEEKLY: "the week before",
    Rhythm.MONTHLY: "in as long before",
}


def _summary(review: WeekInReview) -> str:
    before = _BEFORE[rhythm_of(review.week)]
    voices = review.voices
    ships = things(review.ships.count, "ship")
    said = said_words(voices.count)
    if review.ships.count or review.ships.count_before:
        ships = f"{ships} ({number(review.ships.count_before)} {before})"
    if voices.count or voices.count_before:
        said = f"{said} ({number(voices.count_before)} {'before' if '(' in ships else before})"
    parts = [ships, said]
    if voices.rating is not None:
        parts.append(f"rated {voices.rating:.1f} of 5")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
