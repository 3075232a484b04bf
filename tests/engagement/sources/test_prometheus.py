"""Prometheus, asked as it is: a real server with a history of its own."""

import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from common.places import ConnectionFault
from common.windows import Window
from engagement.gather import gather_part
from engagement.models import Metric
from engagement.sources.base import Access, Found, Wanted
from engagement.sources.prometheus import check, gather
from learning.source_tasks import versions_for
from tests.engagement.gauges import make_feed, make_source
from tests.engagement.prometheus import Prometheus, needs_prometheus
from tests.factories import NOW, make_deployment

pytestmark = needs_prometheus
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGUN = NOW - 61 * DAY
PASSWORD = "cellar 2026"
HASHED = "$2b$04$abcdefghijklmnopqrstuuGK0ySCeeclzJhNPIj.Buexr9pQUXIq2"
WEB = """
tls_server_config: {{cert_file: {folder}/server.crt, key_file: {folder}/server.secret}}
basic_auth_users: {{wake: {hashed}}}
"""


def history() -> str:
    """Return two months: orders by version, 10 and 30 in five minutes; users by the hour."""
    lines = ["# TYPE orders counter"]
    for version, each in (("1.0", 10), ("2.0", 30)):
        lines += [
            f'orders_total{{env="production",version="{version}"}} '
            f"{number * each} {int((BEGUN + number * 5 * MINUTE).timestamp())}"
            for number in range(61 * 288 + 1)
        ]
    lines.append("# TYPE users gauge")
    for name in ("a", "b"):
        for number in range(49):
            value = "NaN" if (name, number) == ("a", 45) else number
            at = int((NOW - 2 * DAY + number * HOUR).timestamp())
            lines.append(f'users{{shop="{name}"}} {value} {at}')
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), metrics=history())
    yield server
    server.stop()


def access(url: str, *, secrets: dict[str, str] | None = None, **options: Any) -> Access:
    return Access({"url": url, **options}, secrets or {}, NOW, private_hosts=("*",))


def ask(server: Prometheus, query: str, *, hours: int = 4, **options: Any) -> Found:
    window, words = Window(NOW - hours * HOUR, NOW), {"environment": "production"}
    return gather(Wanted(access(server.url), query, window, HOUR, words, options))


class TestAQuery:
    def test_gives_each_bucket_what_happened_in_it(self, prometheus):
        found = ask(
            prometheus,
            'sum(increase(orders_total{env="{{ environment }}", version="1.0"}[{{ step }}]))',
        )

        assert found.values == {NOW - hours * HOUR: pytest.approx(120) for hours in (4, 3, 2, 1)}

    def test_leaves_out_what_is_no_number_and_says_so(self, prometheus):
        found = ask(prometheus, 'users{shop="a"}')

        assert sorted(found.values) == [NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR]
        assert found.notes == ("1 value left out: NaN or infinite.",)

    def test_that_divides_by_nothing_gives_no_value(self, prometheus):
        assert ask(prometheus, "vector(1) / 0").values == {}

    def test_leaves_a_gap_where_nothing_was_measured(self, prometheus):
        found = ask(prometheus, 'users{shop="b"}', hours=72)

        assert min(found.values) == NOW - 49 * HOUR

    def test_of_what_is_not_there_gives_nothing(self, prometheus):
        assert ask(prometheus, "no_such_metric") == Found()

    def test_that_gives_several_series_is_refused_and_names_them(self, prometheus):
        with pytest.raises(ConnectionFault, match=r'2 series instead of one: .*shop="a".*sum'):
            ask(prometheus, "users")

    def test_adds_several_series_up_if_that_was_chosen(self, prometheus):
        found = ask(prometheus, "users", combine="sum")

        assert found.values[NOW - HOUR] == 96
        assert NOW - 4 * HOUR not in found.values  # of a sum, one part was no number

    @pytest.mark.parametrize(
        ("query", "why"),
        [
            ("sum(", "parse error"),
            ("users[5m]", "must be Scalar or instant Vector"),
            ('label_replace(users, "a", "b", "c", "[")', "invalid regular expression"),
        ],
    )
    def test_that_is_wrong_is_answered_in_the_words_of_prometheus(self, prometheus, query, why):
        with pytest.raises(ConnectionFault, match=why):
            ask(prometheus, query)


class TestGettingIn:
    def test_says_which_version_answers(self, prometheus):
        assert "It answers queries as version " in check(access(prometheus.url))

    def test_needs_the_right_address(self, prometheus):
        with pytest.raises(ConnectionFault, match="without /api/v1"):
            check(access(prometheus.url + "/api/v1"))

    def test_calls_no_private_host_that_is_not_allowed(self, prometheus):
        with pytest.raises(ConnectionFault, match="ALLOW_PRIVATE_HOSTS"):
            check(Access({"url": prometheus.url}, {}, NOW))

    def test_says_that_nobody_answers(self):
        with pytest.raises(ConnectionFault, match="was not reached"):
            check(access("http://127.0.0.1:9"))

    def test_sends_a_token_to_what_stands_before_it(self, prometheus):
        with guarded(prometheus, "Bearer t0ken") as url:
            assert "It answers" in check(access(url, secrets={"token": " t0ken\n"}))
            with pytest.raises(ConnectionFault, match="401"):
                check(access(url, secrets={"token": "other"}))


class guarded:  # noqa: N801, it is used as a word
    """A proxy before a Prometheus that lets in only those with the right header."""

    def __init__(self, behind: Prometheus, header: str) -> None:
        class Guard(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers["Authorization"] != header:
                    self.send_error(401)
                    return
                with urllib.request.urlopen(behind.url + self.path) as answer:
                    body = answer.read()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Guard)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Prometheus]:
    """Yield a server with a certificate of its own and a password."""
    folder = tmp_path_factory.mktemp("guarded")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "server.secret", "-out", folder / "server.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    web = WEB.format(folder=folder, hashed=HASHED)
    server = Prometheus(folder, web=web, scheme="https")
    yield server
    server.stop()


class TestAServerWithACertificateOfItsOwnAndAPassword:
    def test_answers_who_knows_both(self, server):
        ca = (server.folder / "server.crt").read_text()

        said = check(access(server.url, ca=ca, user="wake", secrets={"password": PASSWORD}))

        assert "It answers" in said

    def test_refuses_a_wrong_password(self, server):
        ca = (server.folder / "server.crt").read_text()

        with pytest.raises(ConnectionFault, match=r"401.*password"):
            check(access(server.url, ca=ca, user="wake", secrets={"password": "wrong"}))

    def test_is_not_believed_without_its_certificate(self, server):
        with pytest.raises(ConnectionFault, match="CERTIFICATE_VERIFY_FAILED"):
            check(access(server.url, user="wake", secrets={"password": PASSWORD}))

    def test_says_that_a_certificate_cannot_be_read(self, server):
        with pytest.raises(ConnectionFault, match="cannot be read"):
            check(access(server.url, ca="-----BEGIN NONSENSE-----"))


@pytest.mark.django_db
class TestGathering:
    @pytest.fixture
    def source(self, shop, prometheus, settings):
        settings.ALLOW_PRIVATE_HOSTS = ["localhost"]
        return make_source(shop, "prometheus", options={"url": prometheus.url}, secrets={})

    def fill(self, feed, now=NOW + 2 * MINUTE) -> int:
        """Gather all there is, and return in how many parts."""
        assert feed.claim(now)
        feed.refresh_from_db()
        parts = 1
        while gather_part(feed, now=now, versions=versions_for):
            parts += 1
        feed.refresh_from_db()
        assert feed.problem == ""
        return parts

    def test_fills_more_points_than_prometheus_gives_at_a_time(self, source):
        feed = make_feed(
            source,
            resolution=5 * MINUTE,
            days_back=60,
            options={"query": 'rate(orders_total{version="1.0"}[10m]) * 300'},
        )

        assert self.fill(feed) == 2

        samples = feed.metric.samples
        assert samples.count() == 60 * 288
        assert samples.earliest("taken_at").value == pytest.approx(10)

    def test_follows_the_versions_that_were_live(self, shop, source):
        make_deployment(shop, "1.0", shipped_at=NOW - 10 * DAY)
        make_deployment(shop, "2.0", shipped_at=NOW - 3 * DAY - 30 * MINUTE)
        query = 'sum(increase(orders_total{version="{{ version }}"}[{{ step }}]))'
        feed = make_feed(source, days_back=7, options={"query": query})

        self.fill(feed)

        values = dict(feed.metric.samples.values_list("taken_at", "value"))
        assert values[NOW - 3 * DAY - HOUR] == pytest.approx(120)
        assert values[NOW - 3 * DAY] == pytest.approx(360)

    def test_makes_a_share_of_two_queries(self, source):
        one = 'sum(increase(orders_total{version="1.0"}[{{ step }}]))'
        feed = make_feed(
            source,
            days_back=7,
            options={"query": one, "denominator": "sum(increase(orders_total[{{ step }}]))"},
        )

        self.fill(feed)

        sample = feed.metric.samples.latest("taken_at")
        assert (sample.value, sample.exposure) == (pytest.approx(0.25), pytest.approx(480))

    def test_changes_nothing_when_it_is_asked_again(self, source):
        feed = make_feed(source, days_back=7, options={"query": 'users{shop="b"}'})
        self.fill(feed)
        came = feed.received_count

        self.fill(feed, now=NOW + 65 * MINUTE)

        assert feed.received_count == came
        assert Metric.objects.get().samples.count() == 49
