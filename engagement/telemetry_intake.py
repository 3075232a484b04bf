"""The writing door for what OpenTelemetry sends: points in, samples of followed instruments out.

Every point is kept for some days by its stream and time, so that one sent again counts once, and
the buckets it falls into are worked out from the points anew. One call at a time does so for each
instrument that is followed: it holds the row of what is followed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, FloatField, Sum
from django.db.models.functions import Cast

from accounts.models import Project
from common.values import CLOCK_SKEW
from engagement.intake import record_samples
from engagement.models import (
    FollowedInstrument,
    InstrumentStream,
    StreamPart,
    StreamPoint,
    Take,
)
from engagement.telemetry_points import Instrument, Place, Point
from engagement.telemetry_seen import note_seen
from engagement.telemetry_sums import LEAST_GAP, SECOND, Row, parts_of
from engagement.telemetry_taken import Taken, refuse_made_of_events

# Points older than that come too late: what they would be compared with may be gone.
LATEST = timedelta(days=2)
KEPT = timedelta(days=4)
# One instrument with a customer in its attributes must not fill the database.
MOST_STREAMS = 1_000
_MICROSECOND = 1_000  # nanoseconds


def record_points(project: Project, instruments: Sequence[Instrument], *, now: datetime) -> Taken:
    """Store what is new of the instruments that are followed, and note which others were seen."""
    taken = Taken()
    names = {one.name for one in instruments}
    followed: dict[str, list[FollowedInstrument]] = defaultdict(list)
    for row in FollowedInstrument.objects.filter(project=project, name__in=names).order_by("pk"):
        followed[row.name].append(row)
    wanted: dict[int, list[Instrument]] = defaultdict(list)
    for one in instruments:
        taken.refuse(one.broken, f"{one.name} has points that are no finite numbers.")
        matching = [row for row in followed[one.name] if _is_from(row, one.place)]
        fitting = [row for row in matching if row.shape == one.shape]
        if matching and not fitting:
            taken.refuse(len(one.points), f"{one.name} is now a {one.shape.label.lower()}.")
        elif not matching:
            taken.unfollowed += len(one.points)
        for row in fitting:
            wanted[row.pk].append(one)
    for pk in sorted(wanted):
        _take(pk, wanted[pk], taken, now)
    note_seen(project, instruments, now=now)
    return taken


def _is_from(row: FollowedInstrument, place: Place) -> bool:
    asked = (
        (row.environment, place.environment),
        (row.service, place.service),
        (row.version, place.version),
    )
    return all(not wanted or wanted == said for wanted, said in asked)


def _take(pk: int, instruments: Iterable[Instrument], taken: Taken, now: datetime) -> None:
    """Take the points of one followed instrument, in a transaction that is alone with it."""
    with transaction.atomic():
        rows = FollowedInstrument.objects.select_for_update(of=("self",))
        held = rows.select_related("metric__project", "metric__definition").filter(pk=pk).first()
        if held is None:  # followed no more since a moment
            return
        if hasattr(held.metric, "definition"):
            refuse_made_of_events(held, instruments, taken)
            return
        points: dict[str, dict[int, Point]] = defaultdict(dict)
        deltas: dict[str, bool] = {}
        for one in instruments:
            for point in _in_time(one, taken, now):
                points[point.mark].setdefault(point.time_ns, point)
                deltas[point.mark] = one.is_delta
        streams = _streams(held, points, taken)
        new = _new_points(streams, points, taken)
        if new:
            _save(held, _add(held, streams, new, deltas), now)
        FollowedInstrument.objects.filter(pk=pk).update(
            heard_at=now, note=" ".join(why for why in taken.why if why.startswith(held.name))[:999]
        )


def _in_time(one: Instrument, taken: Taken, now: datetime) -> list[Point]:
    first, last = _ns(now - LATEST), _ns(now + CLOCK_SKEW)
    kept = [point for point in one.points if first <= point.time_ns <= last]
    late = len(one.points) - len(kept)
    taken.refuse(late, f"{one.name} has points from more than two days ago, or from the future.")
    return kept


def _streams(
    held: FollowedInstrument, points: Mapping[str, Mapping[int, Point]], taken: Taken
) -> dict[int, str]:
    """Return {stream: its mark}, making the streams that are new, up to MOST_STREAMS."""
    known = dict(held.streams.filter(mark__in=points).values_list("mark", "pk"))
    new = sorted(points.keys() - known.keys())
    room = max(0, MOST_STREAMS - held.streams.count()) if new else 0
    made = [InstrumentStream(followed=held, mark=mark) for mark in new[:room]]
    known |= {one.mark: one.pk for one in InstrumentStream.objects.bulk_create(made)}
    left = sum(len(points[mark]) for mark in new[room:])
    taken.refuse(left, f"{held.name} has more than {MOST_STREAMS:,} sets of attributes.")
    return {pk: mark for mark, pk in known.items()}


def _new_points(
    streams: Mapping[int, str], points: Mapping[str, Mapping[int, Point]], taken: Taken
) -> list[StreamPoint]:
    """Store the points that were not there yet, and return them."""
    times = [at for mark in streams.values() for at in points[mark]]
    if not times:
        return []
    there = StreamPoint.objects.filter(
        stream__in=streams, time_ns__gte=min(times), time_ns__lte=max(times)
    )
    known = set(there.values_list("stream", "time_ns"))
    new = [
        StreamPoint(
            stream_id=stream,
            time_ns=at,
            start_ns=point.start_ns,
            value=point.value,
            count=point.count,
        )
        for stream, mark in streams.items()
        for at, point in points[mark].items()
        if (stream, at) not in known
    ]
    taken.new += len(new)
    taken.known += len(times) - len(new)
    return StreamPoint.objects.bulk_create(new, batch_size=2_000)


def _add(
    held: FollowedInstrument,
    streams: Mapping[int, str],
    new: Sequence[StreamPoint],
    deltas: Mapping[str, bool],
) -> set[int]:
    """Work out anew what the streams of new points add to their buckets; return the buckets."""
    step = int(held.metric.resolution.total_seconds()) * SECOND
    # A point changes its own bucket, and that of the one after it; it is compared with the one
    # before.
    reach = max(step, LEAST_GAP)
    begin = (min(point.time_ns for point in new) - 1) // step * step
    end = max(point.time_ns for point in new) + reach + step
    near = StreamPoint.objects.filter(
        stream__in={point.stream_id for point in new},
        time_ns__gte=begin - reach,
        time_ns__lt=end,
    )
    rows: dict[int, list[Row]] = defaultdict(list)
    for stream, at, since, value, count in near.values_list(
        "stream", "time_ns", "start_ns", "value", "count"
    ):
        rows[stream].append(Row(at, since, value, count))
    made = []
    for stream, many in sorted(rows.items()):
        is_delta = deltas[streams[stream]]
        parts = parts_of(
            many, shape=held.shape, take=held.take, is_delta=is_delta, step_ns=step
        )  # fmt: skip
        made += [
            StreamPart(
                stream_id=stream, starts_at=_moment(at), total=part.total, weight=part.weight
            )
            for at, part in sorted(parts.items())
            if begin <= at <= end - step
        ]
    StreamPart.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["stream", "starts_at"],
        update_fields=["total", "weight"],
        batch_size=2_000,
    )
    return {_ns(part.starts_at) for part in made}


def _save(held: FollowedInstrument, touched: set[int], now: datetime) -> None:
    """Add up the parts of all streams for the buckets, and save them as samples."""
    level = Cast(F("total"), FloatField()) / F("weight")
    starts = [_moment(at) for at in sorted(touched)]
    sums = (
        StreamPart.objects.filter(stream__followed=held, starts_at__in=starts, weight__gt=0)
        .values("starts_at")
        .annotate(all=Sum("total"), of=Sum("weight"), levels=Sum(level))
        .order_by("starts_at")
    )
    values = {row["starts_at"]: _value(held.take, row) for row in sums}
    if held.take in (Take.INCREASE, Take.COUNT, Take.SUM):
        values = {at: values.get(at, 0.0) for at in starts}  # it was looked at, and nothing came
    rows = [
        {"metric": held.metric.key, "at": at.isoformat(), "value": value}
        for at, value in values.items()
    ]
    record_samples(project=held.metric.project, rows=rows, now=now)


def _value(take: str, row: Mapping[str, Any]) -> float:
    if take == Take.MEAN:
        return float(row["all"] / row["of"])
    return float(row["levels"] if take == Take.LEVEL else row["all"])


def drop_old_points(*, now: datetime) -> int:
    """Delete points that nothing is compared with any more; return how many."""
    count, _ = StreamPoint.objects.filter(time_ns__lt=_ns(now - KEPT)).delete()
    StreamPart.objects.filter(starts_at__lt=now - KEPT).delete()
    InstrumentStream.objects.filter(points=None, parts=None).delete()
    return count


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6) * _MICROSECOND


def _moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1_000_000_000, tz=UTC)
