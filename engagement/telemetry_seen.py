"""Which instruments somebody sends: named and counted, so that a person can choose among them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Project
from engagement.models import SeenInstrument
from engagement.telemetry_points import Instrument

MOST_SEEN = 1_000  # names of a project; a name made of a customer's id must not fill the table
MOST_PLACES = 20
FORGOTTEN = timedelta(days=30)


def note_seen(project: Project, instruments: Sequence[Instrument], *, now: datetime) -> None:
    """Count the points of each instrument, and note where they came from."""
    named: dict[str, list[Instrument]] = {}
    for one in instruments:
        named.setdefault(one.name, []).append(one)
    with transaction.atomic():
        rows = SeenInstrument.objects.select_for_update().filter(project=project)
        # In one order for everybody, so that two calls wait for each other instead of for both.
        known = {row.name: row for row in rows.filter(name__in=named).order_by("name")}
        for name, row in known.items():
            _tell(row, named[name], now)
        SeenInstrument.objects.bulk_update(
            known.values(),
            ["shape", "unit", "description", "places", "points", "last_seen_at"],
            batch_size=100,
        )
        new = sorted(named.keys() - known.keys())
        if new:
            _make(project, {name: named[name] for name in new}, now)


def _make(project: Project, named: dict[str, list[Instrument]], now: datetime) -> None:
    room = max(0, MOST_SEEN - SeenInstrument.objects.filter(project=project).count())
    made = []
    for name, many in list(named.items())[:room]:
        row = SeenInstrument(project=project, name=name, first_seen_at=now, last_seen_at=now)
        _tell(row, many, now)
        made.append(row)
    SeenInstrument.objects.bulk_create(made, ignore_conflicts=True)


def _tell(row: SeenInstrument, many: Iterable[Instrument], now: datetime) -> None:
    for one in many:
        row.shape, row.unit, row.description = one.shape, one.unit, one.description
        row.points += len(one.points) + one.broken
        for word in ("environment", "service", "version"):
            said, kept = getattr(one.place, word), row.places.setdefault(word, [])
            if said and said not in kept:
                kept.append(said)
                del kept[:-MOST_PLACES]  # the newest are those of use
    row.last_seen_at = now


def forget_unseen(*, now: datetime) -> int:
    """Delete the names that nobody sends any more; return how many."""
    count, _ = SeenInstrument.objects.filter(last_seen_at__lt=now - FORGOTTEN).delete()
    return count
