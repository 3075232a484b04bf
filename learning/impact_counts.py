"""Counts that are mostly zero, such as complaints or errors, by a model of counts. Pure.

Before and after are two Poisson counts over known exposures; given their sum, the share that came
after is binomial (Przyborowski and Wilenski 1940), and its interval is that of Jeffreys. Counts
that come in clumps are divided by how much more they vary than Poisson ones would
(quasi-likelihood: Wedderburn 1974), as seen in stretches of the history as long as the window.
"""

import math
from dataclasses import dataclass

import numpy as np

from learning.impact_beta import beta_below, beta_quantile
from learning.impact_placebo import t_quantile
from learning.impact_series import DAY, Floats, Look, NotEstimable, block_length

SPARSE = 5.0  # fewer than so many a block on average, and counts are told from their model
MOST_DAYS = 120
FEWEST_DAYS = 5
# What a time of day counts for before anything is known of it, in buckets.
USUAL_COUNTS_FOR = 10.0
# What "no more clumpy than Poisson" counts for next to what was seen, in stretches.
CALM_COUNTS_FOR = 4
# A level that wanders is not only clumpy: set on the public half of the yardstick.
WIDER, WIDER_UNSEEN = 1.15, 2.0
NORMAL_95, NORMAL_80 = 1.959964, 0.841621


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted before and after a ship; effects are relative, 0.05 is 5 % more."""

    before: float
    days: float  # of history in which those were counted
    after: float
    expected: float  # after, had it gone on as before
    effect: float
    low: float
    high: float
    p_value: float
    smallest_visible: float


@dataclass(frozen=True, slots=True, eq=False)
class _Buckets:
    """Known buckets: what was counted, what it is a part of, and where it lies."""

    hits: Floats
    exposure: Floats  # 1 for a count, the denominator of a ratio
    places: Floats  # of the bucket in the series


def is_sparse(look: Look) -> bool:
    """Return True if the metric counts things of which a block mostly holds only a few."""
    series = look.series
    if series.kind != "count" and (series.kind != "ratio" or series.exposure is None):
        return False
    old = _buckets(look, 0, look.before)
    if not len(old.hits) or (old.hits < 0).any():
        return False
    length = block_length(look.count, series.interval)
    return float(old.hits.mean()) * length < SPARSE


def counted(look: Look) -> Counted:
    """Return what the ship did to a sparse count, or to a ratio of few; raises NotEstimable."""
    interval = look.series.interval
    most = MOST_DAYS * DAY // interval
    old = _buckets(look, max(0, look.before - most), look.before)
    new = _buckets(look, look.after, look.after + look.count)
    if not len(new.hits):
        raise NotEstimable("No samples came in after the ship.")
    if len(new.hits) < 0.5 * look.count:
        raise NotEstimable("Most samples after the ship are missing.")
    days = len(old.hits) * interval / DAY
    if days < FEWEST_DAYS:
        raise NotEstimable(
            f"There is too little history: {days:.1f} days, and at least {FEWEST_DAYS} are needed."
        )
    before, after = float(old.hits.sum()), float(new.hits.sum())
    if not before + after:
        raise NotEstimable("Nothing was counted before the ship or after it.")
    usual = _usual(old, look)
    expected_old, expected_new = (
        float((part.exposure * usual[_times_of_day(part, look)]).sum()) for part in (old, new)
    )
    clumps = _clumpiness(old, usual, look)
    share = expected_new / (expected_old + expected_new)
    alpha, beta = after / clumps + 0.5, before / clumps + 0.5

    def relative(part: float) -> float:
        return part / max(1 - part, 1e-12) * (1 - share) / share - 1

    low = -1.0 if not after else relative(beta_quantile(0.025, alpha, beta))
    high = relative(beta_quantile(0.975, alpha, beta))
    below = beta_below(share, alpha, beta)
    # Without any before, half a one stands for the rate that was too low to see.
    rate = max(before, 0.5) / expected_old
    wide = clumps * (1 + expected_new / expected_old) / (rate * expected_new)
    return Counted(
        before=before,
        days=days,
        after=after,
        expected=before * expected_new / expected_old,
        effect=min(max(after / expected_new / rate - 1, low), high),
        low=low,
        high=high,
        p_value=min(1.0, 2 * min(below, 1 - below)),
        smallest_visible=(1 + (NORMAL_95 + NORMAL_80) / 2 * math.sqrt(wide)) ** 2 - 1,
    )


def _buckets(look: Look, start: int, end: int) -> _Buckets:
    values = look.series.values[start:end]
    weights = look.series.exposure
    exposure = np.ones(len(values)) if weights is None else weights[start:end]
    known = np.isfinite(values) & (np.nan_to_num(exposure) > 0)
    hits = values[known] * exposure[known]
    return _Buckets(hits, exposure[known], (start + np.flatnonzero(known)).astype(float))


def _times_of_day(part: _Buckets, look: Look) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    per_day = max(1, DAY // look.series.interval)
    return part.places.astype(np.int64) % per_day


def _usual(old: _Buckets, look: Look) -> Floats:
    """Return the rate at each time of day, drawn towards that of the whole day."""
    per_day = max(1, DAY // look.series.interval)
    times = _times_of_day(old, look)
    hits = np.bincount(times, old.hits, per_day)
    exposure = np.bincount(times, old.exposure, per_day)
    if not old.hits.sum():
        return np.ones(per_day)
    rate = old.hits.sum() / old.exposure.sum()
    prior = USUAL_COUNTS_FOR * float(old.exposure.mean())
    return (hits + prior * rate) / (exposure + prior)


def _clumpiness(old: _Buckets, usual: Floats, look: Look) -> float:
    """Return how much more stretches as long as the window vary than Poisson counts; at least 1."""
    per_day = max(1, DAY // look.series.interval)
    # Shorter windows are compared with the same hours of other days, longer ones end to end.
    step = per_day if look.count < per_day else look.count
    back = look.after - 1 - old.places
    stretch = (back // step).astype(np.int64)
    inside = (step - 1 - back % step) < look.count if look.count < per_day else back >= 0
    if not inside.any():
        return WIDER_UNSEEN
    expected = old.exposure * usual[_times_of_day(old, look)]
    expected *= old.hits.sum() / max(expected.sum(), 1e-12)
    seen = np.bincount(stretch[inside], old.hits[inside])
    hoped = np.bincount(stretch[inside], expected[inside])
    whole = hoped > 0.5 * hoped.max(initial=0)
    if whole.sum() < 3:
        return WIDER_UNSEEN
    freedom = int(whole.sum()) - 1
    chi_square = float(((seen - hoped)[whole] ** 2 / np.maximum(hoped[whole], 1e-12)).sum())
    freedom_with_calm = freedom + CALM_COUNTS_FOR
    ratio = max(1.0, (chi_square + CALM_COUNTS_FOR) / freedom_with_calm)
    # Seen in few stretches it is unsure itself, as in Student's distribution.
    return WIDER * ratio * (t_quantile(0.975, int(freedom_with_calm)) / NORMAL_95) ** 2
