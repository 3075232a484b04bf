"""Taking a table in by batches, each reported by the lines of the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from common.errors import IntakeReport, RowError
from common.tables import NotATable, Row, Table


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some rows; the errors' index is the line in the file, from 1."""

    report: IntakeReport
    rows: int
    bytes_done: int


def take_in(
    table: Table,
    take: Callable[[list[Row]], IntakeReport],
    *,
    size: int,
    skip: int = 0,
) -> Iterator[Batch]:
    """Give `take` the rows after the first `skip`, up to `size` at a time, and say what it did.

    `take` reports its errors by index from 0. Rows that are broken in the file are reported
    without it. Raises NotATable if the file breaks off, after the rows before that were taken.
    """
    for rows in _in_batches(islice(table.rows(), skip, None), size):
        good = [row for row in rows if row.error is None]
        report = take(good)
        refused = [RowError(good[one.index].line, one.error) for one in report.errors]
        refused += [RowError(row.line, row.error) for row in rows if row.error]
        report.errors = sorted(refused, key=lambda one: one.index)
        yield Batch(report, len(rows), table.bytes_done)


def first_rows(table: Table, most: int = 50) -> list[dict[str, Any]]:
    """Return the first readable rows; raises NotATable if there is none."""
    rows = [row.values for row in islice(table.rows(), most) if not row.error]
    if not rows:
        raise NotATable("There is no row in this file: a header alone, or nothing readable.")
    return rows


def columns_of(rows: list[dict[str, Any]]) -> list[str]:
    """Return the names in the rows, first seen first; rows of JSON may each have others."""
    return list(dict.fromkeys(column for row in rows for column in row))


def _in_batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    batch: list[Row] = []
    broken: NotATable | None = None
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
    except NotATable as reason:
        broken = reason  # what was read before the file broke off is taken first
    if batch:
        yield batch
    if broken:
        raise broken
