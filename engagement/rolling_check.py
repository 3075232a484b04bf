"""Comparing rollups with the samples that they were made of."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max, Min
from django.db.models.functions import Trunc

from common.windows import Window
from engagement.models import Metric, Rollup, RollupDue
from engagement.rolled import ADDED_UP
from engagement.rolling import has_hours

Bucket = tuple[str, datetime]  # span, start

TOLERANCE = 1e-9  # sums of floats differ by the order in which they were added


def wrong_buckets(metric: Metric) -> list[Bucket]:
    """Return the (span, start) of what is not the sum of its samples, oldest first.

    Days that are due are left out. What is found is looked at twice: samples may have come, and
    been added up, between asking for the one side and for the other.
    """
    found = _wrong(metric)
    return sorted(found & _wrong(metric)) if found else []


def _wrong(metric: Metric) -> set[Bucket]:
    due = _due(metric)
    made, there = _made(metric), _there(metric)
    due += _due(metric)
    return {
        bucket
        for bucket in made.keys() | there.keys()
        if not any(bucket[1] in days for days in due)
        and not _same(made.get(bucket, ()), there.get(bucket, ()))
    }


def _due(metric: Metric) -> list[Window]:
    rows = RollupDue.objects.filter(metric=metric)
    return [Window(since, until) for since, until in rows.values_list("since", "until")]


def _made(metric: Metric) -> dict[Bucket, Sequence[Any]]:
    spans = [Rollup.Span.DAY, *([Rollup.Span.HOUR] if has_hours(metric.resolution) else [])]
    sums = {**ADDED_UP, "least": Min("value"), "most": Max("value")}
    return {
        (span.value, start): row
        for span in spans
        for start, *row in metric.samples.annotate(start=Trunc("taken_at", span.value, tzinfo=UTC))
        .values("start")
        .annotate(**sums)
        .order_by("start")
        .values_list("start", *sums)
    }


def _there(metric: Metric) -> dict[Bucket, Sequence[Any]]:
    fields = ("samples", "total", "weighted", "exposure", "least", "most")
    rows = metric.rollups.values_list("span", "starts_at", *fields)
    return {(span, start): row for span, start, *row in rows}


def _same(made: Sequence[Any], there: Sequence[Any]) -> bool:
    return len(made) == len(there) and all(
        one == other
        if one is None or other is None
        else math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        for one, other in zip(made, there, strict=True)
    )
