"""The numbers that a verdict rests on, for pages, the API and what is told: rows in, facts out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Min

from deployments.models import Checkup, Hypothesis
from learning.models import ImpactEstimate, Learning
from learning.power import needed_window, unseen, what_is_needed
from learning.verdict import Verdict, percent


@dataclass(frozen=True, slots=True)
class Grounds:
    """What was hoped for, what was measured, by which look, and when Wake looks again."""

    hypothesis: Hypothesis
    verdict: Verdict
    estimate: ImpactEstimate | None  # the one that decided; None before the first look
    looked_after: timedelta | None  # how long after the ship that look was
    latest_after: timedelta | None  # ... and the latest one that the verdict knows of
    next_look_at: datetime | None  # None: that was the last look

    @property
    def goal(self) -> float:
        """The smallest effect that matters, with its sign."""
        return self.hypothesis.goal

    @property
    def hoped(self) -> str:
        """What was hoped for, in words."""
        way = "fall" if self.goal < 0 else "rise"
        return f"a {way} of {percent(abs(self.goal))} or more"

    @property
    def measured(self) -> str:
        """The effect with its 95 % interval, or nothing without a number."""
        row = self.estimate
        if row is None or row.effect is None or row.low is None or row.high is None:
            return ""
        low, high = percent(row.low, signed=True), percent(row.high, signed=True)
        return f"{percent(row.effect, signed=True)} ({low} to {high})"

    @property
    def unseen(self) -> str:
        """What that look could not have seen, as a sentence."""
        return unseen(self.estimate.smallest_visible) if self.estimate else ""

    @property
    def needed(self) -> str:
        """What would settle an open question, as a sentence."""
        row = self.estimate
        if row is None:
            return ""
        return what_is_needed(
            self.verdict,
            goal=self.goal,
            smallest_visible=row.smallest_visible,
            window=row.window_end_at - row.window_start_at,
        )

    @property
    def needed_window(self) -> timedelta | None:
        """How long a look would have to be to see the goal; None if that one could."""
        row = self.estimate
        if row is None or not row.smallest_visible:
            return None
        window = row.window_end_at - row.window_start_at
        return needed_window(goal=self.goal, smallest_visible=row.smallest_visible, window=window)

    @property
    def later_could_not_tell(self) -> bool:
        """True if a later look had no number, so that the verdict rests on an earlier one."""
        both = self.looked_after is not None and self.latest_after is not None
        return both and self.looked_after != self.latest_after


def grounds_of(
    learnings: Iterable[Learning], *, known: Hypothesis | None = None
) -> dict[int, Grounds]:
    """Return what each of `learnings` rests on, by its key, in three queries; bets only.

    If they are all of one ship, its hypothesis may be `known` already, with its metric.
    """
    learnings = list(learnings)
    ships = {learning.deployment_id for learning in learnings}
    asked = Hypothesis.objects.filter(deployment__in=ships).select_related("metric")
    bets = {bet.deployment_id: bet for bet in ([known] if known else asked)}
    if not bets:
        return {}
    rows: dict[int, list[ImpactEstimate]] = {}
    on_bet = ImpactEstimate.objects.filter(
        deployment__in=list(bets), metric=F("deployment__hypothesis__metric")
    )
    for row in on_bet.select_related("checkup").order_by("checkup__horizon"):
        rows.setdefault(row.deployment_id, []).append(row)
    to_come = dict(
        Checkup.objects.filter(deployment__in=list(bets), finished_at=None)
        .values_list("deployment")
        .annotate(first=Min("due_at"))
        .order_by()
    )
    return {
        learning.pk: _grounds(
            learning,
            bets[learning.deployment_id],
            rows.get(learning.deployment_id, ()),
            to_come.get(learning.deployment_id),
        )
        for learning in learnings
        if learning.deployment_id in bets
    }


def _grounds(
    learning: Learning,
    bet: Hypothesis,
    rows: Sequence[ImpactEstimate],
    next_look_at: datetime | None,
) -> Grounds:
    known = [row for row in rows if row.checkup.horizon >= bet.window]
    last = next((row for row in known if row.checkup_id == learning.checkup_id), None)
    if last is not None:
        known = [row for row in known if row.checkup.horizon <= last.checkup.horizon]
    # A look that has no number leaves the word to the last one that had: `told_so_far` in checkup.
    decided = next((row for row in reversed(known) if row.effect is not None), None)
    decided = decided or last or (known[-1] if known else None)
    return Grounds(
        hypothesis=bet,
        verdict=Verdict(learning.verdict),
        estimate=decided,
        looked_after=decided.checkup.horizon if decided else None,
        latest_after=last.checkup.horizon if last else None,
        next_look_at=next_look_at,
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that differs between two versions of a learning."""

    name: str
    was: str
    now: str


def numbers_changed(was: Learning, now: Learning, grounds: dict[int, Grounds]) -> list[Changed]:
    """Return what a look-back changed: the verdict, and the numbers of both side by side."""
    rows = [Changed("Verdict", Verdict(was.verdict).label, Verdict(now.verdict).label)]
    old, new = grounds.get(was.pk), grounds.get(now.pk)
    if old and new:
        rows += [
            Changed("Measured, with 95% interval", old.measured, new.measured),
            Changed("Seen within", _within(old), _within(new)),
            Changed("Smallest visible change", _smallest(old), _smallest(new)),
            Changed("Method", _method(old), _method(new)),
        ]
    return [row for row in rows if row.was != row.now]


def _within(grounds: Grounds) -> str:
    if grounds.looked_after is None:
        return ""
    days = grounds.looked_after.days
    return f"{days} day{'' if days == 1 else 's'}" if days else f"{grounds.looked_after}"


def _smallest(grounds: Grounds) -> str:
    row = grounds.estimate
    return percent(row.smallest_visible) if row and row.smallest_visible else ""


def _method(grounds: Grounds) -> str:
    return grounds.estimate.method if grounds.estimate else ""
