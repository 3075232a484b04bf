"""What a metric shares with one that the ship cannot touch."""

from datetime import timedelta

import numpy as np
import pytest

from common.windows import WEEK
from learning.estimating import estimate_checkup
from learning.impact import Series, estimate
from learning.impact_control import less_control
from learning.models import Untouched
from tests.factories import NOW, make_deployment, make_metric, make_samples

DAY = 86_400
DAYS = 100


def pair(seed: int, *, shared: float = 0.15, own: float = 0.03, lift: float = 0.0):
    """Return two daily metrics that a shared weather moves, the first lifted in the last week."""
    draw = np.random.default_rng(seed)
    weather = draw.normal(0, shared, DAYS)
    times = np.arange(DAYS, dtype=np.int64) * DAY
    level = np.where(np.arange(DAYS) >= DAYS - 7, np.log1p(lift), 0.0)
    first, second = (
        1000 * np.exp(weather * slope + draw.normal(0, own, DAYS) + extra)
        for slope, extra in ((1.0, level), (0.8, 0.0))
    )
    return Series(times, first, DAY, "gauge"), Series(times, second, DAY, "gauge")


def look(metric: Series, *controls: Series):
    return estimate(metric, shipped_at=(DAYS - 7) * DAY, window_end=DAYS * DAY, controls=controls)


class TestAControl:
    def test_makes_the_interval_narrow(self):
        metric, control = pair(1)

        alone, beside = look(metric), look(metric, control)

        assert (alone.control, beside.control) == (None, 0)
        assert beside.high - beside.low < 0.6 * (alone.high - alone.low)

    def test_shows_an_effect_that_the_weather_hid(self):
        found = [look(*pair(seed, lift=0.1)).p_value < 0.05 for seed in range(40)]
        hidden = [look(pair(seed, lift=0.1)[0]).p_value < 0.05 for seed in range(40)]

        assert np.mean(found) > 0.8
        assert np.mean(hidden) < 0.4

    def test_makes_no_effect_of_the_weather(self):
        metric, control = pair(3)
        for series, slope in ((metric, 1.0), (control, 0.8)):
            series.values[-7:] *= np.exp(-0.3 * slope)  # a week of rain

        assert look(metric).p_value < 0.05
        assert look(metric, control).p_value > 0.05

    def test_seldom_cries_wolf(self):
        alarms = [look(*pair(seed)).p_value < 0.05 for seed in range(150)]

        assert np.mean(alarms) < 0.06

    def test_that_goes_its_own_way_changes_nothing(self):
        metric, stranger = pair(1)[0], pair(2)[0]

        assert look(metric, stranger) == look(metric)

    def test_in_other_buckets_is_left_out(self):
        metric, control = pair(1)
        shifted = Series(control.times + 3600, control.values, DAY, "gauge")

        assert look(metric, shifted) == look(metric)

    def test_without_values_is_left_out(self):
        metric, control = pair(1)
        empty = Series(control.times, np.full(DAYS, np.nan), DAY, "gauge")

        assert look(metric, empty, control).control == 1

    def test_learns_nothing_from_the_window(self):
        metric, control = pair(1)
        values = np.log(metric.values)
        other = np.log(control.values)
        other[-7:] += 5.0

        less, place = less_control(values, DAYS - 7, 7, [other])
        plain, _ = less_control(values, DAYS - 7, 7, [np.log(control.values)])

        assert place == 0
        assert less[: DAYS - 7] == pytest.approx(plain[: DAYS - 7])


class TestACheckup:
    def test_takes_a_metric_as_control_that_a_person_said_cannot_be_touched(self, shop, ada):
        metric, control = pair(1)
        start = NOW.replace(hour=0) - timedelta(days=DAYS)
        for key, series in (("orders", metric), ("visits", control)):
            row = make_metric(shop, key, resolution=timedelta(days=1))
            make_samples(row, start, [float(value) for value in series.values])
        ship = make_deployment(shop, shipped_at=start + timedelta(days=DAYS - 7))
        checkup = ship.checkups.get(horizon=WEEK)

        alone = estimate_checkup(checkup, now=NOW)[0]
        Untouched.objects.create(
            project=shop,
            metric=shop.metrics.get(key="visits"),
            deployment=ship,
            by=ada,
            stated_at=NOW,
        )
        beside = estimate_checkup(checkup, now=NOW)[0]

        assert beside.high - beside.low < 0.7 * (alone.high - alone.low)
        assert "What it shares with Visits, which the ship cannot touch, is taken out." in (
            beside.note
        )
        assert beside.inputs_digest != alone.inputs_digest
