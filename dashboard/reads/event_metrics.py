"""What the pages on metrics made of events read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Project
from common.windows import Window
from deployments.models import Deployment
from engagement.event_history import counted_from, known_from
from engagement.event_measures import Asked, asked_of
from engagement.event_words import in_words, length_in_words
from engagement.models import EventMetric, Metric
from learning.models import ImpactEstimate

MOST_SHIPS = 50
MOST_VERSIONS = 30


@dataclass(frozen=True, slots=True)
class Change:
    """What saving a changed definition does."""

    samples: int  # that are deleted
    first_at: datetime | None  # of the samples that there are
    again_from: datetime | None  # how far back the history can be worked out
    ships: int  # whose effects are estimated anew

    @property
    def loses(self) -> bool:
        """Whether there are samples of a time that cannot be worked out any more."""
        if self.first_at is None:
            return False
        return self.again_from is None or self.first_at < self.again_from


@dataclass(frozen=True, slots=True)
class Defined:
    """How a metric is made of events, and how far it is worked out."""

    row: EventMetric
    words: str
    delay: str  # how long a value waits after its bucket, in words, or nothing

    @property
    def is_waiting(self) -> bool:
        """Whether its history is being worked out, or will be in the next minute."""
        return self.row.seen_until is None or bool(
            self.row.worked_out_from
            and self.row.history_from
            and self.row.claimed_at
            and self.row.worked_out_from > self.row.history_from
        )


def defined(metric: Metric) -> Defined | None:
    """Return how a metric is made of events, or None if it comes another way."""
    row: EventMetric | None = getattr(metric, "definition", None)
    if row is None:
        return None
    delay = asked_of(row).delay
    return Defined(row, in_words(row), length_in_words(delay) if delay else "")


def delay_of(metric: Metric) -> timedelta:
    """Return how long after its bucket a value of the metric is final, if it is made of events."""
    row: EventMetric | None = getattr(metric, "definition", None)
    return asked_of(row).delay if row else timedelta(0)


def change_of(row: EventMetric, asked: Asked, *, now: datetime) -> Change | None:
    """Return what saving the definition as `asked` does, or None if its values stay."""
    if asked_of(row) == asked:
        return None
    samples = row.metric.samples.order_by("taken_at")
    estimates = ImpactEstimate.objects.filter(metric=row.metric_id)
    known = known_from(asked.project_id, now)
    goals = [counted_from(asked), asked.history_from(known) if known else None]
    return Change(
        samples=samples.count(),
        first_at=samples.values_list("taken_at", flat=True).first(),
        again_from=min((goal for goal in goals if goal), default=None),
        ships=estimates.values("deployment").distinct().count(),
    )


def ships_in(project: Project, window: Window) -> list[Deployment]:
    """Return the newest ships of the window that reached customers, oldest first."""
    ships = Deployment.objects.reaching_customers().filter(project=project)
    within = ships.filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
    return list(within.order_by("-shipped_at", "-pk")[:MOST_SHIPS])[::-1]


def versions_seen(project: Project) -> list[str]:
    """Return the versions that were shipped last, the newest first."""
    ships = Deployment.objects.filter(project=project).order_by("-shipped_at", "-pk")
    newest = ships.values_list("version", flat=True)[: 3 * MOST_VERSIONS]
    return list(dict.fromkeys(newest))[:MOST_VERSIONS]
