"""Reading files of feedback: what is in one, and moving an import on, batch by batch.

The page and `manage.py import_feedback` both stand on this. An import may stop anywhere and go on
later: how far it is is saved together with each batch.
"""

import hashlib
import json
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import IO, Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Project
from common.batches import Batch, columns_of, first_rows, take_in
from common.claims import stale_before
from common.errors import IntakeReport
from common.tables import NotATable, Row, Table
from feedback.columns import guess_mapping, mapped
from feedback.intake import BATCH, submit_feedback
from feedback.models import Import

PREVIEWED = 5
# Batches that one call of run_import moves on; well within the time a worker may take.
SLICE = 30
# How long a file waits for somebody to finish its import.
KEPT = timedelta(days=30)
# Refused rows that an import remembers; the counts are always whole.
MAX_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Preview:
    """What is in a file: its columns, which of our fields each seems to be, its first rows."""

    kind: str  # "csv", "lines" or "list"
    columns: list[str]
    mapping: dict[str, str]
    rows: list[dict[str, Any]]


def preview(file: IO[bytes]) -> Preview:
    """Return what is in `file`, which is left open; raises NotATable with a sentence for people."""
    table = Table(file)
    try:
        rows = first_rows(table)
    finally:
        table.close()
    columns = columns_of(rows)
    return Preview(table.kind, columns, guess_mapping(columns), rows[:PREVIEWED])


def import_batches(
    table: Table,
    *,
    project: Project,
    mapping: Mapping[str, str],
    source: str,
    zone: tzinfo,
    now: datetime,
    dry_run: bool = False,
    skip: int = 0,
    rating_scale: str = "",
) -> Iterator[Batch]:
    """Store the rows of `table` after the first `skip`, each BATCH in its own transaction.

    Rows that name no scale of their rating are on `rating_scale`. Raises NotATable if the file
    breaks off; the batches before are stored.
    """

    def take(rows: list[Row]) -> IntakeReport:
        return submit_feedback(
            project=project,
            rows=_named(rows, mapping, rating_scale),
            now=now,
            source=source,
            zone=zone,
            dry_run=dry_run,
        )

    return take_in(table, take, size=BATCH, skip=skip)


def _named(
    rows: Iterable[Row], mapping: Mapping[str, str], rating_scale: str
) -> Iterator[dict[str, Any]]:
    for row in rows:
        values = mapped(row.values, mapping)
        if not values.get("id") and not values.get("created_at"):
            # Nothing tells this row from its like but its place in the file: reading the file
            # again must not store it twice.
            said = json.dumps(row.values, sort_keys=True, default=str)
            known_by = hashlib.sha256(f"{row.line}\x1f{said}".encode("utf-8", "replace"))
            values["id"] = f"row:{known_by.hexdigest()[:32]}"
        if rating_scale and not values.get("rating_scale") and not values.get("rating_max"):
            values["rating_scale"] = rating_scale
        yield values


def queue(row: Import) -> None:
    """Let a worker take up the import, from where it stopped if it was begun."""
    row.state = Import.State.QUEUED
    row.save(update_fields=["state", "mapping", "source", "zone", "rating_scale", "dry_run"])


def waiting(now: datetime) -> QuerySet[Import]:
    """Return the imports that no living worker holds."""
    dropped = Q(state=Import.State.RUNNING, claimed_at__lt=stale_before(now))
    return Import.objects.filter(Q(state=Import.State.QUEUED) | dropped)


def run_import(row: Import, *, now: datetime) -> bool:
    """Move the import on by up to SLICE batches; return True if there is more to do.

    Does nothing if another worker holds it. What was stored is saved with each batch, so an
    import that was cut off goes on where it stopped, and no row is counted twice.
    """
    # The UPDATE is the lock: whoever changes the row has won it.
    taken = waiting(now).filter(pk=row.pk)
    if not taken.update(state=Import.State.RUNNING, claimed_at=now):
        return False
    row.refresh_from_db()
    try:
        with row.file.open("rb") as file:
            table = Table(file)
            try:
                finished = _move_on(row, table, now)
            finally:
                table.close()
    except (NotATable, OSError, zoneinfo.ZoneInfoNotFoundError) as reason:
        row.report = {**row.report, "problem": _sentence(reason)}
        _finish(row, Import.State.FAILED, now)
        return False
    except Exception:
        row.report = {**row.report, "problem": "Wake failed here. What is stored stays; try again."}
        _finish(row, Import.State.FAILED, now)
        raise
    if finished:
        row.bytes_done = row.bytes_total
        _finish(row, Import.State.DONE, now)
        return False
    row.state = Import.State.QUEUED
    row.save(update_fields=["state"])
    return True


def _move_on(row: Import, table: Table, now: datetime) -> bool:
    row.bytes_total = table.bytes_total
    batches = import_batches(
        table,
        project=row.project,
        mapping=row.mapping,
        source=row.source,
        zone=zoneinfo.ZoneInfo(row.zone),
        now=row.created_at,  # rows that do not say when: the same on every slice
        dry_run=row.dry_run,
        skip=row.report.get("rows", 0),
        rating_scale=row.rating_scale,
    )
    for _ in range(SLICE):
        with transaction.atomic():
            batch = next(batches, None)
            if batch is None:
                return True
            row.report = added_up(row.report, batch)
            row.bytes_done = batch.bytes_done
            row.save(update_fields=["report", "bytes_done", "bytes_total"])
    return False


def added_up(report: Mapping[str, Any], batch: Batch) -> dict[str, Any]:
    """Return an import's report with one more batch in it.

    Shape: rows, created, updated, unchanged, refused (counts), errors (the first MAX_ERRORS, each
    with line, field, message, mend), and `problem` if the file could not be read to its end.
    """
    new = batch.report
    errors = [{"line": one.index, **one.error.as_dict()} for one in new.errors]
    return {
        **report,
        "rows": report.get("rows", 0) + batch.rows,
        "created": report.get("created", 0) + new.created,
        "updated": report.get("updated", 0) + new.updated,
        "unchanged": report.get("unchanged", 0) + new.unchanged,
        "refused": report.get("refused", 0) + len(errors),
        "errors": [*report.get("errors", []), *errors][:MAX_ERRORS],
    }


def _finish(row: Import, state: Import.State, now: datetime) -> None:
    row.state, row.finished_at = state, now
    row.save(update_fields=["state", "finished_at", "report", "bytes_done", "bytes_total"])
    if state == Import.State.DONE and not row.dry_run:
        _forget_file(row)  # it holds customers' words, and every row of it is stored


def forget_old_files(now: datetime) -> int:
    """Delete the files of imports that nobody has finished for a month; return how many."""
    old = list(Import.objects.filter(created_at__lt=now - KEPT).exclude(file=""))
    for row in old:
        _forget_file(row)
    return len(old)


def _forget_file(row: Import) -> None:
    name, storage = row.file.name or "", row.file.storage
    row.file = ""
    row.save(update_fields=["file"])
    storage.delete(name)


def _sentence(reason: Exception) -> str:
    if isinstance(reason, NotATable):
        return str(reason)
    return "The file or its time zone is gone: send the file again."
