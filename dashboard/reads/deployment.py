"""One ship and the wake it left."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from common.windows import DAY, WEEK, Window
from dashboard.charts import Chart
from dashboard.reads.adoption import Taken, taken_up
from dashboard.reads.charts import charts_of
from dashboard.reads.estimates import Effect, effects, telling
from dashboard.reads.hypothesis_edits import Edit, edits_of
from dashboard.reads.phrases import Turned, turned_after
from dashboard.reads.ships import ShipRow, ship_rows
from deployments.models import Change, Checkup, Deployment, Hypothesis, Shipper
from deployments.succession import Succession, successions
from feedback.models import FeedbackItem
from learning.grounds import Grounds, grounds_of
from learning.models import Attribution, ImpactEstimate, Learning
from learning.verdict import Verdict, sentence

CHANGES_SHOWN = 30
WORDS_SHOWN = 8
# Below this a ship is hardly a candidate, and its page is not the place for the words.
LEAST_PROBABILITY = 0.15
FRESH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Theme:
    """What customers spoke of, in as long a time before the ship as after it."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of the ship's effects so far."""

    can_come: bool  # whether it went live where customers are
    hypothesis: Hypothesis | None
    edits: list[Edit]  # of the hypothesis
    learning: Learning | None
    verdict: Verdict
    sentence: str  # the verdict with its numbers
    grounds: Grounds | None  # what the verdict on the hypothesis rests on
    also: list[Learning]  # learnings from other ships that this one taught too, as a person said
    effects: list[Effect]  # one a metric, that of the hypothesis first
    judged_at: datetime | None  # the end of the hypothesis' window


@dataclass(frozen=True, slots=True)
class Looks:
    """The appointments with a ship."""

    checkups: list[Checkup]
    next: Checkup | None
    is_filling: bool  # whether the page may change while it is read


@dataclass(frozen=True, slots=True)
class Words:
    """What customers said that may be about the ship, the surest first."""

    rows: list[Attribution]
    count: int  # of those that are most likely about it
    themes: list[Theme]  # what they speak of more often since


def outcome_of(ship: Deployment) -> Outcome:
    """Return what is known of the ship's effects, in eight queries."""
    hypothesis = Hypothesis.objects.select_related("metric").filter(deployment=ship).first()
    learning = (
        Learning.objects.current()
        .filter(deployment=ship)
        .select_related("confirmed_by", "supersedes")
        .order_by("-version")
        .first()
    )
    found = effects_of(ship)
    grounds = None
    if hypothesis:
        found.sort(key=lambda one: one.row.metric_id != hypothesis.metric_id)
        grounds = grounds_of([learning], known=hypothesis).get(learning.pk) if learning else None
    tested = grounds.estimate if grounds else None
    unjudged = Verdict.TOO_EARLY if hypothesis else Verdict.NO_HYPOTHESIS
    verdict = Verdict(learning.verdict) if learning else unjudged
    return Outcome(
        can_come=ship.is_live and ship.environment.reaches_customers,
        hypothesis=hypothesis,
        edits=edits_of(hypothesis) if hypothesis else [],
        learning=learning,
        verdict=verdict,
        sentence=_sentence(hypothesis, verdict, tested),
        grounds=grounds,
        also=list(Learning.objects.current().filter(also_taught_by=ship).order_by("-pk")[:10]),
        effects=found,
        judged_at=ship.starts_at + hypothesis.window if hypothesis else None,
    )


def _sentence(
    hypothesis: Hypothesis | None, verdict: Verdict, tested: ImpactEstimate | None
) -> str:
    if hypothesis is None:
        return ""
    return sentence(
        verdict,
        metric=hypothesis.metric.name,
        goal=hypothesis.goal,
        effect=tested.effect if tested else None,
        low=tested.low if tested else None,
        high=tested.high if tested else None,
        note=tested.note if tested else "",
    )


def effects_of(ship: Deployment) -> list[Effect]:
    """Return the most telling effect on each metric, real ones first."""
    rows = telling(ImpactEstimate.objects.filter(deployment=ship))
    return sorted(
        effects(rows),
        key=lambda one: (not one.row.is_real, one.row.effect is None, one.row.metric.name.lower()),
    )


def looks_at(ship: Deployment, *, now: datetime) -> Looks:
    """Return the appointments with the ship, in one query."""
    checkups = list(Checkup.objects.filter(deployment=ship).order_by("due_at"))
    to_come = [checkup for checkup in checkups if checkup.finished_at is None]
    return Looks(
        checkups=checkups,
        next=to_come[0] if to_come else None,
        is_filling=bool(to_come) and now - ship.shipped_at < FRESH,
    )


def words_on(ship: Deployment, *, now: datetime) -> Words:
    """Return what customers said that may be about the ship, in three queries."""
    rows = (
        Attribution.objects.heard()
        .filter(deployment=ship, probability__gte=LEAST_PROBABILITY)
        .select_related("feedback__customer")
        .order_by("-is_best", "-on_topic", "-probability", "-said_at", "pk")[:WORDS_SHOWN]
    )
    return Words(
        rows=list(rows),
        count=Attribution.objects.counted().filter(deployment=ship, is_best=True).count(),
        themes=_themes(ship, now),
    )


def _themes(ship: Deployment, now: datetime) -> list[Theme]:
    length = min(WEEK, now - ship.shipped_at)
    if length < DAY or not ship.environment.reaches_customers:
        return []
    after, before = Window.after(ship.shipped_at, length), Window.before(ship.shipped_at, length)
    rows = (
        FeedbackItem.objects.heard()
        .filter(project=ship.project_id)
        .said_within(Window(before.start, after.end))
        .exclude(theme__in=["", "other"])
        .values("theme")
        .annotate(
            before=Count("pk", filter=Q(said_at__lt=ship.shipped_at)),
            after=Count("pk", filter=Q(said_at__gte=ship.shipped_at)),
        )
        .order_by("-after")
    )
    themes = [Theme(row["theme"], row["before"], row["after"]) for row in rows]
    # A handful more is nothing; twice the scatter of such counts is worth showing.
    return [
        theme
        for theme in themes
        if theme.after >= 3 and theme.after - theme.before > 2 * (theme.after + theme.before) ** 0.5
    ][:4]


def neighbours_of(ship: Deployment, outcome: Outcome, *, now: datetime) -> list[ShipRow]:
    """Return the other ships whose effects can mix with this one's, newest first."""
    length = outcome.hypothesis.window if outcome.hypothesis else WEEK
    beside = (
        Deployment.objects.beside(ship)
        .live()
        .filter(shipped_at__gte=ship.shipped_at - length, shipped_at__lt=ship.shipped_at + length)
        .select_related("environment", "service")
        .order_by("-shipped_at", "-pk")[:10]
    )
    return ship_rows(list(beside), now=now)


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """All that the page of one ship shows."""

    life: Succession
    changes: list[Change]
    change_count: int
    shippers: list[Shipper]
    outcome: Outcome
    looks: Looks
    words: Words
    turned: Turned
    neighbours: list[ShipRow]
    charts: list[Chart]
    taken: Taken | None  # how far customers have taken it up


def deployment_page(ship: Deployment, *, now: datetime) -> DeploymentPage:
    """Return all that the ship's page shows; it must come with its environment."""
    outcome = outcome_of(ship)
    neighbours = neighbours_of(ship, outcome, now=now)
    return DeploymentPage(
        life=successions([ship])[ship.pk],
        changes=list(ship.changes.order_by("-kind", "-authored_at", "pk")[:CHANGES_SHOWN]),
        change_count=ship.changes.count(),
        shippers=list(ship.shippers.select_related("user").order_by("pk")),
        outcome=outcome,
        looks=looks_at(ship, now=now),
        words=words_on(ship, now=now),
        turned=turned_after(ship, [row.ship for row in neighbours], now=now),
        neighbours=neighbours,
        charts=charts_of(ship, outcome.hypothesis, outcome.effects, now=now),
        taken=taken_up(ship, now=now),
    )
