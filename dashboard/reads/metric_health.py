"""How well a metric is fed: when the last value came, what is missing, and who feeds it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models import Window as Over
from django.db.models.functions import Lag

from common.due import health_of
from common.health import Health
from common.windows import DAY, Window
from dashboard.reads.event_metrics import delay_of
from engagement.models import (
    EventMetric,
    Feed,
    FollowedInstrument,
    Metric,
    MetricSample,
    NoData,
    SampleWay,
)

LOOKED_AT = timedelta(days=28)
GAPS_SHOWN = 8
# A value is of a bucket that has to be over, and then has to be gathered or sent.
LATE_AFTER = 3  # buckets


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of buckets without a sample."""

    start: datetime
    end: datetime
    buckets: int


@dataclass(frozen=True, slots=True)
class Fed:
    """Who feeds a metric; each may be missing."""

    feed: Feed | None
    health: Health | None  # of the feed
    instrument: FollowedInstrument | None
    definition: EventMetric | None
    ways: list[SampleWay]

    @property
    def is_known(self) -> bool:
        """True if anybody is known to."""
        return bool(self.feed or self.instrument or self.definition or self.ways)


@dataclass(frozen=True, slots=True)
class MetricHealth:
    """What the metric's page says of its samples."""

    last_at: datetime | None  # the start of the last bucket with a sample
    missing: int  # buckets since then that are over, and should have come
    is_late: bool
    is_silent: bool
    gaps: list[Gap]  # the newest of the last four weeks
    more_gaps: int
    empty: int  # buckets in all gaps of the last four weeks
    counts_as_zero: bool
    fed: Fed


def metric_health(metric: Metric, *, now: datetime) -> MetricHealth:
    """Return how well a metric is fed, in six queries."""
    newest = metric.samples.order_by("-taken_at").values_list("taken_at", flat=True).first()
    width = metric.resolution
    # The bucket that is on its way is not missing yet, nor one that is made of events and waits
    # until what it is about can have happened.
    due = now - delay_of(metric)
    missing = max(0, (metric.bucket(due) - newest) // width - 1) if newest else 0
    gaps = _gaps(metric, now=now)
    return MetricHealth(
        last_at=newest,
        missing=missing,
        is_late=missing >= LATE_AFTER - 1,
        is_silent=newest is not None and due - newest > DAY + LATE_AFTER * width,
        gaps=gaps[:GAPS_SHOWN],
        more_gaps=max(0, len(gaps) - GAPS_SHOWN),
        empty=sum(gap.buckets for gap in gaps),
        counts_as_zero=metric.no_data == NoData.ZERO,
        fed=_fed(metric, now=now),
    )


def _gaps(metric: Metric, *, now: datetime) -> list[Gap]:
    """Return the gaps of the last four weeks, the newest first; the silence since is none."""
    window, width = Window.before(now, LOOKED_AT), metric.resolution
    samples = MetricSample.objects.filter(metric=metric)
    before = samples.filter(taken_at__lt=window.start).order_by("-taken_at")
    start = before.values_list("taken_at", flat=True).first() or window.start
    near = samples.filter(taken_at__gte=start, taken_at__lt=window.end)
    since = Over(Lag("taken_at"), order_by=F("taken_at").asc())
    passed = ExpressionWrapper(F("taken_at") - F("since"), output_field=DurationField())
    edges = near.annotate(since=since).annotate(passed=passed).filter(passed__gt=width)
    found = []
    for earlier, later in edges.order_by("-taken_at").values_list("since", "taken_at"):
        begin = max(earlier + width, metric.bucket(window.start))
        if later > begin:
            found.append(Gap(begin, later, (later - begin) // width))
    return found


def _fed(metric: Metric, *, now: datetime) -> Fed:
    feed = Feed.objects.select_related("source").filter(metric=metric).first()
    return Fed(
        feed=feed,
        health=health_of(feed, created_at=feed.created_at, now=now) if feed else None,
        instrument=FollowedInstrument.objects.filter(metric=metric).first(),
        definition=getattr(metric, "definition", None),
        ways=list(metric.ways.order_by("-last_at", "way")),
    )
