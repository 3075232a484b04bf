"""Threads that start together, each with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
TIMES = 8


def at_once(do: Callable[[int], T]) -> list[T]:
    """Return what `do(n)` gave to TIMES threads; the fixture `database_on_disk` is wanted."""
    start = Barrier(TIMES)

    def one(number: int) -> T:
        connection.ensure_connection()  # or the opening would put them one behind the other
        start.wait()
        try:
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(one, range(TIMES)))
