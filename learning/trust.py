"""Keeps each metric's placebo record, and says in words how far the metric can be trusted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from common.claims import unclaimed
from common.windows import DAY, WEEK, Window
from deployments.models import Deployment
from engagement.models import Metric, MetricSample
from learning.calibration import interval
from learning.impact import CURRENT_METHOD
from learning.inputs import history_length, series_for
from learning.models import PlaceboRecord
from learning.placebo import CLAIMED, FEWEST_MOMENTS, placebos

# So far back quiet moments are looked for, and so often.
REACH = {True: timedelta(days=500), False: timedelta(days=120)}
MINUTES_REACH = timedelta(days=35)
TESTED_EVERY = DAY
UNTRUSTED_FROM = 0.10  # a share of false alarms that people should be told of


@dataclass(frozen=True, slots=True)
class Trust:
    """What a metric's placebo record says."""

    record: PlaceboRecord
    rate: float | None  # of false alarms; None with too few quiet moments
    coverage: float | None
    power: float | None  # the share of effects of 10 % that it found
    is_doubtful: bool
    sentence: str


def windows_for(metric: Metric) -> tuple[timedelta, ...]:
    """Return after how long the metric is tested: the looks that people decide on."""
    return (WEEK, 4 * WEEK) if metric.resolution >= DAY else (DAY, WEEK)


def due_records(now: datetime, limit: int = 20) -> list[PlaceboRecord]:
    """Return records to be made anew, that no living worker holds; makes the missing ones."""
    _make_missing()
    due = PlaceboRecord.objects.filter(
        unclaimed(now),
        Q(tested_at=None) | Q(tested_at__lt=now - TESTED_EVERY) | ~Q(method=CURRENT_METHOD),
    )
    return list(due.select_related("metric").order_by("tested_at", "pk")[:limit])


def _make_missing() -> None:
    measured = MetricSample.objects.filter(metric=OuterRef("pk"))
    without = Metric.objects.filter(Exists(measured)).exclude(placebos__isnull=False)
    PlaceboRecord.objects.bulk_create(
        (
            PlaceboRecord(metric=metric, window=window)
            for metric in without.order_by("pk")
            for window in windows_for(metric)
        ),
        ignore_conflicts=True,
    )


def claim(record: PlaceboRecord, *, now: datetime) -> bool:
    """Return True if this worker, and no other, is to make the record anew."""
    won = PlaceboRecord.objects.filter(unclaimed(now), pk=record.pk, tested_at=record.tested_at)
    return won.update(claimed_at=now) == 1


def make_record(record: PlaceboRecord, *, now: datetime) -> PlaceboRecord:
    """Look at the metric's quiet moments, and keep what was found. Safe to run twice."""
    metric = record.metric
    reach = REACH[metric.resolution >= DAY]
    if metric.resolution < timedelta(hours=1):
        reach = MINUTES_REACH
    window = Window(now - reach, now)
    ships = (
        Deployment.objects.filter(project=metric.project_id)
        .reaching_customers()
        .filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
        .order_by("shipped_at")
        .values_list("shipped_at", flat=True)
    )
    found = placebos(
        series_for(metric, window),
        history=int(history_length(metric).total_seconds()),
        window=int(record.window.total_seconds()),
        ships=[int(moment.timestamp()) for moment in ships],
    )
    record.moments, record.alarms = len(found.moments), found.alarms
    record.looks, record.covered = found.looks, found.covered
    record.put_in, record.found = found.put_in, found.found
    span = (found.moments[0], found.moments[-1]) if found.moments else (None, None)
    record.from_at, record.until_at = (
        None if at is None else datetime.fromtimestamp(at, tz=UTC) for at in span
    )
    record.method, record.tested_at, record.claimed_at = CURRENT_METHOD, now, None
    record.save()
    return record


def trust_in(metric: Metric) -> list[Trust]:
    """Return what the metric's records say, the shorter window first; none before a test."""
    tested = metric.placebos.filter(tested_at__isnull=False).select_related("metric")
    return [told(record) for record in tested.order_by("window")]


def told(record: PlaceboRecord) -> Trust:
    """Return what a record says."""
    days = record.window // DAY
    span = "a day" if days == 1 else f"{days} days"
    if record.moments < FEWEST_MOMENTS:
        sentence = (
            f"Not tested over {span}: there are {record.moments} quiet stretches with enough "
            f"history before them, and {FEWEST_MOMENTS} are needed."
        )
        return Trust(record, None, None, None, is_doubtful=False, sentence=sentence)
    rate = record.alarms / record.moments
    lowest, _ = interval(rate, record.moments)
    doubtful = lowest > CLAIMED and rate >= UNTRUSTED_FROM
    share = f"{record.alarms} of {record.moments}"
    if doubtful:
        sentence = (
            f"This metric alarms on {rate:.0%} of quiet stretches of {span} ({share}), and 5% is "
            "what is promised: doubt what it says of a ship."
        )
    elif record.alarms:
        sentence = f"It alarms on {rate:.0%} of quiet stretches of {span} ({share})."
    else:
        sentence = f"It stayed quiet on all {record.moments} quiet stretches of {span}."
    return Trust(
        record=record,
        rate=rate,
        coverage=record.covered / record.looks if record.looks else None,
        power=record.found / record.put_in if record.put_in else None,
        is_doubtful=doubtful,
        sentence=sentence,
    )
