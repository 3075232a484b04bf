"""Estimates what a ship did to each metric: rows in, the pure estimator, rows out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.windows import DAY, Window
from deployments.models import Checkup, Deployment, Hypothesis
from engagement.models import Metric, MetricSample
from learning.impact import Estimate, Series, benjamini_hochberg, estimate, make_series
from learning.models import ImpactEstimate

LONGEST_HISTORY = timedelta(days=120)
LEVEL = 0.05  # how often a metric that did not move may be called moved


def history_length(metric: Metric) -> timedelta:
    """How far before a ship its metric is read: docs/methods.md says what each length buys."""
    if metric.resolution >= DAY:
        return LONGEST_HISTORY
    return timedelta(days=28) if metric.resolution >= timedelta(hours=1) else timedelta(days=14)


def series_for(metric: Metric, window: Window) -> Series:
    """Return the metric's samples in the window, on a regular grid, in one query."""
    rows = [
        (taken_at.timestamp(), value, exposure)
        for taken_at, value, exposure in MetricSample.objects.filter(metric=metric)
        .within(window)
        .series()
    ]
    return make_series(
        rows,
        interval=int(metric.resolution.total_seconds()),
        kind=metric.kind,
        start=int(window.start.timestamp()),
        end=int(window.end.timestamp()),
    )


def other_ship_times(deployment: Deployment, window: Window) -> list[int]:
    """Return when other ships of the same environment went live in the window, as epoch seconds."""
    times = (
        Deployment.objects.beside(deployment)
        .live()
        .filter(shipped_at__gte=window.start, shipped_at__lt=window.end)
        .order_by("shipped_at")
        .values_list("shipped_at", flat=True)
    )
    return [int(moment.timestamp()) for moment in times]


def estimate_checkup(checkup: Checkup, *, now: datetime) -> list[ImpactEstimate]:
    """Return, unsaved, what the ship did to each metric of its project by this checkup.

    A ship to an environment that no customer sees has no estimates.
    """
    deployment = checkup.deployment
    if not deployment.environment.reaches_customers:
        return []
    end = min(now, deployment.shipped_at + checkup.horizon)
    # What happened after it was taken back is none of its doing.
    gone_at = deployment.rolled_back_at
    is_cut = gone_at is not None and gone_at < end
    end = min(end, gone_at) if gone_at else end
    following = deployment.checkups.filter(due_at__gt=checkup.due_at).order_by("due_at").first()
    ships = other_ship_times(deployment, Window(deployment.shipped_at - LONGEST_HISTORY, end))
    rows = []
    for metric in Metric.objects.filter(project=deployment.project_id).order_by("pk"):
        start = deployment.shipped_at - history_length(metric)
        found = estimate(
            series_for(metric, Window(start, end)),
            shipped_at=int(deployment.shipped_at.timestamp()),
            window_end=int(end.timestamp()),
            other_ships=[moment for moment in ships if moment >= start.timestamp()],
        )
        rows.append(_row(checkup, metric, _cut(found) if is_cut else found, now, following))
    bet = Hypothesis.objects.filter(deployment=deployment).values_list("metric", flat=True).first()
    _mark_real(rows, bet)
    return rows


def _cut(found: Estimate) -> Estimate:
    """Say that the window ended at the roll-back; what was too early then stays unknown."""
    note = "It was rolled back, so the window ends there."
    word = "insufficient_data" if found.word == "too_early" else found.word
    return replace(found, word=word, note=f"{note} {found.note}".strip())


def _mark_real(rows: Sequence[ImpactEstimate], bet: int | None) -> None:
    """Decide which effects are real.

    The metric that was bet on beforehand is one question and is judged alone, at 5 %. All others
    are judged together (Benjamini-Hochberg at 5 %), so that many metrics do not make false alarms.
    """
    for row in rows:
        row.is_real = row.metric_id == bet and row.p_value is not None and row.p_value < LEVEL
    others = [row for row in rows if row.metric_id != bet and row.p_value is not None]
    real = benjamini_hochberg([row.p_value for row in others if row.p_value is not None], LEVEL)
    for row, is_real in zip(others, real, strict=True):
        row.is_real = is_real


def _row(
    checkup: Checkup, metric: Metric, found: Estimate, now: datetime, following: Checkup | None
) -> ImpactEstimate:
    return ImpactEstimate(
        checkup=checkup,
        deployment=checkup.deployment,
        metric=metric,
        word=found.word,
        effect=found.effect,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        smallest_visible=found.smallest_visible,
        window_start_at=checkup.deployment.shipped_at,
        window_end_at=datetime.fromtimestamp(found.window_end, tz=UTC),
        look_again_at=following.due_at if following else None,
        note=found.note,
        method=found.method,
        estimated_at=now,
    )
