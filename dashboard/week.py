"""The week in review: one read model for the weekly digest, GET /api/v1/week/ and pages."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Project
from common.days import zone_of
from common.windows import Window
from dashboard.speed import LearningSpeed, learning_speed
from dashboard.week_headline import headline
from dashboard.week_lessons import (
    Lesson,
    Overdue,
    Surprise,
    lessons_of,
    overdue_in,
    surprises_of,
)
from dashboard.week_ships import ShipLine, Ships, ships_of, too_early
from dashboard.week_voices import Voices, voices_of
from learning.models import Learning
from learning.overturned import Overturned, overturned_in
from learning.verdict import Verdict

UNTOLD = (Verdict.INSUFFICIENT_DATA, Verdict.CONFOUNDED, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class WeekInReview:
    """All that the digest, the API and the pages say of one week of a project."""

    week: Window
    headline: str
    speed: LearningSpeed
    ships: Ships
    lessons: list[Lesson]
    overturned: list[Overturned]
    surprises: list[Surprise]
    voices: Voices
    overdue: Overdue
    too_early: list[ShipLine]


def week_in_review(project: Project, *, week: Window, now: datetime) -> WeekInReview:
    """Return what the week shipped, taught and was told.

    What waits is told as it stands `now`. Takes the same number of queries however long the
    project's history is.
    """
    ships = ships_of(project, week, now=now)
    lessons = lessons_of(project, week)
    voices = voices_of(project, week)
    overdue = overdue_in(project, now=now)
    early = too_early(project, week, now=now)
    first = next((line.next_look_at for line in early if line.next_look_at), None)
    return WeekInReview(
        week=week,
        headline=headline(
            lessons=[row.headline for row in lessons],
            ships=ships.count,
            with_hypothesis=ships.with_hypothesis,
            untold=_untold(project, week),
            waiting=overdue.count,
            watched=len(early),
            next_verdict_on=first.astimezone(zone_of(project.timezone)).date() if first else None,
            feedback=voices.count,
        ),
        speed=learning_speed(project, now=now),
        ships=ships,
        lessons=lessons,
        overturned=overturned_in(project, week),
        surprises=surprises_of(project, week, lessons),
        voices=voices,
        overdue=overdue,
        too_early=early,
    )


def _untold(project: Project, week: Window) -> int:
    """Count the hypotheses whose window ended in the week without a clear answer."""
    return (
        Learning.objects.current()
        .filter(
            project=project,
            verdict__in=UNTOLD,
            drafted_at__gte=week.start,
            drafted_at__lt=week.end,
        )
        .count()
    )
