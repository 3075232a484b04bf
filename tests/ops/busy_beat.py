"""A beat that is told to stop while Redis confirms a message; it may also fall silent then."""

import os
import signal

from redis import Redis
from redis._parsers.socket import SocketBuffer

from config import beat
from tests.ops.fast_bells import app

__all__ = ["app"]

_start = SocketBuffer.__init__
_push = Redis.lpush
pushing = False


class ToldToStop:
    """A socket at which the process is told to stop while it waits for a confirmation."""

    def __init__(self, socket):
        self._socket = socket

    def recv(self, size):
        if pushing:
            os.kill(os.getpid(), signal.SIGTERM)
            if "SILENT_REDIS" in os.environ:
                signal.pause()  # until patience is lost
        return self._socket.recv(size)

    def __getattr__(self, name):
        return getattr(self._socket, name)


def _start_told_to_stop(self, socket, *args, **kwargs):
    _start(self, ToldToStop(socket), *args, **kwargs)


def _push_told_to_stop(self, *args):
    global pushing
    pushing = True
    return _push(self, *args)


Redis.lpush = _push_told_to_stop
SocketBuffer.__init__ = _start_told_to_stop
beat.PATIENCE = 1
