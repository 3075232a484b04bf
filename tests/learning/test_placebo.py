"""How far a metric can be trusted, by its own past."""

from datetime import timedelta

import numpy as np
import pytest

from common.windows import DAY, WEEK
from engagement.models import Metric
from learning.impact import Series
from learning.models import PlaceboRecord
from learning.placebo import MOST_MOMENTS, placebos, quiet_moments
from learning.tasks import make_placebo_records
from learning.trust import claim, due_records, make_record, told, trust_in
from tests.factories import NOW, make_deployment, make_metric, make_project, make_samples

HOUR = 3600
A_DAY = 24 * HOUR


def hourly(days: int, *, seed: int = 1, noise: float = 0.05) -> Series:
    draw = np.random.default_rng(seed)
    times = np.arange(days * 24, dtype=np.int64) * HOUR
    daily = 100 * (1 + 0.4 * np.sin(2 * np.pi * times / A_DAY))
    return Series(times, daily * np.exp(draw.normal(0, noise, len(times))), HOUR, "gauge")


def ask(series: Series, ships: tuple[int, ...] = (), window: int = A_DAY):
    return placebos(series, history=28 * A_DAY, window=window, ships=ships)


class TestQuietMoments:
    def test_have_all_the_history_and_the_whole_window(self):
        found = quiet_moments(hourly(40), 28 * A_DAY, A_DAY, ())

        assert (found[0], found[-1]) == (28 * A_DAY, 39 * A_DAY)

    def test_are_spread_and_not_too_many(self):
        assert len(quiet_moments(hourly(100), 28 * A_DAY, A_DAY, ())) == MOST_MOMENTS

    def test_have_no_ship_in_the_window(self):
        ship = 33 * A_DAY + 1800

        found = quiet_moments(hourly(40), 28 * A_DAY, A_DAY, (ship,))

        assert not any(moment - HOUR < ship < moment + A_DAY for moment in found)
        assert len(found) > 20

    def test_are_none_without_samples_or_with_a_ship_a_day(self):
        empty = Series(np.zeros(0, dtype=np.int64), np.zeros(0), HOUR, "gauge")

        assert len(quiet_moments(empty, A_DAY, A_DAY, ())) == 0
        assert len(quiet_moments(hourly(40), 28 * A_DAY, A_DAY, range(0, 40 * A_DAY, A_DAY))) == 0


class TestPlacebos:
    def test_keep_the_promise_on_a_well_behaved_metric(self):
        found = [ask(hourly(90, seed=seed)) for seed in range(5)]

        moments = sum(len(one.moments) for one in found)
        assert sum(one.alarms for one in found) / moments < 0.08
        assert sum(one.covered for one in found) / sum(one.looks for one in found) > 0.92

    def test_tell_what_can_be_found(self):
        calm, wild = ask(hourly(90, noise=0.05)), ask(hourly(90, noise=1.2))

        assert calm.found / calm.put_in > 0.9
        assert wild.found / wild.put_in < 0.3

    def test_expose_a_metric_that_jumps_by_itself(self):
        series = hourly(60)
        values = series.values.copy()
        for day in range(30, 60, 5):  # campaigns, each twice as large as the one before it
            values[day * 24 : (day + 1) * 24] *= 1.3 * 1.5 ** ((day - 30) / 5)

        found = ask(Series(series.times, values, HOUR, "gauge"))

        assert found.alarms / len(found.moments) > 0.1

    def test_see_nothing_that_comes_after_the_window(self):
        series = hourly(60)
        later = Series(series.times, series.values.copy(), HOUR, "gauge")
        later.values[-A_DAY // HOUR :] *= 50
        last = quiet_moments(series, 28 * A_DAY, A_DAY, ())[-1]

        changed = ask(later)

        assert ask(series).alarms <= changed.alarms <= ask(series).alarms + 2
        assert changed.moments[-1] == last


@pytest.fixture
def metric(db) -> Metric:
    metric = make_metric(make_project())
    series = hourly(100)
    make_samples(metric, NOW - timedelta(days=100), [float(value) for value in series.values])
    return metric


class TestTheRecord:
    def test_is_due_for_every_metric_with_samples(self, metric):
        make_metric(metric.project, "empty")

        due = due_records(NOW)

        assert {(record.metric_id, record.window) for record in due} == {
            (metric.pk, DAY),
            (metric.pk, WEEK),
        }

    def test_keeps_what_was_found(self, metric):
        record = make_record(due_records(NOW)[0], now=NOW)

        assert record.moments == MOST_MOMENTS
        assert record.alarms <= 8
        assert record.from_at and record.until_at and record.from_at < record.until_at < NOW
        assert trust_in(metric)[0].coverage > 0.9

    def test_is_due_again_a_day_later(self, metric):
        for record in due_records(NOW):
            make_record(record, now=NOW)

        assert due_records(NOW + timedelta(hours=23)) == []
        assert len(due_records(NOW + timedelta(hours=25))) == 2

    def test_is_made_by_one_worker(self, metric):
        record = due_records(NOW)[0]

        assert claim(record, now=NOW)
        assert not claim(PlaceboRecord.objects.get(pk=record.pk), now=NOW)

    def test_is_made_by_another_if_the_first_one_died(self, metric, settings):
        record = due_records(NOW)[0]
        claim(record, now=NOW)
        later = NOW + timedelta(seconds=settings.STALE_CLAIM_SECONDS + 1)

        assert claim(PlaceboRecord.objects.get(pk=record.pk), now=later)

    def test_says_when_there_is_too_little(self, metric):
        for hours in range(0, 100 * 24, 20):
            make_deployment(metric.project, shipped_at=NOW - timedelta(hours=hours))

        record = make_record(due_records(NOW)[0], now=NOW)

        assert told(record).rate is None
        assert "0 quiet stretches" in told(record).sentence


class TestTheBell:
    def test_makes_what_is_due(self, metric):
        make_placebo_records()

        assert PlaceboRecord.objects.exclude(tested_at=None).count() == 2


class TestWhatIsTold:
    def test_doubts_a_metric_that_alarms_too_often(self):
        record = PlaceboRecord(window=DAY, moments=57, alarms=8, looks=114, covered=98, put_in=57)

        found = told(record)

        assert found.is_doubtful
        assert "alarms on 14% of quiet stretches of a day (8 of 57)" in found.sentence

    def test_does_not_doubt_what_may_be_chance(self):
        record = PlaceboRecord(window=WEEK, moments=30, alarms=3, looks=60, covered=56, put_in=30)

        assert not told(record).is_doubtful
