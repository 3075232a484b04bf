"""How our bets fared, month by month."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts.models import Project
from common.days import midnight
from learning.models import Learning
from learning.verdict import Verdict

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar: its verdict, where it starts and how long it is, in learnings."""

    word: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Month:
    """How many learnings of one month came out how."""

    first_day: date
    supported: int
    refuted: int
    no_effect: int
    other: int  # no verdict was possible, or no hypothesis was stated

    @property
    def total(self) -> int:
        """How many learnings there were."""
        return self.supported + self.refuted + self.no_effect + self.other

    @property
    def bars(self) -> list[Bar]:
        """The parts of a bar as long as `total`, side by side."""
        bars, start = [], 0
        for word in ("supported", "refuted", "no_effect", "other"):
            width = getattr(self, word)
            if width:
                bars.append(Bar(word, start, width))
            start += width
        return bars


def verdicts_by_month(project: Project, *, now: datetime) -> list[Month]:
    """Return the last MONTHS months, newest first, from the first one with a learning on."""
    here = timezone.localtime(now)
    months = [_months_before(here, n) for n in range(MONTHS)]
    rows = (
        Learning.objects.current()
        .filter(project=project, drafted_at__gte=midnight(months[-1]))
        .annotate(month=TruncMonth("drafted_at"))
        .values_list("month", "verdict")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counts: dict[date, Counter[str]] = {}
    for month, verdict, count in rows:
        counts.setdefault(month.date(), Counter())[verdict] += count
    oldest = min(counts, default=None)
    return [
        _month(month, counts.get(month, Counter()))
        for month in months
        if oldest is not None and month >= oldest
    ]


def added_up(months: list[Month]) -> Month | None:
    """Return all `months` as one that starts with the oldest; None if there are none."""
    if not months:
        return None
    return Month(
        months[-1].first_day,
        supported=sum(month.supported for month in months),
        refuted=sum(month.refuted for month in months),
        no_effect=sum(month.no_effect for month in months),
        other=sum(month.other for month in months),
    )


def _months_before(moment: datetime, months: int) -> date:
    years, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _month(first_day: date, counts: Counter[str]) -> Month:
    supported, refuted = counts[Verdict.SUPPORTED], counts[Verdict.REFUTED]
    no_effect = counts[Verdict.NO_EFFECT]
    other = counts.total() - supported - refuted - no_effect
    return Month(first_day, supported, refuted, no_effect, other)
