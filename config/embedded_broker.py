"""The broker that needs no server: a folder of messages in DATA_DIR, for one machine.

kombu's own filesystem transport does nearly everything. Two of its habits would hurt a worker
that runs for months: it writes a message in place, so that a reader may find it half written and
die of it, and it takes a message by way of the system's temporary folder, which on another disk
is a copy that two workers can both make. Renaming within one folder does neither.
"""

import contextlib
import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Puts and takes each message with one rename."""

    # kombu itself calls the second argument by two names.
    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # Wall time, not time since boot: after a restart older messages still come first.
        name = f"{time.time_ns():020}_{uuid.uuid4().hex}.{queue}.msg"
        unfinished = folder / f".{name}.part"
        unfinished.write_text(dumps(message), encoding="utf-8")
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for message in self._waiting(queue):
            taken = message.with_name(f".{message.name}.taken")
            try:
                message.rename(taken)
                text = taken.read_text(encoding="utf-8")
                taken.unlink()
            except FileNotFoundError:
                continue  # another worker was faster
            try:
                return loads(text)
            except ValueError:
                # A full disk or a cut of power leaves such a file. The row it rang for is still
                # due, so the next bell makes up for it.
                logger.warning("Dropped an unreadable message from the queue: %s", message.name)
        raise Empty

    def _purge(self, queue: str) -> int:
        waiting = self._waiting(queue)
        for message in waiting:
            with contextlib.suppress(FileNotFoundError):
                message.unlink()
        return len(waiting)

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _waiting(self, queue: str) -> list[Path]:
        folder = Path(self.data_folder_in)
        return sorted(path for path in folder.glob(f"[!.]*.{queue}.msg"))


class Transport(filesystem.Transport):
    """kombu's filesystem transport, with our channel."""

    Channel = Channel
