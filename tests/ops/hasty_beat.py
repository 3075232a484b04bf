"""A beat that is told to stop while it opens its schedule, both before and after."""

import os
import signal

from celery.beat import PersistentScheduler

from config.celery import app

__all__ = ["app"]

_open = PersistentScheduler._open_schedule


def _open_told_to_stop(self):
    os.kill(os.getpid(), signal.SIGTERM)
    opened = _open(self)
    os.kill(os.getpid(), signal.SIGTERM)
    return opened


PersistentScheduler._open_schedule = _open_told_to_stop
