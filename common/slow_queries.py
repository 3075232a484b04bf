"""Queries that may not take long, because a person waits for them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

STEPS = 20_000  # of SQLite's machine between two looks at the clock


class TookTooLong(Exception):
    """A query was stopped at its time limit."""


@contextmanager
def time_limited(seconds: float) -> Iterator[None]:
    """Stop queries that are still running after so many seconds; raises TookTooLong.

    Only for reading: on PostgreSQL what is inside runs in a transaction, whose every statement has
    the limit; on SQLite all of it together has.
    """
    ends = time.monotonic() + seconds
    try:
        if connection.vendor == "postgresql":
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('statement_timeout'), "
                    "set_config('statement_timeout', %s, true)",
                    [f"{int(seconds * 1000)}ms"],
                )
                before = cursor.fetchone()[0]
                yield
                # The setting outlives a transaction within another one.
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
        else:
            with _watched(ends):
                yield
    except OperationalError as error:
        if time.monotonic() < ends:
            raise
        raise TookTooLong(f"A query took more than {seconds:g} s.") from error


@contextmanager
def _watched(ends: float) -> Iterator[None]:
    connection.ensure_connection()
    handle = connection.connection
    handle.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
    try:
        yield
    finally:
        handle.set_progress_handler(None, STEPS)
