"""Learning speed as a digest tells it: the last twelve weeks, and what this one did to it."""

from dashboard.speed import LearningSpeed, Measure
from dashboard.templatetags.wake import span
from dashboard.week import WeekInReview
from dashboard.week_headline import number, things
from dashboard.week_pace import Reached
from digest.parts import Pace
from digest.schedule import Rhythm, rhythm_of
from learning.verdict import percent

LATELY = {
    Rhythm.DAILY: "that day",
    Rhythm.WEEKLY: "this week",
    Rhythm.MONTHLY: "that month",
}
ALL = "all"
FEW = 12  # ships of which a share says less than their number


def paces_of(review: WeekInReview) -> tuple[Pace, ...]:
    """Return the four measures: each over twelve weeks, and over the ships that got there now.

    Where none did, it stands against the twelve weeks before, if they are known.
    """
    speed, pace = review.speed, review.pace
    lately = LATELY[rhythm_of(review.week)]
    return (
        _pace("to first feedback", speed.time_to_feedback, pace.to_feedback, lately),
        _pace("to an engineer’s eyes", speed.time_to_eyes, pace.to_eyes, lately),
        _pace("to a verdict", speed.time_to_verdict, pace.to_verdict, lately),
        _pace("to a confirmed learning", speed.time_to_learning, pace.to_learning, lately),
    )


def _pace(label: str, measure: Measure, reached: Reached, lately: str) -> Pace:
    if measure.median is None:
        return Pace(label, "not yet", "", "")
    value = span(measure.median)
    if reached.median is not None:
        now = span(reached.median)
        if now == value:
            return Pace(label, value, f"the same {lately}", "")
        tone = "better" if reached.median < measure.median else "worse"
        return Pace(label, value, f"{now} {lately}", tone)
    if measure.previous is not None:
        was = span(measure.previous)
        if was == value:
            return Pace(label, value, "as before", "")
        faster = measure.median < measure.previous
        return Pace(
            label,
            value,
            f"{'from' if faster else 'up from'} {was}",
            "better" if faster else "worse",
        )
    return Pace(label, value, "", "")


def pace_note(speed: LearningSpeed) -> str:
    """Return what the measures are of, and the share of ships that the team learned from."""
    note = "12-week medians"
    if speed.time_to_learning.previous is not None:
        note += f" (a learning took {span(speed.time_to_learning.previous)} before)"
    if speed.share_learned is None:
        return f"{note}."
    return f"{note}. {_share(speed, speed.share_learned)}"


def _share(speed: LearningSpeed, share: float) -> str:
    """Return of how many ships the team learned, and which share that was before."""
    before = "" if speed.share_previous is None else f", {_part(speed.share_previous)} before"
    if speed.ships == 1:
        return f"{'Learned' if share else 'Nothing learned yet'} from the one ship{before}."
    part = _part(share)
    if 0 < share < 1 and speed.ships <= FEW:
        part = number(round(share * speed.ships))
    of = "" if part == ALL else "of "
    return f"Learned from {part} {of}{things(speed.ships, 'ship')}{before}."


def _part(share: float) -> str:
    return {0.0: "none", 1.0: ALL}.get(share, percent(share))
