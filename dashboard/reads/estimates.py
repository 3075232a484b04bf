"""Which of several estimates of the same effect is shown, and what it says in a word."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from engagement.models import Direction
from learning.models import ImpactEstimate


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate, and what it says.

    An effect that is not real, though its interval leaves out zero, is a hint and no more: among
    many metrics, one does so by chance.
    """

    row: ImpactEstimate
    is_hint: bool
    is_good: bool | None  # None where neither way is good, or there is no number


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
    """Return what the estimates say, in the same order."""
    return [_effect(row) for row in estimates]


def _effect(row: ImpactEstimate) -> Effect:
    if row.effect is None or row.low is None or row.high is None:
        return Effect(row, is_hint=False, is_good=None)
    leaves_out_zero = row.low > 0 or row.high < 0
    wanted = row.metric.good_direction
    is_good = None if wanted == Direction.NEITHER else (row.effect > 0) == (wanted == Direction.UP)
    return Effect(row, is_hint=leaves_out_zero and not row.is_real, is_good=is_good)
