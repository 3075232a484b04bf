"""The parts of a partitioned table, one a month of UTC: made ahead, and dropped when they are old.

Source: PostgreSQL 15 documentation, 5.11.2 "Declarative Partitioning". On SQLite there are no
parts, and what is old is deleted by the caller.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from common.windows import month_of

# Whoever waits longer for a table's lock would make everybody who writes to it wait behind him.
PATIENCE = "2s"


def month_after(month: datetime, count: int = 1) -> datetime:
    """Return the start of the month that is `count` after `month`, which may be negative."""
    years, index = divmod(month.month - 1 + count, 12)
    return month.replace(year=month.year + years, month=index + 1)


def make_months(
    table: str,
    by: str,
    first: datetime,
    last: datetime,
    *,
    using: BaseDatabaseWrapper = connection,
) -> list[str]:
    """Make the parts of `table` for the months from `first` to `last`; return the new ones' names.

    What the default part holds of a month moves into it. A month whose turn it is not, because the
    table is busy, is left for the next time. Does nothing on SQLite.
    """
    if using.vendor != "postgresql":
        return []
    made = []
    there = set(months_of(table, using=using))
    month = month_of(first)
    while month <= last:
        if month not in there and _make(table, by, month, using):
            made.append(_name(table, month))
        month = month_after(month)
    return made


def drop_months(
    table: str,
    before: datetime,
    *,
    using: BaseDatabaseWrapper = connection,
) -> list[str]:
    """Drop the parts of `table` that end before that moment, or at it; return their names."""
    dropped = []
    for month in months_of(table, using=using):
        if month_after(month) <= before:
            name = _name(table, month)
            if _patiently(using, f"DROP TABLE {using.ops.quote_name(name)}"):
                dropped.append(name)
    return dropped


def months_of(
    table: str,
    *,
    using: BaseDatabaseWrapper = connection,
) -> list[datetime]:
    """Return the months that `table` has a part for, oldest first; none on SQLite."""
    if using.vendor != "postgresql":
        return []
    with using.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [table],
        )
        names = [row[0] for row in cursor.fetchall()]
    return sorted(_months(table, names))


def _months(table: str, names: list[str]) -> Iterator[datetime]:
    for name in names:
        if found := re.fullmatch(rf'(?:\w+\.)?"?{table}_(\d{{4}})_(\d\d)"?', name):
            yield datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)


def _name(table: str, month: datetime) -> str:
    return f"{table}_{month:%Y_%m}"


def _make(table: str, by: str, month: datetime, using: BaseDatabaseWrapper) -> bool:
    """Make the part aside, fill it with what the default part holds of it, and attach it.

    An attached part must not have rows that the default part still holds, so both are locked.
    """
    quote = using.ops.quote_name
    part, whole, rest = quote(_name(table, month)), quote(table), quote(f"{table}_rest")
    start, end = (f"'{moment.isoformat()}'" for moment in (month, month_after(month)))
    theirs = f"{quote(by)} >= {start} AND {quote(by)} < {end}"
    return _patiently(
        using,
        f"LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE",
        f"CREATE TABLE {part} (LIKE {whole} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        f"WITH moved AS (DELETE FROM {rest} WHERE {theirs} RETURNING *) "  # noqa: S608  # our names
        f"INSERT INTO {part} SELECT * FROM moved",
        f"ALTER TABLE {whole} ATTACH PARTITION {part} FOR VALUES FROM ({start}) TO ({end})",
    )


def _patiently(using: BaseDatabaseWrapper, *statements: str) -> bool:
    """Run the statements in one transaction; return False if a table was busy for too long."""
    try:
        with transaction.atomic(using=using.alias), using.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            for statement in statements:
                cursor.execute(statement)
    except OperationalError as reason:
        if "lock timeout" not in str(reason):
            raise
        return False
    return True
