"""Tells Wake what Harbour Shop's customers do, and makes two metrics of it, by the usual doors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import Project
from demo.happenings import METRICS
from engagement.counting import count_now
from engagement.event_defining import save_metric
from engagement.event_intake import record_events, spelling_of
from engagement.event_work import work_part
from engagement.models import EventMetric

BATCH = 1_000


def tell_events(project: Project, messages: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Store the events, count them, and work out the metrics that are made of them."""
    spelling = spelling_of(project)
    for start in range(0, len(messages), BATCH):
        record_events(project.pk, messages[start : start + BATCH], spelling=spelling, now=now)
    count_now(project, now=now)
    for row in METRICS:
        save_metric(project, row, now=now)
    for definition in EventMetric.objects.filter(metric__project=project).select_related(
        "metric__project"
    ):
        if definition.claim(now):
            while work_part(definition, now=now):
                pass
