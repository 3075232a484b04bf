"""Counts that are mostly zero."""

import numpy as np
import pytest

from learning.impact import Series, estimate
from learning.impact_beta import beta_below, beta_quantile
from learning.impact_counts import is_sparse
from learning.impact_series import Look

HOUR, DAY = 3600, 86_400


def complaints(rate: float, *, days: int = 60, after: float | None = None, seed: int = 1) -> Series:
    """Return an hourly count of `rate` a day, and `after` a day in the last seven days."""
    draw = np.random.default_rng(seed)
    values = draw.poisson(rate / 24, days * 24).astype(float)
    if after is not None:
        values[-7 * 24 :] = draw.poisson(after / 24, 7 * 24)
    return Series(np.arange(days * 24, dtype=np.int64) * HOUR, values, HOUR, "count")


def found_in(series: Series, days: int = 7):
    end = int(series.times[-1]) + series.interval
    return estimate(series, shipped_at=end - days * DAY, window_end=end)


class TestTheBetaDistribution:
    @pytest.mark.parametrize(
        ("value", "alpha", "beta", "share"),
        [
            (0.3, 1, 1, 0.3),
            (0.5, 7.5, 7.5, 0.5),
            (0.2, 1, 3, 1 - 0.8**3),
            (0.7, 4, 1, 0.7**4),
            (0.25, 0.5, 0.5, 1 / 3),  # 2/pi asin(sqrt(x))
        ],
    )
    def test_has_its_closed_forms(self, value, alpha, beta, share):
        assert beta_below(value, alpha, beta) == pytest.approx(share, abs=1e-12)
        assert beta_quantile(share, alpha, beta) == pytest.approx(value, abs=1e-12)

    def test_is_the_binomial_tail(self):
        # Abramowitz and Stegun 26.5.24: 3 or more of 10 at 0.2.
        assert beta_below(0.2, 3, 8) == pytest.approx(0.3222004736, abs=1e-9)


class TestSparseCounts:
    def test_are_told_with_their_numbers(self):
        found = found_in(complaints(0.4, after=4))

        assert found.word == "estimated"
        assert found.p_value is not None
        assert found.p_value < 0.01
        assert "days before it let one expect" in found.note

    def test_with_none_before_are_not_beyond_words(self):
        found = found_in(complaints(0, after=3))

        assert found.p_value is not None
        assert found.p_value < 0.01
        assert found.low is not None
        assert 0 < found.low < found.effect < found.high < 1e6
        assert "where the 0 in the 53 days before it let one expect 0.0." in found.note

    def test_one_after_none_is_no_alarm(self):
        series = complaints(0)
        series.values[-30] = 1

        assert found_in(series).p_value > 0.05

    def test_that_stop_fall_by_all(self):
        found = found_in(complaints(1.5, after=0))

        assert (found.effect, found.low) == (-1.0, -1.0)
        assert found.high < 0

    def test_with_nothing_at_all_say_so(self):
        found = found_in(complaints(0))

        assert found.word == "insufficient_data"
        assert "Nothing was counted" in found.note

    def test_rarely_cry_wolf(self):
        alarms = [found_in(complaints(0.5, seed=seed)).p_value < 0.05 for seed in range(200)]

        assert np.mean(alarms) < 0.06

    def test_that_come_in_clumps_rarely_cry_wolf(self):
        alarms = []
        for seed in range(150):
            draw = np.random.default_rng(seed)
            values = draw.poisson(0.01, 60 * 24) * draw.poisson(6, 60 * 24)
            times = np.arange(60 * 24, dtype=np.int64) * HOUR
            alarms.append(
                found_in(Series(times, values.astype(float), HOUR, "count")).p_value < 0.05
            )

        assert np.mean(alarms) < 0.08

    def test_show_an_effect_of_the_smallest_visible_size(self):
        visible = found_in(complaints(0.5)).smallest_visible

        hits = [
            found_in(complaints(0.5, after=0.5 * (1 + visible), seed=seed)).p_value < 0.05
            for seed in range(100)
        ]

        assert 0.6 < np.mean(hits) <= 1.0

    def test_keep_to_the_time_of_day(self):
        times = np.arange(60 * 24, dtype=np.int64) * HOUR
        draw = np.random.default_rng(3)
        values = draw.poisson(np.where(times % DAY // HOUR < 12, 0.4, 0.0)).astype(float)

        morning = estimate(
            Series(times, values, HOUR, "count"),
            shipped_at=59 * DAY,
            window_end=59 * DAY + 6 * HOUR,
        )

        assert morning.low < 0 < morning.high


class TestSparseRatios:
    def test_are_counted_by_their_denominators(self):
        times = np.arange(60, dtype=np.int64) * DAY
        draw = np.random.default_rng(5)
        exposure = np.where(np.arange(60) % 7 < 5, 400.0, 40.0)
        exposure[-7:] *= 8  # many more visitors, as likely as ever to fail
        hits = draw.binomial(exposure.astype(int), 0.004)
        series = Series(times, hits / exposure, DAY, "ratio", exposure)

        found = found_in(series)

        assert found.low < 0 < found.high
        assert found.effect < 2


class TestWhatIsSparse:
    def test_is_a_count_of_which_a_block_holds_few(self):
        def look(rate: float, kind: str = "count") -> Look:
            series = complaints(rate)
            series = Series(series.times, series.values, HOUR, kind)
            return Look(series, 53 * 24, 53 * 24, 7 * 24)

        assert is_sparse(look(1))
        assert not is_sparse(look(50))
        assert not is_sparse(look(1, "gauge"))
