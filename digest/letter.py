"""What one reader's digest says, in the order in which it is read."""

from zoneinfo import ZoneInfo

from accounts.models import Project
from common.days import zone_of
from common.windows import Window
from dashboard.speed import LearningSpeed, Measure
from dashboard.templatetags.wake import span
from dashboard.week import WeekInReview
from dashboard.week_headline import number, things
from digest.links import address
from digest.overturned import overturned_section
from digest.parts import Letter, Pace, Reader
from digest.schedule import Rhythm, rhythm_of
from digest.sections import (
    lessons_section,
    ships_section,
    surprises_section,
    voices_section,
    waiting_section,
)
from learning.verdict import percent


def write_letter(project: Project, review: WeekInReview, reader: Reader) -> Letter:
    """Return the week as this reader is told of it, in their own time zone."""
    zone = zone_of(reader.timezone)
    sections = (
        overturned_section(project, review, reader),
        lessons_section(project, review),
        surprises_section(project, review),
        voices_section(project, review),
        ships_section(project, review, zone),
        waiting_section(project, review, reader, zone),
    )
    return Letter(
        project=project.name,
        headline=review.headline,
        period=_period(review.week, zone),
        summary=_summary(review),
        paces=_paces(review.speed),
        pace_note=_pace_note(review.speed),
        sections=tuple(section for section in sections if section.items),
        home_url=address("project", project.slug),
        why=_why(project, rhythm_of(review.week), reader),
        settings_url=reader.preferences_url or address("digest_preview", project.slug),
        unsubscribe_url=reader.unsubscribe_url,
    )


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
    said = f"{things(voices.count, 'thing')} said by customers"
    parts = [
        f"{ships} ({number(review.ships.count_before)} {before})",
        f"{said} ({number(voices.count_before)} {before})",
    ]
    if voices.rating is not None:
        parts.append(f"rated {voices.rating:.1f} of 5 on average")
    if voices.unanswered:
        parts.append(f"{number(voices.unanswered)} not answered yet")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _paces(speed: LearningSpeed) -> tuple[Pace, ...]:
    return (
        _pace("to first feedback", speed.time_to_feedback),
        _pace("to somebody’s eyes", speed.time_to_eyes),
        _pace("to a verdict", speed.time_to_verdict),
        _pace("to a confirmed learning", speed.time_to_learning),
    )


def _pace(label: str, measure: Measure) -> Pace:
    value = span(measure.median) if measure.median is not None else "not yet"
    if measure.median is None or measure.previous is None:
        return Pace(label, value, "", "")
    was = span(measure.previous)
    if was == value:
        return Pace(label, value, "as before", "")
    faster = measure.median < measure.previous
    return Pace(
        label, value, f"{'from' if faster else 'up from'} {was}", "better" if faster else "worse"
    )


def _pace_note(speed: LearningSpeed) -> str:
    """Return what the measures are of, and the share of ships that the team learned from."""
    measures = (
        speed.time_to_feedback,
        speed.time_to_eyes,
        speed.time_to_verdict,
        speed.time_to_learning,
    )
    compared = any(measure.previous is not None for measure in measures)
    note = "Median of the last twelve weeks"
    note += ", against the twelve before." if compared else "."
    if speed.share_learned is None:
        return note
    was = f" ({percent(speed.share_previous)} before)" if speed.share_previous is not None else ""
    share = f"Learned from {percent(speed.share_learned)} of {speed.ships:,} ships{was}."
    return f"{note} {share}"
