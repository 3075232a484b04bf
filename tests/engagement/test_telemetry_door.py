"""The door of OTLP/HTTP, and a real OpenTelemetry SDK that posts to it."""

import gzip
import json
import subprocess
import sys
import zlib

import pytest
import time_machine
from django.db import OperationalError
from django.urls import reverse
from google.protobuf.json_format import MessageToJson, Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse as Answer,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from accounts.known_keys import forget_known_keys
from accounts.models import Scope
from engagement import telemetry_door
from engagement.models import MetricSample, SeenInstrument
from tests.engagement.telemetry import follow, request_of
from tests.factories import NOW, make_key

pytestmark = pytest.mark.django_db
PROTOBUF = "application/x-protobuf"
POINTS = [{"at": NOW, "since": NOW, "value": 4.0}]


@pytest.fixture(autouse=True)
def forgotten():
    forget_known_keys()


@pytest.fixture
def key(shop) -> str:
    return make_key(shop, Scope.METRICS_WRITE)


@pytest.fixture
def post(client, key):
    def call(body=None, *, kind=PROTOBUF, headers=None, **more):
        body = request_of("orders", POINTS).SerializeToString() if body is None else body
        headers = {"Authorization": f"Bearer {key}"} if headers is None else headers
        with time_machine.travel(NOW, tick=False):
            return client.post("/v1/metrics", body, content_type=kind, headers=headers, **more)

    return call


def stored() -> list[float]:
    return list(MetricSample.objects.values_list("value", flat=True))


class TestACall:
    def test_may_be_protobuf(self, shop, post):
        follow(shop)

        answer = post()

        assert (answer.status_code, answer["Content-Type"], answer.content) == (200, PROTOBUF, b"")
        assert stored() == [4]

    def test_may_be_json_and_is_answered_in_json(self, shop, post):
        follow(shop)

        answer = post(MessageToJson(request_of("orders", POINTS)), kind="application/json")

        assert (answer.status_code, answer.json()) == (200, {})
        assert stored() == [4]

    def test_may_be_packed(self, shop, post):
        follow(shop)
        body = gzip.compress(request_of("orders", POINTS).SerializeToString())

        post(body, headers={"Content-Encoding": "gzip"} | post_key(shop))

        assert stored() == [4]

    def test_may_be_packed_as_the_sdk_also_can(self, shop, post):
        follow(shop)
        body = zlib.compress(request_of("orders", POINTS).SerializeToString())

        post(body, headers={"Content-Encoding": "deflate"} | post_key(shop))

        assert stored() == [4]

    @pytest.mark.parametrize("header", ["Api-Key", "X-Api-Key"])
    def test_may_show_its_key_in_a_header_of_its_own(self, shop, post, key, header):
        assert post(headers={header: key}).status_code == 200
        assert post(headers={"Authorization": f"Api-Key {key}"}).status_code == 200

    def test_is_told_what_could_not_be_taken(self, shop, post):
        follow(shop, shape="gauge", take="mean")
        points = [{"at": NOW, "value": float("nan")}, *POINTS]
        request = request_of("orders", points, told="gauge")

        answer = Answer.FromString(post(request.SerializeToString()).content)

        assert answer.partial_success.rejected_data_points == 1
        assert "no finite numbers" in answer.partial_success.error_message
        assert stored() == [4]

    def test_in_json_is_told_so_too(self, shop, post):
        request = request_of("orders", [{"at": NOW}], told="gauge")
        said = post(MessageToJson(request), kind="application/json").content

        assert Parse(said, Answer()).partial_success.rejected_data_points == 1


def post_key(shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_key(shop, Scope.METRICS_WRITE)}"}


class TestARefusal:
    def test_of_who_shows_no_key_says_where_to_put_it(self, post):
        answer = post(headers={})

        assert answer.status_code == 401
        assert "OTEL_EXPORTER_OTLP_HEADERS" in Status.FromString(answer.content).message

    def test_of_a_wrong_key_or_one_that_may_not(self, shop, post):
        other = make_key(shop, Scope.READ)

        assert post(headers={"Authorization": "Bearer nonsense"}).status_code == 401
        assert post(headers={"Authorization": f"Bearer {other}"}).status_code == 403

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"\xff\xff\xff", PROTOBUF, 400),
            (b"{", "application/json", 400),
            (b'{"resourceMetrics": 7}', "application/json", 400),
            (b"{}", "text/plain", 415),
            (b"x" * (telemetry_door.MAX_BODY + 1), PROTOBUF, 413),
        ],
    )
    def test_is_never_one_to_be_tried_again(self, post, body, kind, status):
        assert post(body, kind=kind).status_code == status

    def test_of_a_body_that_unpacks_to_too_much(self, shop, post):
        bomb = gzip.compress(b"\x00" * (telemetry_door.MAX_BODY * 20))

        answer = post(bomb, headers={"Content-Encoding": "gzip"} | post_key(shop))

        assert answer.status_code == 413

    def test_says_what_is_wrong_in_the_format_that_was_sent(self, post):
        said = post(b"{", kind="application/json")

        assert said["Content-Type"] == "application/json"
        assert "is no OTLP request" in json.loads(said.content)["message"]

    def test_of_other_methods(self, client):
        assert client.get("/v1/metrics").status_code == 405

    @pytest.mark.parametrize(
        ("why", "status"), [("database is locked", 429), ("the server went away", 503)]
    )
    def test_may_be_tried_again_when_the_database_cannot_store(
        self, post, monkeypatch, why, status
    ):
        def broken(*_args, **_kw):
            raise OperationalError(why)

        monkeypatch.setattr(telemetry_door, "record_points", broken)

        answer = post()
        in_json = post("{}", kind="application/json")

        assert (answer.status_code, answer["Content-Type"]) == (status, PROTOBUF)
        assert 1 <= int(answer["Retry-After"]) <= 4
        assert "in a moment" in Status.FromString(answer.content).message
        assert (in_json.status_code, in_json["Content-Type"]) == (status, "application/json")
        assert "in a moment" in in_json.json()["message"]


PROGRAM = """
import sys
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

exporter = OTLPMetricExporter(compression=Compression.Gzip)
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
provider = MeterProvider([reader], resource=Resource.create({"service.name": "web"}))
meter = provider.get_meter("shop")
orders, open_carts = meter.create_counter("orders"), meter.create_up_down_counter("carts.open")
seconds, heat = meter.create_histogram("checkout.seconds", "s"), meter.create_gauge("heat")
for number in range(3):
    orders.add(2, {"shop": "a"})
    orders.add(1, {"shop": "b"})
    open_carts.add(1)
    seconds.record(number)
    heat.set(20 + number)
    assert provider.force_flush()
provider.shutdown()
"""


@pytest.mark.django_db(transaction=True)
class TestARealSdk:
    @pytest.mark.parametrize("temporality", ["cumulative", "delta"])
    def test_posts_what_it_measured(self, shop, live_server, key, temporality):
        for name, shape, take in (
            ("orders", "sum", "increase"),
            ("carts.open", "level", "level"),
            ("checkout.seconds", "histogram", "mean"),
            ("heat", "gauge", "mean"),
        ):
            follow(shop, name, shape=shape, take=take, service="web")

        told = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={
                "OTEL_EXPORTER_OTLP_ENDPOINT": live_server.url,
                "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{key}",
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert (told.returncode, told.stderr) == (0, "")
        samples = MetricSample.objects.values_list("metric__key", "value")
        found: dict[str, float] = {}
        for metric, value in samples:
            found[metric] = found.get(metric, 0) + value
        assert found["orders"] == 9
        assert found["checkout_seconds"] == 1
        assert found["carts_open"] == 3
        assert 20 <= found["heat"] <= 22
        assert set(SeenInstrument.objects.values_list("name", flat=True)) == {
            "orders", "carts.open", "checkout.seconds", "heat",
        }  # fmt: skip


def test_the_address_is_the_one_that_exporters_append():
    assert reverse("otlp-metrics") == "/v1/metrics"
