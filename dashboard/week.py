"""The week in review: one read model for the weekly digest, GET /api/v1/week/ and pages."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from accounts.models import Project
from common.days import zone_of
from common.windows import Window
from dashboard.speed import LearningSpeed, ship_times, speed_among
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
from dashboard.week_pace import REACH, WeekPace, pace_among, reach_of
from dashboard.week_phrases import VoicesTurned, voices_turned
from dashboard.week_reasons import Reason, Undecided, why_nothing
from dashboard.week_ships import ShipLine, Ships, ships_of
from dashboard.week_voices import Unanswered, Voices, said_in, unanswered_of, voices_of
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
    ships, early = ships_of(project, week, now=now)
    lessons = lessons_of(project, week)
    overturned = overturned_in(project, week)
    surprises = surprises_of(project, week, lessons)
    voices = voices_of(project, week)
    overdue = overdue_in(project, now=now)
    times = ship_times(project, Window.before(now, REACH), reach_of(week))
    undecided = _undecided(project, week)
    return WeekInReview(
        week=week,
        headline=_news(project, lessons, ships, early, overdue, undecided, voices.count),
        speed=speed_among(times, now),
        pace=pace_among(times, week),
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


def headline_of_week(project: Project, *, week: Window, now: datetime) -> str:
    """Return the headline of the week's review alone, in a third of its queries."""
    ships, early = ships_of(project, week, now=now)
    return _news(
        project,
        lessons_of(project, week),
        ships,
        early,
        overdue_in(project, now=now),
        _undecided(project, week),
        said_in(project, week),
    )


def _news(
    project: Project,
    lessons: list[Lesson],
    ships: Ships,
    early: list[ShipLine],
    overdue: Overdue,
    undecided: Undecided,
    said: int,
) -> str:
    first = next((line.next_look_at for line in early if line.next_look_at), None)
    return headline(
        lessons=[row.headline for row in lessons],
        ships=ships.count,
        with_hypothesis=ships.with_hypothesis,
        untold=undecided.weak,
        mixed=undecided.mixed,
        waiting=overdue.count,
        watched=len(early),
        next_verdict_on=first.astimezone(zone_of(project.timezone)).date() if first else None,
        feedback=said,
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
