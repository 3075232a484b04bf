"""One look back at an old ship: what a late look found, or what it once taught."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import Project
from common.windows import DAY, WEEK, Window
from dashboard.week_lessons import measured
from deployments.models import Checkup, Hypothesis
from learning.models import ImpactEstimate, Learning
from learning.verdict import Verdict

LATE = timedelta(days=90)  # looks from there on are look-backs
OLD = 8 * WEEK  # what was shipped before that is worth being reminded of


@dataclass(frozen=True, slots=True)
class LookBack:
    """What an old ship taught, and what the look-back of this week found, if there was one."""

    ship_id: int
    ship: str
    shipped_at: datetime
    learning_id: int
    headline: str
    takeaway: str
    verdict: Verdict
    looked_after: timedelta | None  # None: nobody looked this week, it is only remembered
    measured: str  # what the look-back measured on the metric of the hypothesis, or nothing


def lookback_of(project: Project, week: Window) -> LookBack | None:
    """Return the week's look-back, in at most three queries.

    What a look-back overturned is told elsewhere. In a week without one, an old learning is
    remembered: another one each week, in turn.
    """
    looked = (
        Checkup.objects.filter(
            deployment__project=project,
            horizon__gte=LATE,
            finished_at__gte=week.start,
            finished_at__lt=week.end,
            deployment__learnings__in=_learnings(project).exclude(drafted_at__gte=week.start),
        )
        .select_related("deployment__hypothesis")
        .order_by("-finished_at", "-pk")
        .first()
    )
    if looked is None:
        return _remembered(project, week)
    learning = _learnings(project).filter(deployment=looked.deployment_id).first()
    return _told(learning, looked, _now_measured(looked)) if learning else None


def _learnings(project: Project) -> "QuerySet[Learning]":
    rows: QuerySet[Learning] = Learning.objects.current().filter(
        project=project, state=Learning.State.CONFIRMED
    )
    return rows.select_related("deployment")


def _now_measured(looked: Checkup) -> str:
    hypothesis: Hypothesis | None = getattr(looked.deployment, "hypothesis", None)
    if hypothesis is None:
        return ""
    row = ImpactEstimate.objects.filter(
        checkup=looked, metric=hypothesis.metric_id, effect__isnull=False
    ).first()
    return measured(row) if row else ""


def _remembered(project: Project, week: Window) -> LookBack | None:
    old = _learnings(project).filter(deployment__shipped_at__lt=week.end - OLD)
    old = old.exclude(takeaway="")
    count = old.count()
    if not count:
        return None
    turn = int(week.end.timestamp() // WEEK.total_seconds()) % count
    return _told(old.order_by("deployment__shipped_at", "pk")[turn], None, "")


def _told(learning: Learning, looked: Checkup | None, found: str) -> LookBack:
    return LookBack(
        ship_id=learning.deployment_id,
        ship=str(learning.deployment),
        shipped_at=learning.deployment.shipped_at,
        learning_id=learning.pk,
        headline=learning.headline,
        takeaway=learning.takeaway.strip(),
        verdict=Verdict(learning.verdict),
        looked_after=timedelta(days=round(looked.horizon / DAY)) if looked else None,
        measured=found,
    )
