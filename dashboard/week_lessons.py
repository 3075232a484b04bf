"""What a week taught: learnings, surprises, and what still waits for a person's word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.db.models import Window as Over

from accounts.models import Project
from common.windows import DAY, Window
from dashboard.week_ships import names_of
from deployments.models import Goal, Hypothesis, Shipper
from engagement.models import Direction
from learning.models import ImpactEstimate, Learning
from learning.verdict import Verdict, percent

# A bet that failed teaches as much as one that came true.
TAUGHT = (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NO_EFFECT)
LISTED = 50
LEAST = 0.001  # an effect below that would be written as 0%
# A verdict that came that soon after its window was over is told as a quick one.
SOON = 2 * DAY


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something the week taught: a verdict that was reached, or a learning that was confirmed."""

    pk: int
    ship_id: int
    ship: str
    headline: str
    evidence: str  # the first sentence or two of Wake's words, with the numbers
    takeaway: str  # the team's words
    verdict: Verdict
    is_confirmed: bool
    confirmed_by: str
    overturns: bool  # a look-back came to another verdict than before
    learned_at: datetime
    took: timedelta  # from going live to the verdict
    is_fast: bool  # the verdict came as soon as the hypothesis's window was over
    metric_id: int | None  # of the hypothesis


@dataclass(frozen=True, slots=True)
class Surprise:
    """What was expected of a ship, and what was measured instead."""

    ship_id: int
    ship: str
    metric: str
    was_bet: bool  # a hypothesis about this very metric was refuted
    expected: str
    measured: str
    is_better: bool | None  # None where neither way is good
    metric_id: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that nobody has confirmed in time, and whose it is."""

    pk: int
    ship_id: int
    ship: str
    headline: str
    due_at: datetime
    owners: tuple[str, ...]
    owner_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Overdue:
    """The drafts that have waited longest, and how many wait in all."""

    lines: tuple[Waiting, ...]
    count: int


def lessons_of(project: Project, week: Window) -> list[Lesson]:
    """Return what the week taught, the most telling first: bets that were settled, either way.

    Among equals, what a person confirmed comes before drafts, and the newest before older ones.
    """
    confirmed = Q(confirmed_at__gte=week.start, confirmed_at__lt=week.end)
    judged = Q(drafted_at__gte=week.start, drafted_at__lt=week.end, verdict__in=TAUGHT)
    rows = (
        Learning.objects.current()
        .filter(confirmed | judged, project=project)
        .select_related("deployment__hypothesis", "confirmed_by", "supersedes")
        .order_by(F("confirmed_at").desc(nulls_last=True), "-drafted_at", "-pk")[:LISTED]
    )
    return sorted((_lesson(row) for row in rows), key=_rank)


def _rank(lesson: Lesson) -> tuple[bool, int, bool]:
    settled = (Verdict.SUPPORTED, Verdict.REFUTED)
    weight = 0 if lesson.verdict in settled else 1 if lesson.verdict in TAUGHT else 2
    return (not lesson.overturns, weight, not lesson.is_confirmed)


def _lesson(row: Learning) -> Lesson:
    is_confirmed = row.state == Learning.State.CONFIRMED
    hypothesis: Hypothesis | None = getattr(row.deployment, "hypothesis", None)
    took = row.drafted_at - row.deployment.shipped_at
    return Lesson(
        pk=row.pk,
        ship_id=row.deployment_id,
        ship=str(row.deployment),
        headline=row.headline,
        evidence=row.evidence.strip().split("\n", 1)[0],
        takeaway=row.takeaway.strip(),
        verdict=Verdict(row.verdict),
        is_confirmed=is_confirmed,
        confirmed_by=str(row.confirmed_by) if is_confirmed and row.confirmed_by else "",
        overturns=row.supersedes is not None and row.supersedes.verdict != row.verdict,
        learned_at=row.confirmed_at or row.drafted_at,
        took=took,
        is_fast=hypothesis is not None and took <= hypothesis.window + SOON,
        metric_id=hypothesis.metric_id if hypothesis else None,
    )


def surprises_of(project: Project, week: Window, lessons: Sequence[Lesson]) -> list[Surprise]:
    """Return what came out otherwise than expected, largest effect first.

    Either a metric moved that nobody had a hypothesis about, and was first seen to this week; or
    a hypothesis was refuted this week.
    """
    refuted = [row.ship_id for row in lessons if row.verdict == Verdict.REFUTED]
    same = ImpactEstimate.objects.filter(
        deployment=OuterRef("deployment"), metric=OuterRef("metric")
    )
    known = same.filter(is_real=True, estimated_at__lt=week.start)
    newer = same.filter(estimated_at__gt=OuterRef("estimated_at"), estimated_at__lt=week.end)
    on_hypothesis = Q(deployment__hypothesis__metric=F("metric"))
    rows = (
        ImpactEstimate.objects.filter(
            (Q(is_real=True) & ~on_hypothesis & ~Exists(known))
            | (Q(deployment__in=refuted) & on_hypothesis),
            ~Exists(newer),
            deployment__project=project,
            effect__isnull=False,
            estimated_at__gte=week.start,
            estimated_at__lt=week.end,
        )
        .select_related("deployment__hypothesis__metric", "metric")
        .order_by("-estimated_at", "-pk")[:LISTED]
    )
    found = {(row.deployment_id, row.metric_id): row for row in reversed(rows)}
    largest = sorted(found.values(), key=lambda row: -abs(row.effect or 0))
    return [_surprise(row) for row in largest]


def _surprise(row: ImpactEstimate) -> Surprise:
    hypothesis: Hypothesis | None = getattr(row.deployment, "hypothesis", None)
    bet = hypothesis if hypothesis and hypothesis.metric_id == row.metric_id else None
    direction = row.metric.good_direction
    rose = (row.effect or 0) > 0
    return Surprise(
        ship_id=row.deployment_id,
        ship=str(row.deployment),
        metric=row.metric.name,
        was_bet=bet is not None,
        expected=hoped(bet) if bet else "nobody expected it to move",
        measured=measured(row),
        is_better=None if direction == Direction.NEITHER else rose == (direction == Direction.UP),
        metric_id=row.metric_id,
    )


def hoped(hypothesis: Hypothesis) -> str:
    """Return what was hoped for, such as "a rise of 2% or more"."""
    way = "rise" if hypothesis.direction == Goal.UP else "fall"
    return f"a {way} of {percent(hypothesis.min_effect)} or more"


def measured(row: ImpactEstimate) -> str:
    """Return an effect in words: "rose by about 4% (between +2% and +6%)"."""
    effect = row.effect or 0.0
    size = (
        f"about {percent(abs(effect))}" if abs(effect) >= LEAST else f"less than {percent(LEAST)}"
    )
    words = f"{'rose' if effect > 0 else 'fell'} by {size}"
    if row.low is None or row.high is None:
        return words
    span = f"between {percent(row.low, signed=True)} and {percent(row.high, signed=True)}"
    return f"{words} ({span})"


def overdue_in(project: Project, *, now: datetime, limit: int = 10) -> Overdue:
    """Return the drafts whose time to be confirmed has passed, the oldest first; two queries."""
    drafts = Learning.objects.current().filter(
        project=project, state=Learning.State.DRAFT, due_at__lt=now
    )
    shippers = Shipper.objects.select_related("user")
    rows = (
        drafts.select_related("deployment")
        .prefetch_related(Prefetch("deployment__shippers", queryset=shippers))
        .annotate(in_all=Over(Count("pk")))  # of all, not only of those that are read
        .order_by("due_at", "pk")[:limit]
    )
    return Overdue(tuple(_waiting(row) for row in rows), rows[0].in_all if rows else 0)


def _waiting(row: Learning) -> Waiting:
    shippers = row.deployment.shippers.all()
    return Waiting(
        pk=row.pk,
        ship_id=row.deployment_id,
        ship=str(row.deployment),
        headline=row.headline,
        due_at=row.due_at,
        owners=names_of(row.deployment),
        owner_ids=tuple(shipper.user_id for shipper in shippers if shipper.user_id),
    )
