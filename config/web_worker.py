"""Gunicorn's worker with threads, which also says how long a call has waited for one of them."""

import sys
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from common.overload import note_wait


class Worker(ThreadWorker):
    """Notes when a call was put in the queue of the threads, and when it came out."""

    def init_process(self) -> None:
        """Serve until told to stop."""
        # Threads that compute give way to one that takes calls in or answers sooner than after
        # Python's five milliseconds.
        sys.setswitchinterval(0.001)
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        """Put a call in the queue."""
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """Answer it, in one of the threads."""
        note_wait(time.monotonic() - conn.queued_at)
        return super().handle(conn)
