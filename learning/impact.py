"""What a ship did to a metric. Pure, and versioned; docs/methods.md tells how and how well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.impact_averaging import average_effect
from learning.impact_counts import Counted, counted, is_sparse
from learning.impact_placebo import placebo_effect, t_below, t_quantile
from learning.impact_series import (
    DAY,
    Floats,
    Look,
    NotEstimable,
    Series,
    Shift,
    column_medians,
    make_series,
)

__all__ = [
    "CURRENT_METHOD",
    "METHODS",
    "Band",
    "Estimate",
    "Series",
    "benjamini_hochberg",
    "estimate",
    "expected_band",
    "make_series",
    "yardstick_adapter",
]

LEAST_SHARE_OF_A_WINDOW = 0.2
LITTLE_HISTORY = 8  # blocks
LEAST_FOR_A_BAND = 14  # buckets
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


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What each bucket would have been without the ship, for a chart; 95 % within low and high."""

    times: NDArray[np.int64]
    expected: Floats
    low: Floats
    high: Floats


def estimate(
    series: Series,
    *,
    shipped_at: int,
    window_end: int,
    other_ships: Sequence[int] = (),
    method: str = CURRENT_METHOD,
) -> Estimate:
    """Return what the ship at `shipped_at` did to the metric until `window_end` (epoch seconds).

    The bucket that holds the ship belongs to neither side. `other_ships` are the others of the
    same environment; the window ends at the first that comes inside it. Never NaN, never infinite.
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
        look = Look(series, before, after, count, earlier)
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


def expected_band(
    series: Series, *, shipped_at: int, window_end: int, other_ships: Sequence[int] = ()
) -> Band | None:
    """Return the expected course of the window and of the week before it, or None without history.

    A bucket is expected at its usual value for that time of the week, or of the day with less than
    three weeks of history. After the ship the level is the one that the estimate compares with, so
    that chart and number agree; pass the estimate's own `window_end` and `other_ships`.
    """
    times, values = series.times, series.values
    old = (times + series.interval <= shipped_at) & np.isfinite(values)
    shown = (times >= shipped_at - 7 * DAY) & (times + series.interval <= window_end)
    recent = old & (times >= shipped_at - 14 * DAY)
    if old.sum() < LEAST_FOR_A_BAND or not recent.any() or not shown.any():
        return None
    usual = _usual(series, old)
    levels = np.full(len(times), _ratio(values[recent].sum(), usual[recent].sum()))
    rest = (values - usual * levels)[recent]
    doubt = np.zeros(len(times))
    after = times >= shipped_at
    fresh = after & shown & np.isfinite(values)
    found = estimate(series, shipped_at=shipped_at, window_end=window_end, other_ships=other_ships)
    if found.effect is not None and found.low is not None and found.high is not None:
        without = values[fresh].sum() / max(1 + found.effect, 0.01)
        levels[after] = _ratio(without, usual[fresh].sum())
        doubt[after] = min((found.high - found.low) / 2 / max(1 + found.effect, 0.01), 1.0)
    expected = usual * levels
    below, above = np.quantile(rest, [0.025, 0.975])
    low = expected - np.hypot(min(below, 0.0), doubt * expected)
    high = expected + np.hypot(max(above, 0.0), doubt * expected)
    if (values[old] >= 0).all():
        low = np.maximum(low, 0.0)
    return Band(times[shown], expected[shown], low[shown], high[shown])


def _usual(series: Series, old: NDArray[np.bool_]) -> Floats:
    """Return the median of the `old` values at each bucket's time of the week, or of the day."""
    times, values, interval = series.times, series.values, series.interval
    span = int(times[old][-1] - times[old][0])
    cycles = (cycle for cycle in (7 * DAY, DAY) if span >= 3 * cycle and cycle % interval == 0)
    cycle = next(cycles, interval)
    places = (times % cycle) // interval
    table = np.full((int(times[-1] // cycle - times[0] // cycle) + 1, cycle // interval), np.nan)
    table[(times[old] // cycle - times[0] // cycle), places[old]] = values[old]
    usual = column_medians(table)[places]
    return np.where(np.isfinite(usual), usual, np.median(values[old]))


def _ratio(total: float, usual: float) -> float:
    return float(total / usual) if usual > 0 else 1.0


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
