"""Putting what was worked out of events into the samples of its metric."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.windows import Window
from engagement.event_measures import Bucket
from engagement.intake import BATCH, record_samples
from engagement.models import Metric
from engagement.rolling import delete_samples


def replace_samples(
    metric: Metric, window: Window, found: Sequence[Bucket], *, now: datetime
) -> None:
    """Make the metric's samples in the window those that were found, and no others.

    They go through the same door as all samples, so that what follows from samples follows.
    """
    rows = [_row(metric, one) for one in found]
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        record_samples(project=metric.project, rows=batch, now=now, worked_out=True)
    there = set(metric.samples.within(window).values_list("taken_at", flat=True))
    gone = there - {one.at for one in found}
    if gone:
        delete_samples(metric, metric.samples.within(window).filter(taken_at__in=gone))


def _row(metric: Metric, one: Bucket) -> dict[str, Any]:
    row = {"metric": metric.key, "at": one.at.isoformat(), "value": one.value}
    return row if one.of is None else {**row, "denominator": one.of}
