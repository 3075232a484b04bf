"""The real web server with more calls than it can take: it says so, and loses nothing."""

import json
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ops.conftest import PATIENCE, PROCFILE, free_port

pytestmark = pytest.mark.slow
CALLERS, CALLS = 40, 240
PREPARE = """
from tests.factories import make_key, make_project, make_user
from accounts.models import Scope
answer = make_key(make_project("Shop", owner=make_user("ada@example.com")), Scope.FEEDBACK_WRITE)
"""


@pytest.fixture
def served(build_house):
    """A house whose one thread takes 30 ms for a call, and a way to post to it."""
    house = build_house(PORT=str(free_port()), HOST="127.0.0.1")
    house.key = house.python(PREPARE)
    command = PROCFILE["web"].replace("config.wsgi", "tests.ops.slow_door:application")
    house.start(command.replace("--threads 8", "--threads 1"))
    ends = time.monotonic() + PATIENCE
    while post(house, "ready")[0] != 201:
        assert time.monotonic() < ends, house.log()
        time.sleep(0.1)
    return house


def post(house, said, path="/api/v1/feedback/"):
    """Return the status, the headers and the body of the answer; status 0: there was none."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.env['PORT']}{path}",
        data=json.dumps({"id": said, "text": f"It is slow {said}"}).encode(),
        headers={"Authorization": f"Bearer {house.key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or b"{}")
    except OSError:
        return 0, {}, {}


def overload(house):
    """Post far more than can be taken; return (what was said, status, headers) of each."""
    with ThreadPoolExecutor(CALLERS) as pool:
        said = [f"call-{n}" for n in range(CALLS)]
        return [(one, *rest[:2]) for one, rest in zip(said, pool.map(
            lambda one: post(house, one), said), strict=True)]  # fmt: skip


def come_again(house, said):
    """Post until it is taken, as programs do; on a busy machine a thread may be late once more."""
    for _ in range(5):
        status, headers, _ = post(house, said)
        if status != 429:
            break
        time.sleep(int(headers["Retry-After"]))
    return status


class TestOverload:
    def test_turns_calls_away_by_itself_and_loses_nothing_that_it_took(self, served):
        answers = overload(served)

        statuses = {status for _, status, _ in answers}
        assert statuses == {201, 429}, served.log()
        for _, status, headers in answers:
            if status == 429:
                assert 1 <= int(headers["Retry-After"]) <= 4
        taken = sum(status == 201 for _, status, _ in answers)
        stored = "SELECT count(*) FROM feedback_feedbackitem WHERE external_id LIKE 'call-%'"
        assert served.one(stored) == taken

    def test_takes_everything_again_once_the_load_is_gone(self, served):
        overload(served)

        assert [post(served, f"later-{n}")[0] for n in range(5)] == [201] * 5

    def test_what_was_turned_away_is_taken_when_it_comes_again(self, served):
        away = [said for said, status, _ in overload(served) if status == 429]

        assert away
        assert [come_again(served, said) for said in away[:20]] == [201] * len(away[:20])


FOLLOW = """
from tests.factories import make_key, make_project, make_user
from accounts.models import Project, Scope
from django.utils import timezone
from engagement.models import FollowedInstrument, Kind, Metric
shop = Project.objects.get()
metric = Metric.objects.create(project=shop, key="orders", name="Orders", kind=Kind.COUNT)
FollowedInstrument.objects.create(
    project=shop, metric=metric, name="orders", shape="sum", take="increase",
    created_at=timezone.now(),
)
answer = make_key(shop, Scope.METRICS_WRITE)
"""
EXPORTER = """
import sys
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

reader = PeriodicExportingMetricReader(
    OTLPMetricExporter(), export_interval_millis=3_600_000, export_timeout_millis=60_000
)
resource = Resource.create({"service.name": "web", "service.instance.id": sys.argv[1]})
provider = MeterProvider([reader], resource=resource)
orders = provider.get_meter("shop").create_counter("orders")
for _ in range(int(sys.argv[2])):
    orders.add(1)
    assert provider.force_flush(60_000)
provider.shutdown()
"""


def exporter(house, instance, flushes):
    """Start a program with OpenTelemetry's SDK, which counts one order before each flush."""
    key = house.python(FOLLOW) if not hasattr(house, "otlp") else house.otlp
    house.otlp = key
    told = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{house.env['PORT']}",
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{key}",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
    }
    command = [sys.executable, "-c", EXPORTER, instance, str(flushes)]
    return subprocess.Popen(command, env=told, stderr=subprocess.PIPE, text=True)


ORDERS = "SELECT coalesce(sum(value), 0) FROM engagement_metricsample"


class TestAnExporterOfOpenTelemetry:
    def test_comes_again_until_each_of_its_points_is_taken_once(self, served):
        programs = [exporter(served, f"web-{n}", 6) for n in range(3)]
        with ThreadPoolExecutor(CALLERS) as pool:
            ends = time.monotonic() + 12
            n = 0
            while time.monotonic() < ends:
                list(pool.map(lambda m: post(served, f"call-{n}-{m}"), range(2 * CALLERS)))  # noqa: B023
                n += 1
        told = [program.communicate(timeout=PATIENCE)[1] for program in programs]

        assert [program.returncode for program in programs] == [0, 0, 0], told
        assert "Too Many Requests" in "".join(told)
        assert served.one(ORDERS) == 18

    def test_comes_again_when_somebody_held_the_database_of_one_file(self, build_house):
        house = build_house(PORT=str(free_port()), HOST="127.0.0.1")
        if not house.database_url.startswith("sqlite"):
            pytest.skip("PostgreSQL has many writers")
        house.key = house.python(PREPARE)
        house.start(PROCFILE["web"])
        ends = time.monotonic() + PATIENCE
        while post(house, "ready")[0] != 201:
            assert time.monotonic() < ends, house.log()
            time.sleep(0.1)
        program = exporter(house, "web", 1)
        holder = sqlite3.connect(house.folder / "wake.sqlite3", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        line = program.stderr.readline()  # what it says of the first answer
        holder.execute("ROLLBACK")
        holder.close()
        rest = program.communicate(timeout=PATIENCE)[1]

        assert "Too Many Requests" in line, line + rest
        assert program.returncode == 0, rest
        assert house.one(ORDERS) == 1
