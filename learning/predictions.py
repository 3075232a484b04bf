"""How often a project's expectations came true, and privately how often one person's did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from accounts.models import Project, User
from common.windows import DAY
from learning.grounds import Grounds, grounds_of
from learning.models import Learning
from learning.predictions_rules import Bet, Point, Record, drawn, record_of
from learning.verdict import Verdict

# The newest so many bets are looked at, and the newest so many listed.
MOST = 2_000
LISTED = 50
QUARTERS = 8


@dataclass(frozen=True, slots=True)
class BetRow:
    """One bet with its learning."""

    learning: Learning
    grounds: Grounds
    bet: Bet


@dataclass(frozen=True, slots=True)
class Quarter:
    """How the bets of one quarter ended, by when their learning was drafted."""

    first_day: date
    last_day: date
    record: Record


@dataclass(frozen=True, slots=True)
class Predictions:
    """All that the page shows."""

    whole: Record
    mine: Record  # of the person who reads it, and of nobody else
    quarters: list[Quarter]  # newest first
    points: list[Point]
    edge: float  # the size at the edge of the drawing
    rows: list[BetRow]  # newest first


def predictions_of(project: Project, *, reader: User) -> Predictions:
    """Return how the project's bets ended, and those of `reader`, in five queries."""
    rows = _bets(project)
    mine = _keys_of(reader, project)
    bets = [row.bet for row in rows]
    points, edge = drawn(bets)
    return Predictions(
        whole=record_of(bets),
        mine=record_of([row.bet for row in rows if row.learning.pk in mine]),
        quarters=_quarters(rows),
        points=points,
        edge=edge,
        rows=rows[:LISTED],
    )


def _bets(project: Project) -> list[BetRow]:
    learnings = list(
        Learning.objects.current()
        .filter(project=project, deployment__hypothesis__isnull=False)
        .exclude(verdict__in=[Verdict.TOO_EARLY, Verdict.NO_HYPOTHESIS])
        .select_related("deployment")
        .defer("evidence", "takeaway")
        .order_by("-drafted_at", "-pk")[:MOST]
    )
    grounds = grounds_of(learnings)
    return [
        BetRow(one, grounds[one.pk], _bet(one, grounds[one.pk]))
        for one in learnings
        if one.pk in grounds
    ]


def _bet(learning: Learning, grounds: Grounds) -> Bet:
    effect = grounds.estimate.effect if grounds.estimate else None
    if effect is not None and grounds.goal < 0:
        effect = -effect
    return Bet(abs(grounds.goal), effect, Verdict(learning.verdict))


def _keys_of(reader: User, project: Project) -> set[int]:
    """Return the learnings whose bet is the reader's.

    That is who stated it; of a bet that came with the ship, from CI, whoever shipped it.
    """
    stated = Q(deployment__hypothesis__stated_by=reader)
    sent = Q(deployment__hypothesis__stated_by=None, deployment__shippers__user=reader)
    found = Learning.objects.current().filter(
        stated | sent, project=project, deployment__hypothesis__isnull=False
    )
    return set(found.values_list("pk", flat=True))


def _quarters(rows: Sequence[BetRow]) -> list[Quarter]:
    groups: dict[date, list[Bet]] = {}
    for row in rows:
        groups.setdefault(_first_day(row.learning.drafted_at), []).append(row.bet)
    newest = sorted(groups.items(), reverse=True)[:QUARTERS]
    return [Quarter(day, _last_day(day), record_of(bets)) for day, bets in newest]


def _last_day(first: date) -> date:
    return date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1) - DAY


def _first_day(moment: datetime) -> date:
    here = timezone.localtime(moment)
    return date(here.year, here.month - (here.month - 1) % 3, 1)
