"""Wake's own timetable with every bell rung each second: `celery -A tests.ops.fast_bells beat`."""

from config.celery import app

for bell in app.conf.beat_schedule.values():
    bell["schedule"] = 1.0
