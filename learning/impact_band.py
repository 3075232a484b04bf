"""What a metric would have been without the ship, bucket by bucket, for a chart. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.impact import estimate
from learning.impact_series import DAY, Floats, Series, column_medians

LEAST_FOR_A_BAND = 14  # buckets


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What each bucket would have been without the ship, for a chart; 95 % within low and high."""

    times: NDArray[np.int64]
    expected: Floats
    low: Floats
    high: Floats


def expected_band(
    series: Series,
    *,
    shipped_at: int,
    window_end: int,
    other_ships: Sequence[int] = (),
    known: tuple[float, float, float] | None = None,
) -> Band | None:
    """Return the expected course of the window and of the week before it, or None without history.

    A bucket is expected at its usual value for that time of the week, or of the day with less than
    three weeks of history. After the ship the level is the one that the estimate compares with, so
    that chart and number agree; pass the estimate's own `window_end`, and its `known` effect, low
    and high, or the `other_ships` to estimate it anew.
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
    known = known or _estimated(series, shipped_at, window_end, other_ships)
    if known is not None:
        effect, least, most = known
        without = values[fresh].sum() / max(1 + effect, 0.01)
        levels[after] = _ratio(without, usual[fresh].sum())
        doubt[after] = min((most - least) / 2 / max(1 + effect, 0.01), 1.0)
    expected = usual * levels
    below, above = np.quantile(rest, [0.025, 0.975])
    low = expected - np.hypot(min(below, 0.0), doubt * expected)
    high = expected + np.hypot(max(above, 0.0), doubt * expected)
    if (values[old] >= 0).all():
        low = np.maximum(low, 0.0)
    return Band(times[shown], expected[shown], low[shown], high[shown])


def _estimated(
    series: Series, shipped_at: int, window_end: int, other_ships: Sequence[int]
) -> tuple[float, float, float] | None:
    found = estimate(series, shipped_at=shipped_at, window_end=window_end, other_ships=other_ships)
    if found.effect is None or found.low is None or found.high is None:
        return None
    return found.effect, found.low, found.high


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
