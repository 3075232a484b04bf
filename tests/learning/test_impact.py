"""What a ship did to a metric: known effects are found, quiet seasons are not claimed."""

import io
import json
import math
import warnings
from dataclasses import astuple

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.impact import (
    Series,
    benjamini_hochberg,
    estimate,
    make_series,
    yardstick_adapter,
)
from learning.impact_band import expected_band
from learning.impact_placebo import t_below, t_quantile
from learning.impact_series import block_length, column_medians

HOUR, DAY = 3600, 86_400
SHIPPED_AT = 1_773_792_000  # a Wednesday, midnight
HISTORY_DAYS = {300: 14, HOUR: 28, DAY: 120}


def shop(seed=1, *, effect=0.0, interval=HOUR, days=7, kind="count", mean=400.0, weekly=0.3):
    """Return a metric with a daily and a weekly season, and a ship with a known effect."""
    rng = np.random.default_rng(seed)
    before, after = HISTORY_DAYS[interval] * DAY // interval, days * DAY // interval
    times = SHIPPED_AT + interval * np.arange(-before, after, dtype=np.int64)
    season = 1 + 0.6 * np.sin(2 * np.pi * times / DAY) if interval < DAY else 1.0
    season = season * (1 + weekly * np.sin(2 * np.pi * times / (7 * DAY)))
    expected = mean * season * np.where(times >= SHIPPED_AT, 1 + effect, 1.0)
    exposure = None
    if kind == "count":
        values = rng.poisson(expected).astype(float)
    elif kind == "gauge":
        values = expected * np.exp(0.05 * rng.standard_normal(len(times)))
    else:
        exposure = np.full(len(times), 5000.0)
        values = rng.binomial(5000, np.clip(expected / 5000, 0, 1)) / exposure
    return Series(times, values, interval, kind, exposure)


def look(series, days=7, **more):
    return estimate(series, shipped_at=SHIPPED_AT, window_end=SHIPPED_AT + days * DAY, **more)


class TestEstimate:
    @pytest.mark.parametrize("kind", ["count", "gauge", "ratio"])
    @pytest.mark.parametrize(("interval", "days"), [(300, 1), (HOUR, 1), (HOUR, 7), (DAY, 28)])
    @pytest.mark.parametrize("effect", [0.25, -0.2])
    def test_finds_a_known_effect(self, kind, interval, days, effect):
        found = look(shop(effect=effect, interval=interval, days=days, kind=kind), days)

        assert found.low < effect < found.high
        assert found.p_value < 0.05

    def test_seldom_claims_an_effect_in_a_quiet_season(self):
        claims = [look(shop(seed)).p_value < 0.05 for seed in range(100)]

        assert sum(claims) <= 10

    def test_mostly_has_the_truth_in_its_interval(self):
        found = [look(shop(seed, effect=0.1, kind="gauge")) for seed in range(100)]

        assert sum(one.low <= 0.1 <= one.high for one in found) >= 90

    def test_takes_no_weekend_for_an_effect(self):
        # A day's window after a week that swings by half: the ship's day is like all Wednesdays.
        claims = [
            look(shop(seed, interval=DAY, days=3, weekly=0.5), 3).p_value < 0.05
            for seed in range(50)
        ]

        assert sum(claims) <= 6

    def test_takes_no_wandering_level_for_an_effect(self):
        claims = 0
        for seed in range(50):
            quiet = shop(seed, kind="gauge")
            steps = 0.01 * np.random.default_rng(seed).standard_normal(len(quiet.times))
            values = quiet.values * np.exp(np.cumsum(steps))
            claims += look(Series(quiet.times, values, HOUR, "gauge")).p_value < 0.05

        assert claims <= 7

    def test_tells_how_small_an_effect_could_have_been_seen(self):
        visible = look(shop(kind="gauge")).smallest_visible

        seen = [look(shop(s, kind="gauge", effect=visible)).p_value < 0.05 for s in range(40)]
        assert sum(seen) >= 28

    @pytest.mark.parametrize("minutes", [1, 30, 59])
    def test_leaves_out_the_bucket_in_which_the_ship_went_out(self, minutes):
        quiet = shop()
        values = quiet.values.copy()
        values[quiet.times == SHIPPED_AT] *= 1000

        found = estimate(
            Series(quiet.times, values, HOUR, "count"),
            shipped_at=SHIPPED_AT + 60 * minutes,
            window_end=SHIPPED_AT + 7 * DAY,
        )

        assert abs(found.effect) < 0.05

    def test_sees_as_much_after_a_ship_within_a_bucket_as_after_one_between_two(self):
        series = shop()

        within, between = (
            estimate(series, shipped_at=ship, window_end=ship + DAY)
            for ship in (SHIPPED_AT + 1200, SHIPPED_AT)
        )

        assert within.smallest_visible == pytest.approx(between.smallest_visible, rel=0.1)

    @pytest.mark.parametrize("window", [0, 59 * 60, -DAY])
    def test_is_too_early_before_a_whole_bucket_is_over(self, window):
        found = estimate(shop(), shipped_at=SHIPPED_AT, window_end=SHIPPED_AT + window)

        assert found.word == "too_early"

    def test_is_too_early_where_the_series_ends_at_the_ship(self):
        quiet = shop()
        old = quiet.times < SHIPPED_AT

        assert look(Series(quiet.times[old], quiet.values[old], HOUR, "count")).word == "too_early"

    def test_ends_the_window_at_the_next_ship(self):
        next_ship = SHIPPED_AT + 4 * DAY
        series = shop(effect=0.2)
        series.values[series.times >= next_ship] *= 5

        found = look(series, other_ships=[SHIPPED_AT + 6 * DAY, next_ship])

        assert found.window_end == next_ship
        assert found.low < 0.2 < found.high
        assert "window ends there" in found.note

    @pytest.mark.parametrize("gap", [0, 1800, DAY])
    def test_is_confounded_by_a_ship_soon_after(self, gap):
        found = look(shop(), other_ships=[SHIPPED_AT + gap])

        assert (found.word, found.effect) == ("confounded", None)

    def test_is_confounded_by_an_earlier_ship_in_the_same_bucket(self):
        series = shop(interval=DAY, days=7)

        found = estimate(
            series,
            shipped_at=SHIPPED_AT + 15 * HOUR,
            window_end=SHIPPED_AT + 7 * DAY,
            other_ships=[SHIPPED_AT + 9 * HOUR],
        )

        assert found.word == "confounded"

    def test_is_not_confounded_by_ships_of_other_days(self):
        found = look(shop(), other_ships=[SHIPPED_AT - 3 * DAY, SHIPPED_AT + 8 * DAY])

        assert found.word == "estimated"

    @pytest.mark.parametrize("days", [0, 1, 4])
    def test_needs_five_days_of_history(self, days):
        quiet = shop()
        kept = quiet.times >= SHIPPED_AT - days * DAY

        found = look(Series(quiet.times[kept], quiet.values[kept], HOUR, "count"))

        assert found.word == "insufficient_data"

    def test_says_that_a_short_history_makes_the_interval_wide(self):
        quiet = shop()
        kept = quiet.times >= SHIPPED_AT - 6 * DAY

        short = look(Series(quiet.times[kept], quiet.values[kept], HOUR, "count"))

        assert "little history" in short.note
        assert short.high - short.low > look(quiet).high - look(quiet).low

    @pytest.mark.parametrize("missing", ["before", "after"])
    def test_needs_most_of_the_samples(self, missing):
        series = shop()
        side = series.times < SHIPPED_AT if missing == "before" else series.times >= SHIPPED_AT
        series.values[np.flatnonzero(side)[24:]] = np.nan

        assert look(series).word == "insufficient_data"

    def test_bears_some_missing_samples(self):
        series = shop(effect=0.2)
        series.values[np.random.default_rng(5).random(len(series.values)) < 0.2] = np.nan

        found = look(series)

        assert found.low < 0.2 < found.high

    @pytest.mark.parametrize("rate", [0.0, 0.02, 0.5, 3.0])
    def test_bears_counts_that_are_mostly_zero(self, rate):
        found = look(shop(mean=rate))

        assert found.word in {"estimated", "insufficient_data"}
        assert_sound(found)

    def test_says_that_a_share_of_nothing_has_no_meaning(self):
        series = shop(kind="gauge")
        series.values[:] -= 5000

        assert look(series).word == "insufficient_data"

    def test_finds_the_fall_to_nothing(self):
        series = shop()
        series.values[series.times >= SHIPPED_AT] = 0

        found = look(series)

        assert found.effect < -0.9
        assert found.p_value < 0.05

    def test_knows_no_share_of_a_metric_that_had_stopped_before_the_ship(self):
        series = shop(kind="gauge", interval=DAY)
        series.values[-40:-7] = 0

        assert look(series).word == "insufficient_data"

    @pytest.mark.parametrize("days", [7, 10, 14])
    def test_seldom_claims_an_effect_with_little_history(self, days):
        claims = 0
        for seed in range(60):
            quiet = shop(seed, days=1, kind="gauge")
            kept = quiet.times >= SHIPPED_AT - days * DAY
            found = look(Series(quiet.times[kept], quiet.values[kept], HOUR, "gauge"), 1)
            claims += found.p_value < 0.05

        assert claims <= 7

    def test_warns_where_only_a_very_large_effect_would_show(self):
        assert "too noisy" in look(shop(mean=0.05)).note


def assert_sound(found):
    """Check that all numbers are there, finite and in order, or all are missing."""
    numbers = [found.effect, found.low, found.high, found.p_value, found.smallest_visible]
    if found.word == "estimated":
        assert all(math.isfinite(number) for number in numbers)
        assert -1 <= found.low <= found.effect <= found.high
        assert 0 <= found.p_value <= 1
        assert found.smallest_visible >= 0
    else:
        assert numbers == [None] * 5
        assert found.note.endswith(".")


some_value = st.one_of(
    st.just(math.nan), st.just(0.0), st.floats(-10, 1e6), st.integers(0, 5).map(float)
)


class TestEstimateAlways:
    @settings(max_examples=150, deadline=None)
    @given(
        values=st.lists(some_value, max_size=60),
        repeats=st.integers(1, 8),
        interval=st.sampled_from([300, HOUR, 6 * HOUR, 7 * HOUR, DAY, 7 * DAY]),
        kind=st.sampled_from(["count", "gauge", "ratio"]),
        place=st.floats(-0.1, 1.2),
        window=st.integers(-5, 100),
        exposed=st.booleans(),
        others=st.lists(st.integers(-50, 50), max_size=3),
    )
    def test_gives_sound_numbers_or_a_reason(
        self, values, repeats, interval, kind, place, window, exposed, others
    ):
        values = np.array(values * repeats)
        times = interval * np.arange(len(values), dtype=np.int64)
        exposure = np.where(values > 3, 0.0, 100.0) if exposed and kind == "ratio" else None
        ship = int(len(values) * place * interval) + 7
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = estimate(
                Series(times, values, interval, kind, exposure),
                shipped_at=ship,
                window_end=ship + window * interval,
                other_ships=[ship + other * interval // 2 for other in others],
            )
            band = expected_band(
                Series(times, values, interval, kind, exposure),
                shipped_at=ship,
                window_end=ship + window * interval,
            )

        assert_sound(found)
        if band is not None:
            assert np.isfinite([band.expected, band.low, band.high]).all()
            assert (band.low <= band.high).all()

    @settings(max_examples=30, deadline=None)
    @given(st.floats(1e-6, 1e6), st.integers(0, 20))
    def test_gives_the_same_effect_in_any_unit(self, unit, seed):
        series = shop(seed, kind="gauge", effect=0.1)
        scaled = Series(series.times, series.values * unit, HOUR, "gauge")

        assert astuple(look(scaled))[1:6] == pytest.approx(astuple(look(series))[1:6], rel=1e-6)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(-1000, 1000), st.integers(0, 20))
    def test_gives_the_same_effect_at_any_other_date(self, days, seed):
        series = shop(seed, effect=0.1)
        moved = Series(series.times + days * DAY, series.values, HOUR, "count")
        ship = SHIPPED_AT + days * DAY

        found = estimate(moved, shipped_at=ship, window_end=ship + 7 * DAY)

        assert astuple(found)[1:6] == astuple(look(series))[1:6]


class TestMakeSeries:
    def test_lays_rows_on_a_grid_with_gaps(self):
        series = make_series(
            [(7200.0, 5.0, None), (3600.0, 4.0, None)],
            interval=HOUR, kind="count", start=3600, end=5 * HOUR,
        )  # fmt: skip

        assert series.times.tolist() == [3600, 7200, 10800, 14400]
        assert series.values[:2].tolist() == [4.0, 5.0]
        assert np.isnan(series.values[2:]).all()

    def test_counts_buckets_from_the_epoch(self):
        series = make_series(
            [(3700.0, 4.0, None)], interval=HOUR, kind="count", start=3650, end=7300
        )

        assert series.times.tolist() == [3600, 7200]
        assert series.values[0] == 4.0

    def test_leaves_out_rows_outside(self):
        rows = [(0.0, 1.0, None), (9000.0, 2.0, None)]

        series = make_series(rows, interval=HOUR, kind="count", start=3600, end=7200)

        assert np.isnan(series.values).all()

    def test_keeps_the_exposure_of_a_ratio(self):
        series = make_series([(0.0, 0.5, 40.0)], interval=HOUR, kind="ratio", start=0, end=HOUR)

        assert series.exposure.tolist() == [40.0]

    def test_makes_an_empty_series_of_an_empty_span(self):
        series = make_series([], interval=HOUR, kind="count", start=0, end=0)

        assert look(series).word in {"too_early", "insufficient_data"}


class TestExpectedBand:
    def test_holds_most_of_a_quiet_week(self):
        series = shop(kind="gauge")

        band = expected_band(series, shipped_at=SHIPPED_AT, window_end=SHIPPED_AT + 7 * DAY)

        shown = series.values[series.times >= SHIPPED_AT - 7 * DAY]
        assert len(band.times) == 14 * 24
        assert 0.9 < np.mean((band.low <= shown) & (shown <= band.high)) <= 1

    def test_agrees_with_the_estimate_on_the_whole_window(self):
        series = shop(effect=0.3)

        band = expected_band(series, shipped_at=SHIPPED_AT, window_end=SHIPPED_AT + 7 * DAY)

        after = series.values[series.times >= SHIPPED_AT].sum()
        expected = band.expected[band.times >= SHIPPED_AT].sum()
        assert after / expected - 1 == pytest.approx(look(series).effect)

    def test_is_left_out_without_history(self):
        series = shop()
        new = Series(series.times[-24:], series.values[-24:], HOUR, "count")
        first = int(new.times[0])

        assert expected_band(new, shipped_at=first + 5 * HOUR, window_end=first + DAY) is None


class TestBenjaminiHochberg:
    @pytest.mark.parametrize(
        ("p_values", "real"),
        [
            ([], []),
            ([0.04], [True]),
            ([0.06], [False]),
            ([0.04, 0.9, 0.9], [False, False, False]),
            ([0.03, 0.01, 0.02], [True, True, True]),
            ([0.9, 0.001, 0.04, 0.02], [False, True, False, True]),
        ],
    )
    def test_keeps_the_share_of_false_claims_low(self, p_values, real):
        assert benjamini_hochberg(p_values) == real


class TestStudentsDistribution:
    @pytest.mark.parametrize(
        ("freedom", "quantile"),
        [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (10, 2.228), (60, 2.000), (167, 1.974)],
    )
    def test_agrees_with_printed_tables(self, freedom, quantile):
        assert t_quantile(0.975, freedom) == pytest.approx(quantile, abs=5e-4)

    def test_is_symmetric(self):
        assert t_below(-1.3, 5) + t_below(1.3, 5) == pytest.approx(1)


class TestBlocks:
    @pytest.mark.parametrize(
        ("count", "interval", "length"),
        [
            (7, DAY, 1), (168, HOUR, 24), (24, HOUR, 24), (23, HOUR, 4), (36, HOUR, 12),
            (12, 300, 12), (11, 300, 3), (1, 300, 1), (288, 300, 288), (3, 7 * HOUR, 1),
        ],
    )  # fmt: skip
    def test_are_the_longest_parts_of_a_day_that_fill_the_window(self, count, interval, length):
        assert block_length(count, interval) == length

    def test_take_medians_as_numpy_does(self):
        table = np.random.default_rng(3).random((9, 40))
        table[np.random.default_rng(4).random(table.shape) < 0.4] = np.nan
        table[:, 7] = np.nan

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert np.allclose(column_medians(table), np.nanmedian(table, axis=0), equal_nan=True)


class TestYardstickDoors:
    def test_answer_alike_in_python_and_as_json_lines(self, monkeypatch, capsys):
        series = shop(effect=0.2, kind="ratio")
        case = {
            "interval": HOUR, "ts": series.times, "y": series.values, "kind": "rate",
            "exposure": series.exposure, "deployed_at": SHIPPED_AT,
            "post_end": SHIPPED_AT + 7 * DAY, "other_deployments": [],
        }  # fmt: skip
        line = {
            "series": np.column_stack([series.times, series.values]).tolist(),
            "interval_seconds": HOUR, "kind": "rate", "exposure": series.exposure.tolist(),
            "deployed_at": SHIPPED_AT, "post_end": SHIPPED_AT + 7 * DAY, "other_deployments": [],
        }  # fmt: skip
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(line) + "\n\n"))

        call_command("estimate_impact", "--jsonl")

        told = json.loads(capsys.readouterr().out)
        assert {**yardstick_adapter(case), "word": "estimated"} == told

    @pytest.mark.parametrize("line", ["{}", "[1]", "nonsense", '{"series": [[0, 1], [5, 1]]}'])
    def test_say_which_line_they_cannot_read(self, monkeypatch, line):
        monkeypatch.setattr("sys.stdin", io.StringIO(line))

        with pytest.raises(CommandError, match="Line 1 is not a case"):
            call_command("estimate_impact", "--jsonl")
