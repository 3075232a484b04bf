"""The page on which a file of samples is tried and read."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dashboard import sample_file_views
from engagement.models import MetricSample, SampleWay
from tests.factories import make_deployment

pytestmark = pytest.mark.django_db
GOOD = b"""metric,timestamp,value,colour
orders,2026-03-01T08:00:00Z,3,red
orders,2026-03-01 10:00,4,
"""


@pytest.fixture
def send(shop, as_ben):
    def post(body: bytes = GOOD, *, name: str = "a.csv", **said):
        said.setdefault("timezone", "Europe/Berlin")
        file = SimpleUploadedFile(name, body)
        return as_ben.post(
            reverse("settings_sample_file", args=[shop.slug]), {"file": file, **said}
        )

    return post


def stored() -> list[tuple[str, int, float]]:
    rows = MetricSample.objects.order_by("taken_at")
    return [(row.metric.key, row.taken_at.hour, row.value) for row in rows]


class TestAFile:
    def test_is_tried_and_nothing_is_stored(self, send):
        page = send(test="1").content.decode()

        assert "2 new" in page and "Nothing is stored yet." in page
        assert "Left out: colour" in page
        assert stored() == []

    def test_is_read_with_times_in_the_zone_that_was_chosen(self, send):
        answer = send(save="1")

        assert answer.status_code == 302
        assert stored() == [("orders", 8, 3), ("orders", 9, 4)]
        assert SampleWay.objects.get().way == "file"

    def test_changes_nothing_when_it_is_read_again(self, send):
        send(save="1")

        assert "0 new, 0 other than before, 2 unchanged" in send(test="1").content.decode()

    def test_may_be_packed_and_name_no_metric(self, send):
        send(gzip.compress(b"at,value\n2026-03-01T08:00:00Z,5\n"), metric="Visits", save="1")

        assert stored() == [("visits", 8, 5)]

    def test_says_which_lines_are_refused_and_keeps_the_others(self, send):
        page = send(GOOD + b"orders,soon,<b>5</b>\n", save="1").content.decode()

        assert "1 refused. The good rows are stored." in page
        assert "Line 4:" in page and "<b>5" not in page
        assert len(stored()) == 2

    @pytest.mark.parametrize("body", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"only,a,header\n"])
    def test_that_is_none_is_refused_in_words(self, send, body):
        answer = send(body, test="1")

        assert answer.status_code == 200
        assert "notice--error" in answer.content.decode()

    def test_that_is_too_long_is_read_only_so_far_and_says_so(self, send, monkeypatch):
        monkeypatch.setattr(sample_file_views, "MOST_ROWS", 2)

        assert "Only its first 2 rows were read" in send(save="1").content.decode()

    def test_that_is_too_large_is_refused(self, send, monkeypatch):
        monkeypatch.setattr(sample_file_views, "MAX_BYTES", 10)

        assert "Up to 2 MB here" in send(save="1").content.decode()
        assert stored() == []


class TestTheChartOfATrial:
    def test_shows_the_newest_values_with_their_gaps_and_ships(self, shop, send, bs):
        make_deployment(shop, "2.0", shipped_at=datetime(2026, 3, 1, 4, tzinfo=UTC))
        rows = [f"orders,2026-03-01T0{hour}:00:00Z,{hour}" for hour in (0, 1, 2, 5, 6)]
        body = "\n".join(["metric,at,value", *rows, "visits,2026-03-02T00:00:00Z,7"])

        page = bs(send(body.encode(), test="1"))

        data = json.loads(page.select_one("#trial script").string)
        assert data["observed"] == [0, 1, 2, None, None, 5, 6]
        assert [mark["label"] for mark in data["marks"]] == ["2.0"]
        assert "The newest values of orders" in page.text
        assert len(page.select("#trial tbody tr")) == 5
        assert stored() == []

    def test_reads_shares_and_takes_the_last_of_two_rows_of_one_time(self, send, bs):
        body = b"metric,at,numerator,denominator\nr,2026-03-01,1,4\nr,2026-03-01,3,4\n"

        page = bs(send(body, test="1"))

        assert "0.75" in page.select_one("#trial tbody").text
        assert "of 4" in page.select_one("#trial tbody").text

    def test_is_left_out_where_no_row_can_be_read(self, send, bs):
        page = bs(send(b"metric,at,value\norders,soon,4\n", test="1"))

        assert page.select_one("#trial canvas") is None

    def test_of_a_day_now_and_then_has_no_thousand_gaps(self, send, bs):
        body = b"at,value\n2020-01-01T00:00:00Z,1\n2020-01-01T00:05:00Z,2\n2026-01-01,3\n"

        page = bs(send(body, metric="visits", test="1"))

        assert json.loads(page.select_one("#trial script").string)["observed"] == [1, 2, 3]
