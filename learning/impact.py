"""What a ship did to a metric. Pure, and versioned; docs/methods.md tells how and how well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.impact_averaging import average_effect
from learning.impact_counts import Counted, counted, is_sparse
from learning.impact_placebo import placebo_effect, t_below, t_quantile
from learning.impact_series import (
    Look,
    NotEstimable,
    Series,
    Shift,
    make_series,
)

__all__ = [
    "CURRENT_METHOD",
    "METHODS",
    "Estimate",
    "Series",
    "benjamini_hochberg",
    "estimate",
    "make_series",
    "yardstick_adapter",
]

LEAST_SHARE_OF_A_WINDOW = 0.2
LITTLE_HISTORY = 8  # blocks
ALL_BUT_ZERO = 0.2  # of the mean, on the scale of a square root
BLUNT = "This metric is too noisy to show anything but a very large effect."
TOO_BLUNT = 0.5  # a smallest visible effect beyond which a metric cannot tell


def _bank_or_counts(look: Look) -> Shift | Counted:
    return counted(look) if is_sparse(look) else average_effect(look)


Method = Callable[[Look], Shift | Counted]
METHODS: dict[str, Method] = {
    "placebo-v1": placebo_effect,
    "bank-v3": _bank_or_counts,
}
CURRENT_METHOD = "bank-v3"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The effect of a ship on a metric, relative (0.05 is 5 % more), or the reason for none.

    `word` is "estimated", "too_early", "insufficient_data" or "confounded". `low` and `high` bound
    the 95 % interval; `smallest_visible` would be found four times in five. `window_end` is in
    epoch seconds, and may have been cut at the next ship.
    """

    word: str
    effect: float | None
    low: float | None
    high: float | None
    p_value: float | None
    smallest_visible: float | None
    note: str
    window_end: int
    method: str
    control: int | None = None  # which of the controls it was compared with


def estimate(
    series: Series,
    *,
    shipped_at: int,
    window_end: int,
    other_ships: Sequence[int] = (),
    controls: Sequence[Series] = (),
    method: str = CURRENT_METHOD,
) -> Estimate:
    """Return what the ship at `shipped_at` did to the metric until `window_end` (epoch seconds).

    The bucket that holds the ship belongs to neither side. `other_ships` are the others of the
    same environment; the window ends at the first that comes inside it. `controls` are
    metrics that the ship cannot touch, on the same buckets. Never NaN, never infinite.
    """
    ship, end, interval = int(shipped_at), int(window_end), series.interval
    first = int(series.times[0]) if len(series.times) else ship
    before = max(0, (ship - first) // interval)
    after = max(0, -(-(ship - first) // interval))
    notes: list[str] = []
    try:
        cut = _next_ship(
            other_ships, first + before * interval, first + after * interval, ship, end
        )
        if cut < end:
            notes.append("Another ship followed inside the window, so the window ends there.")
            end = cut
        count = min((end - first) // interval, len(series.times)) - after
        if count < 1 and notes:
            raise NotEstimable("No whole bucket lies between the two.", "confounded")
        if count < 1:
            raise NotEstimable("No whole bucket lies after the ship yet.", "too_early")
        earlier = tuple(int(other) for other in other_ships if other < first + before * interval)
        alike = tuple(one for one in controls if np.array_equal(one.times, series.times))
        look = Look(series, before, after, count, earlier, alike)
        found = METHODS[method](look)
        if isinstance(found, Counted):
            return _told_of_counts(found, notes, end, method)
        return _told(found, notes, end, method)
    except NotEstimable as reason:
        note = " ".join([*notes, str(reason)])
        return Estimate(reason.word, None, None, None, None, None, note, end, method)


def _next_ship(others: Sequence[int], bucket_at: int, after_at: int, ship: int, end: int) -> int:
    """Return when the window ends because of another ship, or `end` if there is none in it.

    Ships in the bucket of this one, from `bucket_at` until `after_at`, cannot be told from it.
    """
    cut = min((int(other) for other in others if bucket_at <= other < end), default=end)
    if cut < end and (cut < after_at or cut - ship < LEAST_SHARE_OF_A_WINDOW * (end - ship)):
        raise NotEstimable(
            "Another ship went out so close to this one that their effects cannot be told apart.",
            "confounded",
        )
    return cut


def _told(found: Shift, notes: list[str], end: int, method: str) -> Estimate:
    """Put what a method found on the scale that people read."""
    if found.is_root and found.level < ALL_BUT_ZERO * found.usual:
        raise NotEstimable("The metric was all but zero just before the ship.")
    half = t_quantile(0.975, found.freedom) * found.error
    visible = found.relative(half + t_quantile(0.8, found.freedom) * found.error)
    # The tail of a t with few degrees of freedom, with the same 5 % point: real series need it.
    tail = min(4, found.freedom)
    p_value = 2 * t_below(-abs(found.shift) / half * t_quantile(0.975, tail), tail)
    if found.blocks < LITTLE_HISTORY:
        notes.append("The interval is wide, as there is little history.")
    if found.other_steps:
        notes.append("An earlier ship seems to have moved this metric too; that is taken out.")
    if found.filled:
        notes.append("Some of the history is missing and was filled in.")
    if visible > TOO_BLUNT:
        notes.append(BLUNT)
    shifts = (found.shift - half, found.shift, found.shift + half)
    low, effect, high = (found.relative(shift) for shift in shifts)
    return Estimate(
        word="estimated",
        effect=effect,
        low=low,
        high=high,
        p_value=min(1.0, max(0.0, p_value)),
        smallest_visible=visible,
        note=" ".join(notes),
        window_end=end,
        method=method,
        control=found.control,
    )


def _told_of_counts(found: Counted, notes: list[str], end: int, method: str) -> Estimate:
    notes.append(
        f"{found.after:,.0f} after the ship, where the {found.before:,.0f} in the "
        f"{found.days:,.0f} days before it let one expect {found.expected:,.1f}."
    )
    if found.smallest_visible > TOO_BLUNT:
        notes.append(BLUNT)
    return Estimate(
        word="estimated",
        effect=found.effect,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        smallest_visible=found.smallest_visible,
        note=" ".join(notes),
        window_end=end,
        method=method,
    )


def benjamini_hochberg(p_values: Sequence[float], level: float = 0.05) -> list[bool]:
    """Return which of one ship's effects to call real, so that at most `level` of those are not."""
    many = len(p_values)
    order = sorted(range(many), key=lambda place: p_values[place])
    passed = [rank for rank, place in enumerate(order, 1) if p_values[place] <= level * rank / many]
    real = set(order[: max(passed, default=0)])
    return [place in real for place in range(many)]


def yardstick_adapter(case: dict[str, Any]) -> dict[str, Any]:
    """Answer one case of the impact yardstick: arrays `ts` and `y`, moments in epoch seconds."""
    kind = {"rate": "ratio"}.get(case["kind"], case["kind"])
    series = Series(case["ts"], case["y"], int(case["interval"]), kind, case["exposure"])
    found = estimate(
        series,
        shipped_at=int(case["deployed_at"]),
        window_end=int(case["post_end"]),
        other_ships=case["other_deployments"],
    )
    return {
        "effect": found.effect,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "mde": found.smallest_visible,
        "note": found.note,
    }
