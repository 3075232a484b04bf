"""What is known before a hypothesis is written: what such bets did before, and what can be seen."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from accounts.models import Project
from dashboard.reads.estimates import Effect, effects, telling
from engagement.models import Metric
from learning.models import ImpactEstimate, Learning
from learning.verdict import Verdict

SHIPS_SHOWN = 8
# Older ships say less of how a metric behaves today.
LOOKS_COUNTED = 200
SETTLED = (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NO_EFFECT)


@dataclass(frozen=True, slots=True)
class Record:
    """How bets ended: those that could be judged, and those of them that came true."""

    supported: int
    refuted: int
    no_effect: int
    untold: int  # inconclusive, mixed with another ship, or without enough data

    @property
    def settled(self) -> int:
        """How many could be judged."""
        return self.supported + self.refuted + self.no_effect

    @property
    def share(self) -> float | None:
        """The share of those that came true, None if none could be judged."""
        return self.supported / self.settled if self.settled else None


@dataclass(frozen=True, slots=True)
class Visible:
    """The smallest relative effect that looks at this metric could usually show."""

    size: float  # the median; half of the looks could show less, half could not
    horizon: timedelta  # how long after the ship those looks were
    looks: int


@dataclass(frozen=True, slots=True)
class PriorArt:
    """All that the page and the API tell of one metric before somebody bets on it."""

    metric: Metric
    window: timedelta
    effects: list[Effect]  # of the newest ships that were measured, newest first
    measured: int  # ships with a number
    moved: int  # ... whose effect is real
    on_metric: Record
    in_project: Record
    visible: Visible | None


def prior_art(project: Project, metric: Metric, *, window: timedelta) -> PriorArt:
    """Return what is known of bets on the metric within such a window, in five queries."""
    on_it = telling(ImpactEstimate.objects.filter(metric=metric, effect__isnull=False))
    newest = on_it.select_related("deployment__project").order_by("-deployment__shipped_at", "-pk")
    moved = list(on_it.values_list("is_real", flat=True))
    return PriorArt(
        metric=metric,
        window=window,
        effects=effects(newest[:SHIPS_SHOWN]),
        measured=len(moved),
        moved=sum(moved),
        on_metric=_record(_verdicts(project, metric)),
        in_project=_record(_verdicts(project, None)),
        visible=_visible(metric, window),
    )


def _verdicts(project: Project, metric: Metric | None) -> Iterable[str]:
    current = Learning.objects.current().filter(
        project=project, deployment__hypothesis__isnull=False
    )
    if metric:
        current = current.filter(deployment__hypothesis__metric=metric)
    found: Iterable[str] = current.values_list("verdict", flat=True)
    return found


def _record(verdicts: Iterable[str]) -> Record:
    counts = Counter(verdicts)
    untold = (Verdict.INCONCLUSIVE, Verdict.CONFOUNDED, Verdict.INSUFFICIENT_DATA)
    return Record(
        supported=counts[Verdict.SUPPORTED],
        refuted=counts[Verdict.REFUTED],
        no_effect=counts[Verdict.NO_EFFECT],
        untold=sum(counts[verdict] for verdict in untold),
    )


def _visible(metric: Metric, window: timedelta) -> Visible | None:
    """Return what looks after about as long a time could show; the nearest by its ratio."""
    looks = (
        ImpactEstimate.objects.filter(metric=metric, smallest_visible__isnull=False)
        .order_by("-window_start_at", "-pk")
        .values_list("checkup__horizon", "smallest_visible")[:LOOKS_COUNTED]
    )
    sizes: dict[timedelta, list[float]] = defaultdict(list)
    for horizon, size in looks:
        if size is not None:
            sizes[horizon].append(size)
    if not sizes:
        return None
    nearest = min(sizes, key=lambda horizon: abs(math.log(horizon / window)))
    return Visible(median(sizes[nearest]), nearest, len(sizes[nearest]))
