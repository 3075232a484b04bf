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
    NoData,
    Role,
    SampleWay,
    Way,
)
from engagement.models.rollups import Rollup, RollupDue
from engagement.models.sources import Feed, FeedQuerySet, Source
from engagement.models.telemetry import (
    FollowedInstrument,
    InstrumentStream,
    SeenInstrument,
    Shape,
    StreamPart,
    StreamPoint,
    Take,
)

__all__ = [
    "Counting",
    "Direction",
    "Event",
    "EventCount",
    "EventMetric",
    "EventReceipt",
    "Feed",
    "FeedQuerySet",
    "FollowedInstrument",
    "InstrumentStream",
    "Kind",
    "Measure",
    "Metric",
    "MetricSample",
    "MetricSampleQuerySet",
    "NoData",
    "RefusedEvent",
    "Role",
    "Rollup",
    "RollupDue",
    "SameUser",
    "SampleWay",
    "SeenInstrument",
    "Shape",
    "Source",
    "StreamPart",
    "StreamPoint",
    "Take",
    "VersionUse",
    "Way",
]
