import pytest

from common.errors import BadInput
from engagement.intake import define_metric, record_samples
from engagement.models import Kind, MetricSample
from engagement.sample_rows import read_key
from tests.factories import NOW, make_metric


def record(project, *rows, **facts):
    return record_samples(project=project, rows=rows, now=NOW, **facts)


def sample(value, at="2026-03-01T10:00:00Z", metric="orders", **facts):
    return {"metric": metric, "at": at, "value": value, **facts}


class TestRecordSamples:
    def test_the_last_value_of_a_bucket_is_the_one_kept(self, shop):
        record(shop, sample(1), sample(2, at="2026-03-01T10:59:59Z"))

        assert MetricSample.objects.get().value == 2

    def test_a_correction_is_counted_as_one(self, shop):
        record(shop, sample(1))

        assert record(shop, sample(2)).updated == 1

    def test_the_same_again_changes_nothing(self, shop):
        record(shop, sample(1))

        assert record(shop, sample(1)).unchanged == 1

    def test_every_row_is_counted_once(self, shop):
        report = record(shop, sample(1), sample(2), sample("x"), sample(3, metric="visits"))

        counted = report.created + report.updated + report.unchanged + len(report.errors)
        assert counted == 4

    def test_new_changed_and_known_rows_of_one_call_are_told_apart(self, shop):
        hours = [f"2026-03-01T{hour}:00:00Z" for hour in (10, 11, 12, 13)]
        record(shop, sample(1, hours[0]), sample(2, hours[1]), sample(3, hours[2]))
        report = record(
            shop,
            sample(1, hours[0]),
            sample(7, hours[1]),
            sample(3, hours[2], denominator=5),
            sample(4, hours[3]),
        )

        assert (report.created, report.updated, report.unchanged) == (1, 2, 1)

    def test_a_thousand_rows_take_few_queries(self, shop, django_assert_max_num_queries):
        make_metric(shop, "orders")
        rows = [
            sample(n, f"2026-0{1 + n // 700}-{1 + n // 24 % 28:02}T{n % 24:02}:00Z")
            for n in range(1000)
        ]

        with django_assert_max_num_queries(8):
            record(shop, *rows)

    def test_a_dry_run_counts_and_writes_nothing(self, shop):
        report = record(shop, sample(1), sample(2, metric="visits"), dry_run=True)

        assert (report.created, report.new_metrics) == (2, ["orders", "visits"])
        assert not MetricSample.objects.exists()

    def test_a_metric_that_comes_with_denominators_is_a_ratio(self, shop):
        row = {"metric": "rate", "at": "2026-03-01T10:00:00Z", "numerator": 3, "denominator": 100}
        record(shop, row)

        kept = MetricSample.objects.get()
        assert (kept.value, kept.exposure, kept.metric.kind) == (0.03, 100, Kind.RATIO)

    def test_buckets_are_as_wide_as_the_metric_says(self, shop):
        define_metric(shop, {"key": "orders", "resolution": "1d"})

        record(shop, sample(1, at="2026-03-01T23:59:00Z"))

        assert f"{MetricSample.objects.get().taken_at:%d %H:%M}" == "01 00:00"

    def test_another_projects_metric_is_never_touched(self, shop, cleo):
        make_metric(cleo.projects.get(), "orders")

        record(shop, sample(1))

        assert MetricSample.objects.get().metric.project == shop


class TestDefineMetric:
    def test_what_is_not_said_stays(self, shop):
        define_metric(shop, {"key": "orders", "unit": "a day"})
        metric, created = define_metric(shop, {"key": "orders", "name": "All orders"})

        assert (metric.unit, metric.name, created) == ("a day", "All orders", False)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("kind", "odd"), ("good_direction", 1), ("resolution", "7h"), ("key", "!!!")],
    )
    def test_what_cannot_be_is_refused_by_name(self, shop, field, value):
        with pytest.raises(BadInput) as refused:
            define_metric(shop, {"key": "orders", field: value})

        assert refused.value.field == field

    @pytest.mark.parametrize(
        "said", ["Checkout Conversion", "checkout.conversion", "checkout/conversion"]
    )
    def test_a_key_has_one_spelling(self, said):
        assert read_key(said, field="key") == "checkout_conversion"
