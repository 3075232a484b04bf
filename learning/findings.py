"""What is worth a person's attention now: found at looks and when feedback is linked, said once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from accounts.models import Project
from deployments.models import Checkup, Deployment, Hypothesis
from engagement.models import Direction, Role
from learning.findings_people import tell
from learning.findings_rating import fallen_ratings
from learning.findings_rules import Bar, interval_strength
from learning.findings_said import Found, complaints, started, stopped
from learning.intake import DECIDED
from learning.models import Finding, FindingNotice, ImpactEstimate, Learning
from learning.verdict import Verdict, percent

# A ship that was told of later than this is history: nobody who shipped it waits for news.
LATE = timedelta(days=7)
# What was told of another ship within this time is not told again of this one.
TOLD_FOR = timedelta(days=28)
# The answers of so long count: what people called noise last year says little of today.
ANSWERS_COUNT_FOR = timedelta(days=120)

Kind = Finding.Kind


def find_at_checkup(
    checkup: Checkup, estimates: Sequence[ImpactEstimate], *, now: datetime
) -> list[Finding]:
    """Save what this look found that deserves attention; return what is new.

    Runs in the checkup's transaction, after its phrases and its learning were stored. Safe to run
    twice: what was found before is brought up to date while it is open.
    """
    ship = checkup.deployment
    if not _is_news(ship) or now - checkup.due_at > LATE:
        return []
    found = [
        *started(ship),
        *stopped(ship),
        *fallen_ratings(ship, now=now),
        *guardrails(ship, estimates),
        *verdicts(ship, estimates),
    ]
    return record(ship.project, ship, found, now=now)


def find_in_feedback(project: Project, *, now: datetime) -> list[Finding]:
    """Save what several customers newly complain of, as soon as they do; return what is new."""
    new: list[Finding] = []
    for ship, found in complaints(project, now=now).items():
        if _is_news(ship):
            new += record(project, ship, found, now=now)
    return new


def _is_news(ship: Deployment) -> bool:
    at_work = ship.environment.reaches_customers and ship.is_live
    return at_work and ship.received_at - ship.shipped_at <= LATE


def guardrails(ship: Deployment, estimates: Iterable[ImpactEstimate]) -> list[Found]:
    """Return the guardrail metrics that the ship clearly made worse."""
    found = []
    for row in estimates:
        metric, effect = row.metric, row.effect
        if effect is None or row.low is None or row.high is None or not row.is_real:
            continue
        bad = {Direction.UP: effect < 0, Direction.DOWN: effect > 0}
        if metric.role != Role.GUARDRAIL or not bad.get(Direction(metric.good_direction)):
            continue
        moved = "rose" if effect > 0 else "fell"
        found.append(
            Found(
                ship.pk,
                Kind.GUARDRAIL_WORSE,
                f"guardrail:{ship.pk}:{metric.key}",
                f"{metric.name} {moved} by {percent(abs(effect))}, and that is worse",
                {
                    "metric": metric.key,
                    "metric_name": metric.name,
                    "effect": effect,
                    "low": row.low,
                    "high": row.high,
                    "until": row.window_end_at.isoformat(),
                },
                interval_strength(effect, row.low, row.high),
            )
        )
    return found


def verdicts(ship: Deployment, estimates: Iterable[ImpactEstimate]) -> list[Found]:
    """Return the verdict on the ship's hypothesis, if these estimates are what decided it."""
    bet = Hypothesis.objects.select_related("metric").filter(deployment=ship).first()
    learning = Learning.objects.current().filter(deployment=ship).order_by("-version").first()
    if bet is None or learning is None or learning.verdict not in DECIDED:
        return []
    # What a look-back overturned months later is told by the digest, and waits for no mail.
    if learning.supersedes_id is not None:
        return []
    row = next((row for row in estimates if row.metric_id == bet.metric_id), None)
    if row is None or row.effect is None or row.low is None or row.high is None:
        return []
    verdict = Verdict(learning.verdict)
    border = bet.goal if verdict == Verdict.NO_EFFECT else 0.0
    return [
        Found(
            ship.pk,
            Kind.VERDICT,
            f"verdict:{ship.pk}:{verdict}",
            _verdict_headline(verdict, bet, row.effect),
            {
                "metric": bet.metric.key,
                "metric_name": bet.metric.name,
                "effect": row.effect,
                "low": row.low,
                "high": row.high,
                "goal": bet.goal,
                "verdict": verdict.value,
                "until": row.window_end_at.isoformat(),
            },
            # A verdict was decided by its own rule, so it passes at least the lowest bar.
            max(1.0, interval_strength(row.effect, row.low, row.high, border=border)),
        )
    ]


_VERDICT_WORDS = {
    Verdict.SUPPORTED: "{metric} moved as hoped: {effect}, where {goal} was the goal",
    Verdict.REFUTED: "{metric} moved the other way: {effect}, where {goal} was the goal",
    Verdict.NO_EFFECT: "{metric} did not move as hoped: {effect}, where {goal} was the goal",
}


def _verdict_headline(verdict: Verdict, bet: Hypothesis, effect: float) -> str:
    return _VERDICT_WORDS[verdict].format(
        metric=bet.metric.name,
        effect=percent(effect, signed=True),
        goal=percent(bet.goal, signed=True),
    )


@dataclass(slots=True)
class Bars:
    """The bar of each kind in one project; a kind nobody has answered for has the usual one."""

    by_kind: dict[str, Bar] = field(default_factory=dict)

    def of(self, kind: str) -> Bar:
        """Return the bar of that kind."""
        return self.by_kind.get(kind, Bar())


def bars_of(project: Project, *, now: datetime) -> Bars:
    """Return what findings must pass, from the answers of the last ANSWERS_COUNT_FOR; one query."""
    worth = FindingNotice.Worth
    rows = (
        FindingNotice.objects.filter(
            finding__project=project, judged_at__gt=now - ANSWERS_COUNT_FOR, judged_at__lte=now
        )
        .values("finding__kind")
        .annotate(
            useful=Count("pk", filter=Q(worth=worth.USEFUL)),
            noise=Count("pk", filter=Q(worth=worth.NOISE)),
        )
        .order_by()
    )
    return Bars({row["finding__kind"]: Bar(row["useful"], row["noise"]) for row in rows})


def record(
    project: Project, ship: Deployment, found: Sequence[Found], *, now: datetime
) -> list[Finding]:
    """Save what passes its bar, tell whom it is for, and return what is new.

    What was found before keeps its moment and its people; its numbers are brought up to date
    until somebody closes it.
    """
    if not found:
        return []
    bars = bars_of(project, now=now)
    new = []
    with transaction.atomic():
        # Two looks at one ship may find the same; what they record, they record in turn.
        Deployment.objects.select_for_update().get(pk=ship.pk)
        lately = Q(deployment=ship) | Q(found_at__gt=now - TOLD_FOR)
        known = list(Finding.objects.filter(lately, project=project).order_by("pk"))
        for one in found:
            same = [row for row in known if one.is_same_as(row)]
            before = min(same, key=lambda row: row.deployment_id != ship.pk, default=None)
            values: dict[str, Any] = {
                "headline": one.headline[:300],
                "evidence": one.evidence,
                "score": one.strength / bars.of(one.kind).height,
            }
            if before and before.deployment_id != ship.pk:
                continue  # told already, after another ship
            if before and "phrases" in before.evidence and "theme" in one.evidence:
                continue  # their own words say more than the theme that they fall under
            if before:
                open_one = Finding.objects.filter(pk=before.pk, closed_at=None)
                # What was worth telling stays told, even if the bar has risen since.
                open_one.update(**values | {"score": max(values["score"], 1.0)})
            elif values["score"] >= 1:
                finding = Finding.objects.create(
                    project=project,
                    deployment=ship,
                    kind=one.kind,
                    key=one.key[:200],
                    found_at=now,
                    **values,
                )
                known.append(finding)
                new.append(finding)
                tell(finding)
    return new
