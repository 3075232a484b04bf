"""A metric that is worked out of events takes no samples that come another way."""

import pytest
from django.core.management import call_command

from common.errors import BadInput
from common.windows import Window
from engagement.event_defining import define_from_events, read_definition, stop_working_out
from engagement.event_measures import Bucket
from engagement.event_samples import replace_samples
from engagement.models import EventMetric, MetricSample, StreamPoint
from tests.engagement.happenings import make_event_metric
from tests.engagement.telemetry import follow, request_of
from tests.engagement.test_telemetry_intake import START, take, total
from tests.factories import NOW

pytestmark = pytest.mark.django_db
URL = "/api/v1/metrics/samples/"


def sample(key="orders", hour=8, value=1):
    return {"metric": key, "at": f"2026-03-01T{hour:02}:00:00Z", "value": value}


def stored() -> list[tuple[str, float]]:
    return list(MetricSample.objects.order_by("pk").values_list("metric__key", "value"))


@pytest.fixture
def orders(shop) -> EventMetric:
    return make_event_metric(shop, key="orders")


class TestTheSamplesApi:
    def test_refuses_them_by_index_with_the_field_and_the_mend(self, api, orders):
        rows = [sample("visits"), "nonsense", sample("Orders"), sample("visits", 9), sample()]
        answer = api.post(URL, rows, content_type="application/json").json()

        assert (answer["created"], answer["refused"]) == (2, 3)
        assert [error["index"] for error in answer["errors"]] == [1, 2, 4]
        assert answer["errors"][1] == {
            "index": 2,
            "field": "metric",
            "message": "orders is worked out of events.",
            "mend": "Send its events instead, or samples under another key.",
        }
        assert stored() == [("visits", 1), ("visits", 1)]

    def test_refuses_a_call_of_nothing_else(self, api, orders):
        answer = api.post(URL, {"samples": [sample()]}, content_type="application/json").json()

        assert (answer["created"], answer["refused"], answer["new_metrics"]) == (0, 1, [])
        assert stored() == []

    def test_takes_them_once_it_is_worked_out_no_more(self, api, orders):
        stop_working_out(orders)
        answer = api.post(URL, [sample()], content_type="application/json").json()

        assert (answer["created"], answer["refused"]) == (1, 0)

    def test_takes_them_for_a_metric_of_that_key_in_another_project(self, api, cleo):
        make_event_metric(cleo.projects.get(), key="orders")
        answer = api.post(URL, [sample()], content_type="application/json").json()

        assert answer["created"] == 1


class TestAFile:
    def test_is_told_the_line(self, orders, tmp_path, capsys):
        path = tmp_path / "samples.csv"
        path.write_text("metric,at,value\nvisits,2026-03-01,7\norders,2026-03-01,7\n")
        call_command("import_samples", str(path), "--project", "shop")

        said = "".join(capsys.readouterr())
        assert "line 3: metric: orders is worked out of events." in said
        assert stored() == [("visits", 7)]


class TestOpenTelemetry:
    def test_is_told_that_its_points_are_refused(self, shop):
        followed = follow(shop)
        EventMetric.objects.create(metric=followed.metric, measure="count", changed_at=NOW)
        taken = take(shop, request_of("orders", [total(10, 4), total(50, 9)]))

        assert (taken.new, taken.refused) == (0, 2)
        assert taken.why == [
            "orders feeds orders, which is worked out of events. Follow it under another metric."
        ]
        followed.refresh_from_db()
        assert followed.note == taken.why[0]
        assert not StreamPoint.objects.exists() and stored() == []

    def test_keeps_the_metric_that_it_feeds_from_being_worked_out(self, shop):
        follow(shop)
        definition = read_definition({"measure": "count", "event": "Ordered"})

        with pytest.raises(BadInput, match="fed by OpenTelemetry already"):
            define_from_events(shop, {"key": "orders"}, definition, now=NOW)


class TestWhatIsWorkedOut:
    def test_is_stored_all_the_same(self, orders):
        day = START.replace(hour=0)
        replace_samples(orders.metric, Window(day, NOW), [Bucket(day, 3.0)], now=NOW)

        assert stored() == [("orders", 3)]
