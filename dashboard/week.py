"""The week in review: one read model for the weekly digest, GET /api/v1/week/ and pages."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from accounts.models import Project
from common.days import zone_of
from common.windows import Window
from dashboard.speed import LearningSpeed, learning_speed
from dashboard.week_chart import WeekChart, chart_of_week
from dashboard.week_headline import headline
from dashboard.week_lessons import (
    Lesson,
    Overdue,
    Surprise,
    lessons_of,
    overdue_in,
    surprises_of,
)
from dashboard.week_lookback import LookBack, lookback_of
from dashboard.week_overlaps import Overlap, overlaps_of
from dashboard.week_pace import WeekPace, pace_of
from dashboard.week_phrases import VoicesTurned, voices_turned
from dashboard.week_reasons import Reason, Undecided, why_nothing
from dashboard.week_ships import ShipLine, Ships, ships_of, too_early
from dashboard.week_voices import Unanswered, Voices, unanswered_of, voices_of
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
    pace: WeekPace
    ships: Ships
    lessons: list[Lesson]
    overturned: list[Overturned]
    surprises: list[Surprise]
    chart: WeekChart | None
    voices: Voices
    turned: VoicesTurned
    unanswered: Unanswered
    overdue: Overdue
    too_early: list[ShipLine]
    overlaps: list[Overlap]
    lookback: LookBack | None
    nothing_because: tuple[Reason, ...]  # empty in a week that taught something


def week_in_review(project: Project, *, week: Window, now: datetime) -> WeekInReview:
    """Return what the week shipped, taught and was told.

    What waits is told as it stands `now`. Takes the same number of queries however long the
    project's history is and however much happened.
    """
    ships = ships_of(project, week, now=now)
    lessons = lessons_of(project, week)
    overturned = overturned_in(project, week)
    surprises = surprises_of(project, week, lessons)
    voices = voices_of(project, week)
    overdue = overdue_in(project, now=now)
    early = too_early(project, week, now=now)
    undecided = _undecided(project, week)
    first = next((line.next_look_at for line in early if line.next_look_at), None)
    return WeekInReview(
        week=week,
        headline=headline(
            lessons=[row.headline for row in lessons],
            ships=ships.count,
            with_hypothesis=ships.with_hypothesis,
            untold=undecided.weak,
            mixed=undecided.mixed,
            waiting=overdue.count,
            watched=len(early),
            next_verdict_on=first.astimezone(zone_of(project.timezone)).date() if first else None,
            feedback=voices.count,
        ),
        speed=learning_speed(project, now=now),
        pace=pace_of(project, week),
        ships=ships,
        lessons=lessons,
        overturned=overturned,
        surprises=surprises,
        chart=chart_of_week(project, lessons, surprises, now=now),
        voices=voices,
        turned=voices_turned(project, week),
        unanswered=unanswered_of(project, now=now),
        overdue=overdue,
        too_early=early,
        overlaps=overlaps_of(project, week, now=now),
        lookback=lookback_of(project, week),
        nothing_because=()
        if lessons or overturned
        else why_nothing(
            ships=ships, early=early, overdue=overdue, undecided=undecided, said=voices.count
        ),
    )


def _undecided(project: Project, week: Window) -> Undecided:
    """Count the hypotheses whose window ended in the week without a clear answer."""
    mixed = Q(verdict=Verdict.CONFOUNDED)
    found = (
        Learning.objects.current()
        .filter(
            project=project,
            verdict__in=UNTOLD,
            drafted_at__gte=week.start,
            drafted_at__lt=week.end,
        )
        .aggregate(
            mixed=Count("pk", filter=mixed), weak=Count("pk", filter=~mixed), newest=Max("pk")
        )
    )
    return Undecided(found["mixed"], found["weak"], found["newest"])
