"""The bank of models: what is worked out beforehand, filled in, pulled in, and taken out."""

import numpy as np
import pytest

from learning.impact import METHODS, Series, estimate
from learning.impact_bank import Shape, bank, contrast
from learning.impact_outliers import calm_history, calm_window, filled_in

HOUR, DAY = 3600, 86_400
SHIPPED_AT = 1_773_792_000  # a Wednesday, midnight
DAYS = Shape(before=28, day=0, week=7, is_long=True)
HOURS = Shape(before=48, day=24, week=168, is_long=False)


def signups(seed=1, *, days=28, window=7, steps=(), noise=0.04):
    """Return a daily metric with a weekly season, moved by each (days before the ship, effect)."""
    rng = np.random.default_rng(seed)
    times = SHIPPED_AT + DAY * np.arange(-days, window, dtype=np.int64)
    values = 1000 * (1 + 0.2 * np.sin(2 * np.pi * times / (7 * DAY)))
    values *= np.exp(noise * rng.standard_normal(len(times)))
    for ago, effect in steps:
        values[times >= SHIPPED_AT - ago * DAY] *= 1 + effect
    return Series(times, values, DAY, "gauge")


def look(series, ships=(), **more):
    """Estimate the ship's effect, with other ships so many days before it."""
    return estimate(
        series,
        shipped_at=SHIPPED_AT,
        window_end=SHIPPED_AT + 7 * DAY,
        other_ships=[SHIPPED_AT - ago * DAY for ago in ships],
        **more,
    )


class TestEarlierShips:
    def test_is_not_blamed_for_what_an_earlier_ship_did(self):
        errors = []
        for ships in ([4], []):
            found = [
                look(signups(seed, days=112, steps=[(4, 0.25)]), ships).effect for seed in range(30)
            ]
            errors.append(float(np.mean(np.abs(found))))
        told, not_told = errors

        assert told < 0.7 * not_told

    def test_seldom_claims_an_effect_after_a_ship_that_had_one(self):
        claims = [
            look(signups(seed, days=112, steps=[(5, 0.25)]), [5]).p_value < 0.05
            for seed in range(60)
        ]

        assert sum(claims) <= 5

    def test_finds_its_own_effect_beside_that_of_an_earlier_ship(self):
        found = look(signups(days=112, steps=[(12, -0.2), (0, 0.25)]), [12])

        assert found.low < 0.25 < found.high
        assert found.p_value < 0.05

    def test_says_that_an_earlier_ship_moved_the_metric(self):
        moved = look(signups(days=112, steps=[(12, 0.5)]), [12])

        assert "earlier ship" in moved.note
        assert "earlier ship" not in look(signups(days=112), [12]).note

    def test_sees_hardly_less_for_many_ships_that_did_nothing(self):
        widths = []
        for ships in ([], range(1, 100, 2)):
            found = [look(signups(seed, days=112), ships) for seed in range(20)]
            widths.append(float(np.median([one.high - one.low for one in found])))
        alone, among_many = widths

        assert among_many < 1.2 * alone

    def test_forgets_ships_from_before_the_history(self):
        series = signups()

        assert look(series, [40, 400]) == look(series)


class TestOlderMethods:
    @pytest.mark.parametrize("method", METHODS)
    def test_still_find_a_known_effect_under_their_name(self, method):
        found = look(signups(days=112, steps=[(0, 0.4)]), method=method)

        assert found.method == method
        assert found.low < 0.4 < found.high
        assert found.p_value < 0.05

    def test_say_what_they_always_said(self):
        found = look(signups(days=112, steps=[(0, 0.1)]), method="placebo-v1")

        assert (found.effect, found.low, found.high) == pytest.approx(
            (0.098449, 0.065410, 0.132513), abs=1e-6
        )


class TestBank:
    @pytest.mark.parametrize("shape", [DAYS, HOURS])
    def test_has_no_eye_for_the_metrics_level(self, shape):
        white = bank(shape).whiten @ np.ones(shape.before, np.float32)

        assert np.abs(white).max() < 1e-4

    def test_makes_white_noise_of_what_its_models_make(self):
        rng = np.random.default_rng(5)
        wander = np.array([0.95 ** abs(np.arange(28) - place) for place in range(28)])
        root = np.linalg.cholesky(np.eye(28) + 20 * wander)  # the model (20, 0.95), without a week
        white = bank(DAYS).whiten[4 * 3] @ root @ rng.standard_normal((28, 4000))

        covariance = np.cov(white)
        assert np.trace(covariance) == pytest.approx(27, rel=0.05)
        assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.3

    @pytest.mark.parametrize("after", [1, 7, 30])
    @pytest.mark.parametrize("shape", [DAYS, HOURS])
    def test_weighs_a_shift_as_a_shift_and_a_level_as_nothing(self, shape, after):
        weights = contrast(shape, after).weights

        assert weights.sum(axis=1) == pytest.approx(0, abs=1e-6)
        assert weights[:, shape.before :].sum(axis=1) == pytest.approx(1, abs=1e-6)

    def test_knows_an_independent_metric_by_heart(self):
        # The first model is white noise without a season or a trend: a difference of two means.
        assert contrast(DAYS, 7).variance[0] == pytest.approx(1 / 7 + 1 / 28)


class TestFilledIn:
    def test_takes_the_history_from_one_and_two_weeks_away(self):
        week = np.array([10.0, 20, 30, 40, 50, 5, 5])
        values = np.tile(week, 5)
        values[16] = np.nan

        assert filled_in(values, 28, 7)[16] == 30

    def test_takes_the_window_from_the_window_alone(self):
        values = np.concatenate([np.tile([10.0, 20, 30, 40, 50, 5, 5], 4), [20, np.nan, 60, 80]])

        assert filled_in(values, 28, 7)[29] == pytest.approx(40)  # all doubled, so this one too

    def test_leaves_what_is_there(self):
        values = np.array([1.0, np.nan, 3.0, 4.0])

        assert filled_in(values, 3, 0).tolist() == [1, 2, 3, 4]


class TestCalm:
    def test_pulls_a_wild_day_in(self):
        values = np.random.default_rng(2).normal(0, 0.1, 56)
        values[30] = 9.0

        calm, _ = calm_history(values, 7)

        assert abs(calm[30]) < 1
        assert np.delete(calm, 30) == pytest.approx(np.delete(values, 30))

    def test_takes_no_weekend_for_wild(self):
        values = np.tile([1.0, 1, 1, 1, 1, -3, -3], 8) + np.random.default_rng(2).normal(0, 0.1, 56)

        calm, season = calm_history(values, 7)

        assert calm == pytest.approx(values)
        assert season[0] - season[5] == pytest.approx(4, abs=0.3)

    def test_replaces_a_wild_day_after_the_ship(self):
        after = np.array([0.1, -0.1, 0.0, 8.0, 0.1, -0.2, 0.05])

        calm = calm_window(after, np.zeros(1), 28)

        assert abs(calm[3]) < 0.2

    def test_keeps_what_is_too_much_to_be_an_accident(self):
        after = np.array([0.1, -0.1, 0.0, 8.0, 9.0, -0.2, 0.05])

        assert calm_window(after, np.zeros(1), 28).tolist() == after.tolist()
