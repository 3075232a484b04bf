"""What each measure of events is, exactly: its kind, when a bucket of it is final, and what a late
event changes. docs/event-metrics.md says the same to readers.

A user is whom the product calls so: an event's `user_id`, or else the user that its `anonymous_id`
turned out to be, or else the `anonymous_id` itself. What names neither is counted by COUNT alone.
Buckets are hours or days of UTC, start inclusive and end exclusive, by when things happened.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from common.windows import DAY, HOUR, Window
from engagement.models import EventMetric, Kind, Measure

# A user is new, and a use the first one, if there was none in so long a time before. A fixed length
# keeps a bucket's value the same however much older history is kept when it is worked out.
LOOKBACK = timedelta(days=28)
# A bucket without the event is 0 if anything at all was recorded in so long a time up to its end;
# otherwise nothing is known of it.
ALIVE = DAY
# Events are given so long after the end of a bucket to come in.
SETTLED = timedelta(minutes=5)
RESOLUTIONS = (HOUR, DAY)

KINDS: dict[str, Kind] = {
    Measure.COUNT: Kind.COUNT,
    Measure.USERS: Kind.COUNT,
    Measure.CONVERSION: Kind.RATIO,
    Measure.FIRST_USE: Kind.COUNT,
    Measure.ADOPTION: Kind.RATIO,
    Measure.TIME_TO_FIRST_USE: Kind.GAUGE,
    Measure.RETENTION: Kind.RATIO,
}
# Those that need to know what came in the LOOKBACK before.
LOOKING_BACK = {Measure.FIRST_USE, Measure.TIME_TO_FIRST_USE, Measure.RETENTION}
# Those whose buckets are 0, and not unknown, when nothing happened.
ZEROES = {Measure.COUNT, Measure.USERS, Measure.FIRST_USE}
# Those that say something of an event by name; the others may be about any.
NAMED = {Measure.CONVERSION, Measure.FIRST_USE, Measure.ADOPTION, Measure.TIME_TO_FIRST_USE}
# Those that any event of a user matters to, besides the one that is named.
ABOUT_ANY = {Measure.ADOPTION, Measure.TIME_TO_FIRST_USE, Measure.RETENTION}
WITHIN = {Measure.CONVERSION, Measure.TIME_TO_FIRST_USE, Measure.RETENTION}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a project's events, saved or not.

    A blank event, environment, service or version means any. `where` are properties, by name, that
    an `event` must have, compared as text.
    """

    project_id: int
    measure: str
    event: str = ""
    then_event: str = ""
    within: timedelta = DAY
    environment: str = ""
    service: str = ""
    version: str = ""
    where: dict[str, str] = field(default_factory=dict)
    resolution: timedelta = DAY

    @property
    def kind(self) -> Kind:
        """What kind of metric it makes: a ratio's denominator is its exposure."""
        return KINDS[self.measure]

    @property
    def delay(self) -> timedelta:
        """How long after the end of a bucket its value is final, but for events that come late.

        - A conversion belongs to the bucket of its first event, and has `within` to happen.
        - So has the first use of a user who is new in the bucket.
        - Retention of day N is known when the last one who was new has had N + 1 days.
        """
        if self.measure in (Measure.CONVERSION, Measure.TIME_TO_FIRST_USE):
            return self.within
        return self.within + DAY if self.measure == Measure.RETENTION else timedelta(0)

    def bucket(self, moment: datetime) -> datetime:
        """Return the start of the bucket that `moment` lies in, counted from the epoch in UTC."""
        seconds = int(self.resolution.total_seconds())
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=UTC)

    def final_until(self, now: datetime) -> datetime:
        """Return the end of the last bucket that is final."""
        return self.bucket(now - SETTLED - self.delay)

    def history_from(self, known_from: datetime) -> datetime:
        """Return the first bucket that can be told where all events since `known_from` are kept.

        What looks back has to know that users were not there before, so it begins later.
        """
        looks_back = self.measure in LOOKING_BACK
        first = known_from + LOOKBACK if looks_back else known_from
        start = self.bucket(first)
        return start if start >= first else start + self.resolution

    def touched(self, window: Window) -> Window:
        """Return the buckets whose value events in the window may have changed, as one stretch."""
        start, end = window.start - self.delay, window.end
        if self.measure in LOOKING_BACK:
            end += LOOKBACK
        elif self.measure in ZEROES:
            end += ALIVE
        last = self.bucket(end)
        return Window(self.bucket(start), last if last == end else last + self.resolution)


def asked_of(definition: EventMetric) -> Asked:
    """Return what a saved definition asks."""
    return Asked(
        project_id=definition.metric.project_id,
        measure=definition.measure,
        event=definition.event,
        then_event=definition.then_event,
        within=definition.within,
        environment=definition.environment,
        service=definition.service,
        version=definition.version,
        where=dict(definition.where),
        resolution=definition.metric.resolution,
    )


@dataclass(frozen=True, slots=True)
class Bucket:
    """The value of one bucket; of a ratio, `of` is its denominator.

    `users` are those that the value is about, where it is about users.
    """

    at: datetime
    value: float
    of: int | None = None
    users: int | None = None
