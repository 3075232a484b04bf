from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from common.windows import DAY, HOUR, Window
from engagement.intake import define_metric, record_samples
from engagement.models import Rollup, RollupDue
from engagement.rolled import days_of, local_days_of
from engagement.rolling import delete_samples, roll_up
from engagement.rolling_check import wrong_buckets
from engagement.tasks import roll_up_samples
from tests.factories import NOW, make_metric, make_project

FIVE = timedelta(minutes=5)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def record(project, *rows, now=NOW, **facts):
    sent = [{"metric": key, "at": at.isoformat(), **said} for key, at, said in rows]
    return record_samples(project=project, rows=sent, now=now, **facts)


def orders(value, at=NOON):
    return ("orders", at, {"value": value})


def day(metric, at=NOON):
    start = at.replace(hour=0, minute=0)
    return metric.rollups.get(span="day", starts_at=start)


@pytest.fixture
def metric(shop):
    return make_metric(shop, "orders", resolution=FIVE)


class TestRollUp:
    def test_adds_up_an_hour(self, shop, metric):
        record(shop, orders(1), orders(4, NOON + FIVE), orders(9, NOON + HOUR))
        roll_up()

        hour = metric.rollups.get(span="hour", starts_at=NOON)
        assert (hour.samples, hour.total, hour.least, hour.most) == (2, 5, 1, 4)

    def test_adds_up_a_day(self, shop, metric):
        record(shop, orders(1), orders(4, NOON + FIVE), orders(9, NOON + HOUR))
        roll_up()

        assert (day(metric).samples, day(metric).total) == (3, 14)

    def test_weighs_shares_by_their_denominators(self, shop):
        rows = [({"numerator": 1, "denominator": 10}), ({"numerator": 45, "denominator": 90})]
        record(shop, *(("rate", NOON + n * HOUR, row) for n, row in enumerate(rows)))
        roll_up()

        kept = day(shop.metrics.get())
        assert kept.weighted / kept.exposure == pytest.approx(46 / 100)

    def test_makes_no_hours_of_a_metric_by_the_hour(self, shop):
        record(shop, orders(1))
        roll_up()

        assert not Rollup.objects.filter(span="hour").exists()

    def test_takes_late_samples_in(self, shop, metric):
        record(shop, orders(1))
        roll_up()
        record(shop, orders(5, NOON - 40 * DAY), orders(2, NOON + FIVE))
        roll_up()

        assert (day(metric).total, day(metric, NOON - 40 * DAY).total) == (3, 5)

    def test_takes_corrections_in(self, shop, metric):
        record(shop, orders(1))
        roll_up()
        record(shop, orders(7))
        roll_up()

        assert (day(metric).samples, day(metric).total) == (1, 7)

    def test_leaves_nothing_due(self, shop, metric):
        record(shop, orders(1))

        assert (roll_up(), roll_up(), RollupDue.objects.count()) == (1, 0, 0)

    def test_changes_nothing_when_it_runs_again(self, shop, metric):
        record(shop, orders(1))
        roll_up()
        before = list(Rollup.objects.order_by("pk").values())
        call_command("roll_up", "--again")

        assert list(Rollup.objects.order_by("pk").values()) == before

    def test_takes_away_the_days_of_deleted_samples(self, shop, metric):
        record(shop, orders(1), orders(2, NOON - DAY))
        roll_up()
        delete_samples(metric, metric.samples.filter(taken_at__lt=NOON))
        roll_up()

        assert [row.starts_at.day for row in metric.rollups.filter(span="day")] == [NOON.day]

    def test_makes_the_hours_of_a_metric_that_is_measured_finer_now(self, shop):
        record(shop, orders(1))
        roll_up()
        define_metric(shop, {"key": "orders", "resolution": "5m"})
        roll_up()

        assert Rollup.objects.filter(span="hour").count() == 1

    def test_takes_away_the_hours_of_a_metric_that_is_measured_by_the_hour_now(self, shop, metric):
        record(shop, orders(1))
        roll_up()
        define_metric(shop, {"key": "orders", "resolution": "1h"})
        roll_up()

        assert not Rollup.objects.filter(span="hour").exists()

    def test_goes_on_past_the_largest_numbers(self, shop, metric):
        record(shop, *(orders(1.7e308, NOON + n * FIVE) for n in range(12)))
        roll_up()

        assert day(metric).samples == 12

    def test_the_bell_takes_all_that_is_due(self, shop, metric):
        record(shop, *(orders(1, NOON - n * 30 * DAY) for n in range(25)))
        roll_up_samples()

        assert not RollupDue.objects.exists()


class TestWhatIsDue:
    def test_is_a_range_of_days_for_each_month(self, shop, metric):
        record(shop, orders(1), orders(2, NOON - 3 * DAY), orders(3, NOON - 20 * DAY))

        due = RollupDue.objects.order_by("since").values_list("since", "until")
        assert [(since.day, until.day) for since, until in due] == [(18, 19), (7, 11)]

    def test_grows_by_what_comes_later(self, shop, metric):
        record(shop, orders(1))
        record(shop, orders(1, NOON - DAY))
        record(shop, orders(1, NOON + DAY))

        due = RollupDue.objects.get()
        assert (due.since.day, due.until.day) == (9, 12)

    def test_is_nothing_when_nothing_is_new(self, shop, metric):
        record(shop, orders(1))
        roll_up()
        record(shop, orders(1))

        assert not RollupDue.objects.exists()

    def test_is_nothing_after_a_dry_run(self, shop, metric):
        record(shop, orders(1), dry_run=True)

        assert not RollupDue.objects.exists()


class TestDaysOf:
    window = Window(NOON.replace(hour=0) - 20 * DAY, NOON + 3 * HOUR)

    def means(self, metric):
        return [mean for _, mean in days_of([metric], self.window)[metric.pk]]

    def test_are_the_same_before_and_after_rolling_up(self, shop, metric):
        record(shop, orders(1), orders(3, NOON + FIVE), orders(8, NOON - 15 * DAY))
        before = days_of([metric], self.window)
        roll_up()

        assert days_of([metric], self.window) == before
        assert self.means(metric) == [8, 2]

    def test_join_what_is_rolled_up_and_what_is_due(self, shop, metric):
        record(shop, orders(1), orders(8, NOON - 15 * DAY))
        roll_up()
        record(shop, orders(3, NOON + FIVE))

        assert self.means(metric) == [8, 2]

    def test_take_as_many_queries_for_many_metrics(self, shop, django_assert_num_queries):
        metrics = [make_metric(shop, f"m{n}") for n in range(12)]
        record(shop, *((metric.key, NOON, {"value": 1}) for metric in metrics))

        with django_assert_num_queries(3):
            days_of(metrics, self.window)

    def test_know_nothing_of_another_metric(self, shop, metric):
        record(make_project("Other"), orders(5))

        assert days_of([metric], self.window) == {}


class TestLocalDaysOf:
    def days(self, metric, zone, *, start=NOON - 20 * DAY, end=NOON + 20 * DAY):
        found = local_days_of(metric, Window(start, end), zone=ZoneInfo(zone))
        return [(f"{at:%d %H:%M}", mean) for at, mean in found]

    @pytest.mark.parametrize("rolled", [True, False])
    @pytest.mark.parametrize("minutes", [5, 60])
    def test_begin_at_the_midnights_of_the_zone(self, shop, minutes, rolled):
        metric = make_metric(shop, "orders", resolution=timedelta(minutes=minutes))
        late = datetime(2026, 3, 10, 23, tzinfo=UTC)
        record(shop, orders(2, late - HOUR), orders(4, late))
        if rolled:
            roll_up()

        assert self.days(metric, "Europe/Berlin") == [("10 00:00", 2), ("11 00:00", 4)]

    @pytest.mark.parametrize("rolled", [True, False])
    def test_have_23_hours_when_clocks_go_forward(self, shop, metric, rolled):
        start = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin
        record(shop, *(orders(1, start + n * HOUR) for n in range(23)), now=start + DAY)
        record(shop, orders(100, start + 23 * HOUR), now=start + DAY)
        if rolled:
            roll_up()

        assert self.days(metric, "Europe/Berlin") == [("29 00:00", 1), ("30 00:00", 100)]

    def test_join_what_is_rolled_up_and_what_is_due(self, shop, metric):
        record(shop, orders(1), orders(8, NOON - 15 * DAY))
        roll_up()
        record(shop, orders(3, NOON + FIVE))

        assert [mean for _, mean in self.days(metric, "Asia/Tokyo")] == [8, 2]

    def test_keep_the_dates_of_a_metric_by_the_day(self, shop):
        metric = make_metric(shop, "orders", resolution=DAY)
        record(shop, orders(2))

        assert self.days(metric, "America/New_York") == [("10 00:00", 2)]


class TestTheCommand:
    def test_finds_a_sum_that_is_wrong(self, shop, metric):
        record(shop, orders(1))
        roll_up()
        metric.rollups.filter(span="hour").update(total=7)

        assert [span for span, _ in wrong_buckets(metric)] == ["hour"]
        with pytest.raises(CommandError):
            call_command("roll_up", "--check")

    def test_finds_samples_that_were_never_added_up(self, shop, metric):
        record(shop, orders(1))
        RollupDue.objects.all().delete()

        assert [span for span, _ in wrong_buckets(metric)] == ["day", "hour"]

    def test_mends_it(self, shop, metric, capsys):
        record(shop, orders(1))
        roll_up()
        metric.rollups.update(total=7)
        call_command("roll_up", "--again", "--project", shop.slug)
        call_command("roll_up", "--check")

        assert "1 metrics add up." in capsys.readouterr().out

    def test_knows_no_other_project(self, shop):
        with pytest.raises(CommandError):
            call_command("roll_up", "--project", "nowhere")
