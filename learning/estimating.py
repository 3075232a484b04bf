"""Estimates what a ship did to each metric: rows in, the pure estimator, rows out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from common.windows import Window
from deployments.models import Checkup, Hypothesis
from engagement.models import Metric, Role
from learning.impact import CURRENT_METHOD, Estimate, benjamini_hochberg, estimate
from learning.inputs import LONGEST_HISTORY, Inputs, Neighbour, digest_of, history_length, span_of
from learning.models import ImpactEstimate

LEVEL = 0.05  # how often a metric that did not move may be called moved
NAMED = 5  # ships in a note


def estimate_checkup(
    checkup: Checkup,
    *,
    now: datetime,
    method: str = CURRENT_METHOD,
    inputs: Inputs | None = None,
) -> list[ImpactEstimate]:
    """Return, unsaved, what the ship did to each metric of its project by this checkup.

    A ship to an environment that no customer sees has no estimates. `inputs` may be shared by many
    checkups of one project.
    """
    deployment = checkup.deployment
    if not deployment.environment.reaches_customers:
        return []
    end = min(now, deployment.starts_at + checkup.horizon)
    # What happened after it was taken back is none of its doing.
    gone_at = deployment.rolled_back_at
    is_cut = gone_at is not None and gone_at < end
    end = min(end, gone_at) if gone_at else end
    if inputs is None:
        span = span_of([deployment], longest=checkup.horizon, now=now)
        inputs = Inputs(deployment.project_id, span)
    following = deployment.checkups.filter(due_at__gt=checkup.due_at).order_by("due_at").first()
    ships = inputs.neighbours(deployment, Window(deployment.shipped_at - LONGEST_HISTORY, end))
    rows = []
    for metric in inputs.metrics:
        window = Window(deployment.shipped_at - history_length(metric), end)
        touching = inputs.touching(metric, ships)
        row = _estimated(checkup, metric, inputs, window, touching, method, is_cut)
        row.look_again_at = following.due_at if following else None
        row.estimated_at = now
        rows.append(row)
    bet = Hypothesis.objects.filter(deployment=deployment).values_list("metric", flat=True).first()
    mark_real(rows, bet)
    return rows


def _estimated(
    checkup: Checkup,
    metric: Metric,
    inputs: Inputs,
    window: Window,
    ships: Sequence[Neighbour],
    method: str,
    is_cut: bool,
) -> ImpactEstimate:
    deployment = checkup.deployment
    if why := inputs.ruled_out(metric, deployment):
        end = int(window.end.timestamp())
        found = Estimate("insufficient_data", None, None, None, None, None, why, end, method)
        return _row(checkup, metric, found, [], "")
    series = inputs.series(metric, window)
    # From when enough customers had it: before, it cannot have changed much.
    starts_at = int(deployment.starts_at.timestamp())
    end, begins = int(window.end.timestamp()), window.start.timestamp()
    known = [ship.starts_at for ship in ships if ship.starts_at >= begins]
    controls = inputs.controls(metric, deployment)
    beyond = [inputs.series(control, window) for control in controls]
    found = estimate(
        series,
        shipped_at=starts_at,
        window_end=end,
        other_ships=known,
        controls=beyond,
        method=method,
    )
    if found.control is not None:
        name = controls[found.control].name
        note = f"What it shares with {name}, which the ship cannot touch, is taken out."
        found = replace(found, note=f"{found.note} {note}".strip())
    bucket_at = starts_at // series.interval * series.interval
    beside = [ship for ship in ships if bucket_at <= ship.starts_at < window.end.timestamp()]
    return _row(
        checkup,
        metric,
        _cut(found) if is_cut else found,
        beside,
        digest_of(series, method, starts_at, end, known, *map(digest_of, beyond)),
    )


def _cut(found: Estimate) -> Estimate:
    """Say that the window ended at the roll-back; what was too early then stays unknown."""
    note = "It was rolled back, so the window ends there."
    word = "insufficient_data" if found.word == "too_early" else found.word
    return replace(found, word=word, note=f"{note} {found.note}".strip())


def mark_real(rows: Sequence[ImpactEstimate], bet: int | None) -> None:
    """Decide which effects of one ship are real.

    The metric that was bet on beforehand is one question and is judged alone, at 5 %. The
    guardrails are judged together, and so are all others (Benjamini-Hochberg at 5 % each), so that
    many metrics do not make false alarms, and signals do not drown a guardrail.
    """
    for row in rows:
        row.is_real = row.metric_id == bet and row.p_value is not None and row.p_value < LEVEL
    others = [row for row in rows if row.metric_id != bet and row.p_value is not None]
    for is_guardrail in (True, False):
        group = [row for row in others if (row.metric.role == Role.GUARDRAIL) == is_guardrail]
        real = benjamini_hochberg([row.p_value for row in group if row.p_value is not None], LEVEL)
        for row, is_real in zip(group, real, strict=True):
            row.is_real = is_real


def _row(
    checkup: Checkup,
    metric: Metric,
    found: Estimate,
    beside: Sequence[Neighbour],
    digest: str,
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
        window_start_at=checkup.deployment.starts_at,
        window_end_at=datetime.fromtimestamp(found.window_end, tz=UTC),
        note=f"{found.note} {_named(beside)}".strip(),
        beside=[ship.pk for ship in beside],
        inputs_digest=digest,
        method=found.method,
    )


def _named(beside: Sequence[Neighbour]) -> str:
    """Say which ships went out in the window of another."""
    if not beside:
        return ""
    names = ", ".join(ship.version for ship in beside[:NAMED])
    more = f" and {len(beside) - NAMED} more" if len(beside) > NAMED else ""
    return f"In its window: {names}{more}."
