"""Which of several estimates of the same effect is shown, and what it says in a word."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from deployments.models import Deployment
from engagement.models import Direction
from learning.models import ImpactEstimate

# How a note says that a person ruled the metric out; learning/inputs.py writes it.
RULED_OUT = ("cannot touch it", "said not to touch it")
MOST_BESIDE = 5  # other ships that are named
BESIDE = "In its window: "  # how a note names them


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate, and what it says.

    An effect that is not real, though its interval leaves out zero, is a hint and no more: among
    many metrics, one does so by chance.
    """

    row: ImpactEstimate
    is_hint: bool
    is_good: bool | None  # None where neither way is good, or there is no number
    beside: tuple[Deployment, ...] = ()  # the other ships in its window, the oldest first

    @property
    def is_ruled_out(self) -> bool:
        """True if a person said that the ship cannot touch the metric."""
        return self.row.effect is None and any(words in self.row.note for words in RULED_OUT)

    @property
    def note(self) -> str:
        """What the estimate says of itself, without the ships' names, which are links."""
        return self.row.note.partition(BESIDE)[0].strip() if self.beside else self.row.note


def telling(estimates: QuerySet[ImpactEstimate]) -> QuerySet[ImpactEstimate]:
    """Keep one estimate for each ship and metric: the latest number, or the latest word.

    The longer after a ship, the likelier it is that others have gone out since and that nothing
    can be said any more; that does not undo the number which an earlier look found.
    """
    others = ImpactEstimate.objects.filter(
        deployment=OuterRef("deployment"), metric=OuterRef("metric")
    )
    later = others.filter(checkup__due_at__gt=OuterRef("checkup__due_at"))
    has_number = Q(effect__isnull=False)
    return estimates.filter(
        (has_number & ~Exists(later.filter(has_number)))
        | (~has_number & ~Exists(later) & ~Exists(others.filter(has_number)))
    ).select_related("deployment", "checkup", "metric")


def effects(estimates: Iterable[ImpactEstimate]) -> list[Effect]:
    """Return what the estimates say, in the same order, in one query more."""
    rows = list(estimates)
    pks = {pk for row in rows for pk in row.beside[:MOST_BESIDE]}
    ships = Deployment.objects.filter(pk__in=pks).only("pk", "version").in_bulk() if pks else {}
    return [
        _effect(row, tuple(ships[pk] for pk in row.beside[:MOST_BESIDE] if pk in ships))
        for row in rows
    ]


def is_good(row: ImpactEstimate) -> bool | None:
    """Return whether the metric went where it should; None where neither way is good."""
    wanted = row.metric.good_direction
    if row.effect is None or wanted == Direction.NEITHER:
        return None
    return (row.effect > 0) == (wanted == Direction.UP)


def _effect(row: ImpactEstimate, beside: tuple[Deployment, ...]) -> Effect:
    if row.effect is None or row.low is None or row.high is None:
        return Effect(row, is_hint=False, is_good=None, beside=beside)
    leaves_out_zero = row.low > 0 or row.high < 0
    is_hint = leaves_out_zero and not row.is_real
    return Effect(row, is_hint=is_hint, is_good=is_good(row), beside=beside)
