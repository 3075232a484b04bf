"""What is worth attention: the list of findings, one finding with its evidence, and their bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import Project, User
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.findings import bars_of
from learning.findings_rules import LEAST_FALL, LEAST_VOTES, SEVERAL, Bar
from learning.findings_said import STOPPED_LEAST
from learning.models import Finding, FindingEvent, FindingNotice
from learning.verdict import percent

Kind = Finding.Kind
FOUND_NOW = (
    Kind.SAID_BY_SEVERAL,
    Kind.RATING_FELL,
    Kind.GUARDRAIL_WORSE,
    Kind.VERDICT,
    Kind.NOBODY_USES_IT,
    Kind.COMPLAINT_STOPPED,
)
# Which tag a kind wears; its word says what it is.
TONES = {
    Kind.SAID_BY_SEVERAL: "accent",
    Kind.RATING_FELL: "warm",
    Kind.GUARDRAIL_WORSE: "warm",
    Kind.COMPLAINT_STOPPED: "good",
}
QUOTES = 6
ON_A_SHIP = 5


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of finding: what people said of it, and what it has to pass now."""

    kind: str
    label: str
    bar: Bar
    demands: str  # in words

    @property
    def still_usual(self) -> bool:
        """True if too few people answered to move the bar."""
        return self.bar.votes < LEAST_VOTES


def demands_of(kind: str, bar: Bar) -> str:
    """Return in words what a finding of that kind must show to be told."""
    height = bar.height
    if kind == Kind.SAID_BY_SEVERAL:
        return f"at least {ceil(round(height * SEVERAL, 6))} different customers"
    if kind == Kind.COMPLAINT_STOPPED:
        return f"at least {ceil(round(height * STOPPED_LEAST, 6))} customers said it before"
    if kind == Kind.NOBODY_USES_IT:
        part = "" if height <= 1 else f"{1 / height:.0%} of "
        return f"a share of customers clearly below {part}what was to be enough"
    clear = "beyond its margin of error"
    if height > 1:
        clear = f"{height:.1f} times its margin of error"
    if kind == Kind.RATING_FELL:
        return f"a fall of {max(1.0, height) * LEAST_FALL:.1f} stars or more, {clear}"
    return f"an effect {clear}"


def kinds_of(project: Project, *, now: datetime) -> list[KindRow]:
    """Return the kinds with their bars, in one query."""
    bars = bars_of(project, now=now)
    return [
        KindRow(kind.value, kind.label, bars.of(kind), demands_of(kind, bars.of(kind)))
        for kind in FOUND_NOW
    ]


def findings_shown(project: Project, *, user: User, show: str, kind: str) -> QuerySet[Finding]:
    """Return the findings of one tab ("mine", "open" or "all") and kind ("": any), in no order."""
    found = Finding.objects.filter(project=project).select_related("deployment", "claimed_by")
    if show == "mine":
        found = mine_among(found.filter(closed_at=None), user)
    elif show == "open":
        found = found.filter(closed_at=None)
    if kind:
        found = found.filter(kind=kind)
    mine = FindingNotice.objects.filter(user=user)
    return found.prefetch_related(Prefetch("notices", queryset=mine, to_attr="my_notices"))


def mine_among(found: QuerySet[Finding], user: User) -> QuerySet[Finding]:
    """Keep what `user` looks after, and what is for them while nobody else looks after it."""
    for_me = FindingNotice.objects.filter(user=user).values("finding")
    return found.filter(Q(claimed_by=user) | Q(claimed_by=None, pk__in=for_me))


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of the evidence."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingPage:
    """All that the page of one finding shows."""

    facts: list[Fact]
    quotes: list[FeedbackItem]
    said_count: int
    said_address: str  # the inbox's filters that show more of them; "" if there are none
    notices: list[FindingNotice]
    mine: FindingNotice | None
    events: list[FindingEvent]
    bar: Bar
    demands: str


def finding_page(finding: Finding, *, user: User, now: datetime) -> FindingPage:
    """Return all that the finding's page shows, in five queries."""
    notices = list(finding.notices.select_related("user").order_by("pk"))
    keys = finding.evidence.get("feedback", [])
    bar = bars_of(finding.project, now=now).of(finding.kind)
    return FindingPage(
        facts=facts_of(finding.evidence),
        quotes=quotes_of(finding, QUOTES),
        said_count=len(keys),
        said_address=_inbox(finding),
        notices=notices,
        mine=next((one for one in notices if one.user_id == user.pk), None),
        events=list(finding.events.select_related("by", "to").order_by("happened_at", "pk")),
        bar=bar,
        demands=demands_of(finding.kind, bar),
    )


def quotes_of(finding: Finding, most: int) -> list[FeedbackItem]:
    """Return customers' words for it, looked up now: what was erased or held back is not there."""
    keys = finding.evidence.get("feedback", [])
    known = FeedbackItem.objects.heard().filter(project=finding.project_id).in_bulk(keys)
    rows = [known[key] for key in keys if key in known]
    different = {" ".join(row.text.casefold().split()): row for row in reversed(rows) if row.text}
    return list(different.values())[::-1][:most]


def _inbox(finding: Finding) -> str:
    evidence, ship = finding.evidence, finding.deployment
    if ship is None or not evidence.get("feedback"):
        return ""
    asked = {"since": timezone.localtime(ship.shipped_at).date().isoformat()}
    if finding.kind == Kind.COMPLAINT_STOPPED:
        asked = {"until": asked["since"]}
    if evidence.get("phrases"):
        asked["q"] = f'"{evidence["phrases"][0]}"'
    elif evidence.get("theme"):
        asked["theme"] = evidence["theme"]
    return urlencode(asked)


def facts_of(evidence: dict[str, Any]) -> list[Fact]:
    """Return the numbers of the evidence as people read them."""
    if "effect" in evidence:
        return _effect_facts(evidence)
    if "threshold" in evidence:
        users = evidence.get("users")
        of = f" of {users:,} customers" if users else " of the customers"
        return [
            Fact("On it, or on a later one", percent(evidence["share"]) + of),
            Fact("Enough would be", percent(evidence["threshold"])),
        ]
    if "high" in evidence:
        return [
            Fact("Before", _rated(evidence["before"], evidence["before_count"])),
            Fact("Since", _rated(evidence["after"], evidence["after_count"])),
            Fact(
                "Change",
                f"−{abs(evidence['after'] - evidence['before']):.2f} stars "
                f"(99% interval −{abs(evidence['low']):.2f} to −{abs(evidence['high']):.2f})",
            ),
        ]
    facts = [
        Fact("Before", _of(evidence.get("before"), evidence.get("before_total"))),
        Fact("Since", _of(evidence.get("after"), evidence.get("after_total"))),
    ]
    if len(evidence.get("phrases", [])) > 1:
        facts.append(Fact("Also as", ", ".join(f"“{one}”" for one in evidence["phrases"][1:])))
    return facts


def _effect_facts(evidence: dict[str, Any]) -> list[Fact]:
    low, high = percent(evidence["low"], signed=True), percent(evidence["high"], signed=True)
    facts = [
        Fact("Metric", evidence["metric_name"]),
        Fact(
            "Effect", f"{percent(evidence['effect'], signed=True)} (95% interval {low} to {high})"
        ),
    ]
    if "goal" in evidence:
        facts.append(Fact("Goal", percent(evidence["goal"], signed=True)))
    return facts


def _rated(mean: float, count: int) -> str:
    return f"{mean:.2f} of 5, by {count:,} customers"


def _of(count: int | None, total: int | None) -> str:
    return f"{count or 0:,} of {total:,} customers" if total else f"{count or 0:,} customers"


def findings_on(ship: Deployment) -> Sequence[Finding]:
    """Return the ship's findings, open ones first, the strongest first, in one query."""
    found = Finding.objects.filter(deployment=ship).select_related("claimed_by")
    return sorted(found, key=lambda one: (one.closed_at is not None, -one.score))[:ON_A_SHIP]
