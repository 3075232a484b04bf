from io import StringIO

import pytest
from django.core.management import call_command

from engagement.models import Kind, Metric, MetricSample


def import_samples(path, *options: str) -> str:
    out = StringIO()
    call_command("import_samples", str(path), "--project", "shop", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "samples.csv"
        path.write_text(text)
        return path

    return write


class TestImportSamples:
    def test_stores_the_rows(self, shop, file):
        import_samples(file("metric,at,value\norders,2026-03-01T10:00:00Z,7\n"))

        assert MetricSample.objects.get(metric__project=shop).value == 7

    def test_one_metric_can_be_named_for_the_whole_file(self, shop, file):
        import_samples(file("date,value\n2026-03-01,7\n"), "--metric", "orders")

        assert MetricSample.objects.get().metric.key == "orders"

    def test_numerators_and_denominators_make_a_ratio(self, shop, file):
        import_samples(file("metric,day,conversions,visits\nrate,2026-03-01,3,100\n"))

        assert Metric.objects.get().kind == Kind.RATIO
        assert MetricSample.objects.get().value == 0.03

    def test_reading_it_again_changes_nothing_and_says_so(self, shop, file):
        path = file("metric,at,value\norders,2026-03-01T10:00:00Z,7\n")
        import_samples(path)

        assert "Nothing has changed" in import_samples(path)

    def test_a_dry_run_writes_nothing_and_counts_as_if_it_did(self, shop, file):
        said = import_samples(file("metric,at,value\norders,2026-03-01,7\n"), "--dry-run")

        assert "1 new" in said
        assert not Metric.objects.exists()

    def test_a_refused_row_is_named_by_its_line(self, shop, file):
        said = import_samples(file("metric,at,value\norders,2026-03-01,seven\n"))

        assert "line 2: value: 'seven' is not a finite number." in said
