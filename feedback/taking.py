"""What a connection brings: through intake, and onto the connection's own record."""

from datetime import datetime
from typing import Any

from django.db.models import F

from common.errors import BadInput, IntakeReport, RowError
from common.rhythm import heard_again
from feedback.connectors.base import Row
from feedback.intake import BATCH, submit_feedback
from feedback.models import Connection
from feedback.threads import note_answers, with_threads

# Rows that could not be taken and are still shown.
BAD_ROWS_KEPT = 20


def take(connection: Connection, rows: list[Row], *, now: datetime) -> IntakeReport:
    """Store the good rows, and note on the connection what came; bad rows keep their index.

    Call it in a transaction that holds the connection's row, together with what says how far
    the reading is.
    """
    report = IntakeReport()
    good: list[tuple[int, Row]] = []
    for index, row in enumerate(rows):
        if isinstance(row, dict) and row.get("id") in (None, ""):
            missing = BadInput("id", "is missing, so it could come twice.", "Mend the connector.")
            report.errors.append(RowError(index, missing))
        else:
            good.append((index, _placed(row, connection)))
    joined = with_threads(connection, [row for _, row in good])
    good = [(index, row) for (index, _), row in zip(good, joined, strict=True)]
    for start in range(0, len(good), BATCH):
        batch = good[start : start + BATCH]
        part = submit_feedback(
            project=connection.project,
            rows=[row for _, row in batch],
            now=now,
            source=connection.kind,
            connection=connection,
        )
        part.errors = [RowError(batch[one.index][0], one.error) for one in part.errors]
        report.add(part)
    report.errors.sort(key=lambda one: one.index)
    note_answers(connection, joined, now=now)
    if report.created:
        note_arrival(connection, report.created, now=now)
    return report


def _placed(row: Row, connection: Connection) -> Row:
    if not isinstance(row, dict) or row.get("environment"):
        return row
    return {**row, "environment": connection.environment}


def note_arrival(connection: Connection, created: int, *, now: datetime) -> None:
    """Count what came by the connection, and let it become part of its rhythm."""
    connection.rhythm = heard_again(connection.rhythm, before=connection.heard_at, now=now)
    connection.heard_at = max(now, connection.heard_at or now)
    Connection.objects.filter(pk=connection.pk).update(
        rhythm=connection.rhythm,
        heard_at=connection.heard_at,
        received_count=F("received_count") + created,
    )


def bad_rows_after(
    connection: Connection, rows: list[Row], report: IntakeReport, *, now: datetime
) -> list[dict[str, Any]]:
    """Return the rows that could not be taken lately, newest first, for the connection's page.

    Shape: at, id, index, field, message, mend; which it was and why, not what a customer said.
    """
    new = [
        {"at": now.isoformat(), "id": _known_by(rows[one.index]), **one.as_dict()}
        for one in report.errors[:BAD_ROWS_KEPT]
    ]
    return [*new, *connection.bad_rows][:BAD_ROWS_KEPT]


def _known_by(row: Any) -> str:
    return str(row.get("id") or "")[:200] if isinstance(row, dict) else ""
