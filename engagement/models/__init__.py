"""What users do: metrics, their samples, where they come from, and events."""

from engagement.models.definitions import EventMetric, Measure
from engagement.models.events import (
    Counting,
    Event,
    EventCount,
    EventReceipt,
    RefusedEvent,
    SameUser,
    VersionUse,
)
from engagement.models.metrics import (
    Direction,
    Kind,
    Metric,
    MetricSample,
    MetricSampleQuerySet,
    Role,
)
from engagement.models.rollups import Rollup, RollupDue
from engagement.models.sources import Feed, FeedQuerySet, Source

__all__ = [
    "Counting",
    "Direction",
    "Event",
    "EventCount",
    "EventMetric",
    "EventReceipt",
    "Feed",
    "FeedQuerySet",
    "Kind",
    "Measure",
    "Metric",
    "MetricSample",
    "MetricSampleQuerySet",
    "RefusedEvent",
    "Role",
    "Rollup",
    "RollupDue",
    "SameUser",
    "Source",
    "VersionUse",
]
