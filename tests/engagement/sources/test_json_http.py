"""JSON over HTTP, asked as it is: a real server that says what it was asked."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.errors import BadInput
from common.places import ConnectionFault
from common.windows import Window
from engagement.gather import gather_part
from engagement.models import Kind
from engagement.sources.base import Access, Found, Wanted
from engagement.sources.json_http import asks, check, gather
from learning.source_tasks import versions_for
from tests.engagement.gauges import make_feed, make_source
from tests.factories import NOW, make_deployment

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROWS = {"query": "/series", "rows": "data", "time": "at", "value": "n"}
Reply = Callable[["Asked"], Any]


class Asked:
    """One call as the server saw it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.method, self.headers = handler.command, handler.headers
        parts = urlsplit(handler.path)
        self.raw, self.path = handler.path, parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        size = int(handler.headers.get("Content-Length") or 0)
        self.body = json.loads(handler.rfile.read(size)) if size else None


class Api:
    """A running server; `reply` makes the answer, and `asked` has the calls."""

    def __init__(self) -> None:
        self.reply: Reply = lambda _asked: {"data": []}
        self.status, self.asked = 200, list[Asked]()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.asked.append(Asked(self))
                said = api.reply(api.asked[-1])
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(api.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815, so the server calls it

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Api]:
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


def access(site: Api, secrets: dict[str, str] | None = None, **options: Any) -> Access:
    return Access({"url": site.url, **options}, secrets or {}, NOW, private_hosts=("*",))


def ask(site: Api, *, hours: int = 3, step=HOUR, words=None, way=None, **options: Any) -> Found:
    chosen = {**ROWS, **options}
    window = Window(NOW - hours * HOUR, NOW)
    words = words or {"environment": "production", "service": "", "version": "2.0"}
    return gather(
        Wanted(way or access(site), chosen["query"], window, step, words, chosen)
    )  # fmt: skip


def at(hours: int) -> datetime:
    return NOW - hours * HOUR


class TestTheCall:
    def test_has_the_stretch_and_the_words_in_its_path(self, site):
        ask(
            site,
            query="/{{ environment }}/x?from={{ start }}&to={{ end }}&by={{ step }}&v={{version}}",
        )

        asked = site.asked[0]
        assert (asked.method, asked.path) == ("GET", "/api/production/x")
        assert asked.query == {
            "from": "2026-03-18T09:00:00Z", "to": "2026-03-18T12:00:00Z", "by": "3600", "v": "2.0",
        }  # fmt: skip

    def test_keeps_what_a_version_is_called_inside_its_place(self, site):
        ask(site, query="/x?v={{ version }}&n=1", words={"version": "1&n=2#/../é"})

        assert site.asked[0].query == {"v": "1&n=2#/../é", "n": "1"}

    @pytest.mark.parametrize(
        ("how", "start"),
        [
            ("iso", "2026-03-18T09:00:00Z"),
            ("s", str(int(at(3).timestamp()))),
            ("ms", str(int(at(3).timestamp()) * 1000)),
            ("date", "2026-03-18"),
        ],
    )
    def test_writes_times_as_the_api_wants_them(self, site, how, start):
        ask(site, query="/x?from={{ start }}", time_format=how)

        assert site.asked[0].query["from"] == start

    def test_sends_a_body_of_json_in_which_words_stay_texts_and_numbers(self, site):
        body = '{"from": "{{ start }}", "q": "v = \\"{{ version }}\\"", "deep": [{"n": 1}]}'

        ask(site, body=body, time_format="s", words={"version": '1", "n": 2'})

        assert site.asked[0].method == "POST"
        assert site.asked[0].body == {
            "from": int(at(3).timestamp()),
            "q": 'v = "1", "n": 2"',
            "deep": [{"n": 1}],
        }

    def test_shows_a_token_a_password_or_a_header_of_its_own(self, site):
        ask(site, way=access(site, {"token": "t0ken\n"}))
        ask(site, way=access(site, {"password": "geheim"}, user="wake"))
        ask(site, way=access(site, {"header_value": "k3y"}, header="X-Api-Key"))

        basic = "Basic " + base64.b64encode(b"wake:geheim").decode()
        assert [one.headers["Authorization"] for one in site.asked] == ["Bearer t0ken", basic, None]
        assert site.asked[2].headers["X-Api-Key"] == "k3y"

    def test_goes_to_no_private_host_that_is_not_allowed(self, site):
        with pytest.raises(ConnectionFault, match="ALLOW_PRIVATE_HOSTS"):
            ask(site, way=Access({"url": site.url}, {}, NOW))

        assert site.asked == []


class TestTheAnswer:
    def test_is_read_row_by_row(self, site):
        site.reply = lambda _: {"data": [{"at": at(n).isoformat(), "n": n} for n in (3, 2, 1)]}

        assert ask(site).values == {at(3): 3, at(2): 2, at(1): 1}

    @pytest.mark.parametrize("unit", [1, 1000])
    def test_may_have_epochs_and_rows_that_are_lists(self, site, unit):
        site.reply = lambda _: [[int(at(2).timestamp()) * unit, "7.5"]]

        assert ask(site, rows="@", time="[0]", value="[1]").values == {at(2): 7.5}

    def test_may_have_times_and_values_in_two_lists(self, site):
        site.reply = lambda _: {"t": [at(2).isoformat(), at(1).isoformat()], "v": [None, 5]}

        assert ask(site, rows="", time="t", value="v").values == {at(1): 5}

    def test_is_refused_if_the_two_lists_do_not_match(self, site):
        site.reply = lambda _: {"t": [at(2).isoformat()], "v": [4, 5]}

        with pytest.raises(ConnectionFault, match=r"not equally long \(1, 2\)"):
            ask(site, rows="", time="t", value="v")

    def test_has_times_without_an_offset_in_the_zone_that_was_chosen(self, site):
        site.reply = lambda _: {"data": [{"at": "2026-03-18 12:30:00", "n": 4}]}

        assert ask(site, zone="Europe/Berlin").values == {at(1): 4}

    def test_has_a_daily_value_in_the_bucket_of_that_day_whatever_the_zone(self, site):
        site.reply = lambda _: {"data": [{"at": "2026-03-17", "n": 4}]}

        found = ask(site, hours=60, step=DAY, zone="Europe/Berlin")

        assert found.values == {datetime(2026, 3, 17, tzinfo=UTC): 4}

    def test_leaves_gaps_and_says_what_is_no_number(self, site):
        rows = [
            {"at": at(3).isoformat(), "n": None},
            {"at": at(2).isoformat(), "n": "NaN"},
            {"at": at(1).isoformat(), "n": 1},
        ]
        site.reply = lambda _: {"data": rows}

        found = ask(site)

        assert found.values == {at(1): 1}
        assert found.notes == ("1 value left out: no finite number.",)

    def test_says_where_it_looked_for_values_if_no_row_has_one(self, site):
        site.reply = lambda _: {"data": [{"at": at(1).isoformat(), "amount": 4}]}

        found = ask(site)

        assert found.values == {}
        assert found.notes == ("The answer has rows (1), and none of them a value at “n”.",)

    def test_gives_shares_with_their_denominators(self, site):
        site.reply = lambda _: {"data": [{"at": at(1).isoformat(), "n": 3, "of": 12}]}

        found = ask(site, denominator_path="of")

        assert (found.values, found.of) == ({at(1): 3}, {at(1): 12})

    def test_ignores_what_lies_outside_the_stretch(self, site):
        site.reply = lambda _: {"data": [{"at": at(9).isoformat(), "n": 3}]}

        assert ask(site).values == {}

    @pytest.mark.parametrize(("how", "value"), [("sum", 6), ("mean", 3), ("last", 4)])
    def test_makes_one_value_of_several_in_a_bucket_as_was_chosen(self, site, how, value):
        later = (at(1) + timedelta(minutes=30)).isoformat()
        site.reply = lambda _: {
            "data": [{"at": later, "n": 4}, {"at": at(1).isoformat(), "n": 2}]
        }  # fmt: skip

        assert ask(site, combine=how).values == {at(1): value}

    def test_is_refused_if_a_bucket_has_several_and_nothing_was_chosen(self, site):
        site.reply = lambda _: {"data": [{"at": at(1).isoformat(), "n": n} for n in (1, 2)]}

        with pytest.raises(ConnectionFault, match="2 values for the bucket from 2026-03-18 11:00"):
            ask(site)

    def test_says_what_it_has_where_the_rows_are_not(self, site):
        site.reply = lambda _: {"points": [], "meta": {}}

        with pytest.raises(ConnectionFault, match="The answer has the fields points, meta"):
            ask(site)

    @pytest.mark.parametrize(
        ("status", "body", "told"),
        [
            (401, {"message": "bad key"}, r"401 \(bad key\).*token"),
            (404, {}, "Check the address and the path"),
            (500, {}, "problem of its own"),
            (200, b"<html>", "did not answer in JSON"),
        ],
    )
    def test_is_refused_in_plain_words(self, site, status, body, told):
        site.status, site.reply = status, lambda _: body

        with pytest.raises(ConnectionFault, match=told):
            ask(site)


class TestWhatIsFilledIn:
    @pytest.mark.parametrize(
        ("field", "options"),
        [
            ("query", {"query": ".evil.example/"}),
            ("query", {"query": "/{{ colour }}"}),
            ("body", {"body": '{"from": {{ start }}}'}),
            ("rows", {"rows": "data[["}),
            ("zone", {"zone": "Berlin"}),
        ],
    )
    def test_is_refused_where_it_cannot_be_asked(self, field, options):
        with pytest.raises(BadInput) as refused:
            asks({**ROWS, **options})

        assert refused.value.field == field

    def test_names_the_version_or_not(self):
        assert asks(ROWS) == set()
        assert "version" in asks({**ROWS, "body": '{"v": "{{ version }}"}'})


class TestTrying:
    def test_says_that_somebody_answers(self, site):
        site.status = 404

        assert "It answers with 404." in check(access(site))

    @pytest.mark.parametrize("status", [401, 403, 503])
    def test_says_that_one_does_not_get_in(self, site, status):
        site.status = status

        with pytest.raises(ConnectionFault, match=str(status)):
            check(access(site))

    def test_refuses_a_header_that_belongs_to_the_connection(self, site):
        with pytest.raises(ConnectionFault, match="no header that can be sent"):
            check(access(site, {"header_value": "x"}, header="Host"))


@pytest.mark.django_db
class TestGathering:
    @pytest.fixture
    def source(self, shop, site, settings):
        settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
        return make_source(shop, "json", options={"url": site.url}, secrets={})

    def fill(self, feed) -> None:
        now = NOW + timedelta(minutes=5)
        assert feed.claim(now)
        feed.refresh_from_db()
        while gather_part(feed, now=now, versions=versions_for):
            pass
        feed.refresh_from_db()

    def test_fills_the_history_of_a_new_metric_in_parts(self, site, source):
        def reply(asked: Asked) -> Any:
            start, end = int(asked.query["from"]), int(asked.query["to"])
            return {"data": [{"at": t, "n": t / 3600} for t in range(start, end, 3600)]}

        site.reply = reply
        path = "/x?from={{ start }}&to={{ end }}"
        feed = make_feed(
            source, days_back=60, options={**ROWS, "query": path, "time_format": "s"}
        )  # fmt: skip

        self.fill(feed)

        assert len(site.asked) == 2
        assert feed.metric.samples.count() == 60 * 24
        assert feed.problem == ""

    def test_asks_once_for_each_version_that_was_live(self, shop, site, source):
        make_deployment(shop, "1.0", shipped_at=NOW - 10 * DAY)
        make_deployment(shop, "2.0", shipped_at=NOW - 3 * DAY)
        feed = make_feed(source, options={**ROWS, "query": "/x?v={{ version }}&f={{ start }}"})

        self.fill(feed)

        assert [one.query["v"] for one in site.asked] == ["1.0", "2.0"]

    def test_stores_shares_with_their_denominators(self, site, source):
        site.reply = lambda _: {"data": [{"at": at(1).isoformat(), "n": 3, "of": 12}]}
        feed = make_feed(source, options={**ROWS, "denominator_path": "of"})
        feed.metric.kind = Kind.RATIO
        feed.metric.save()

        self.fill(feed)

        sample = feed.metric.samples.get()
        assert (sample.value, sample.exposure) == (0.25, 12)

    def test_says_that_a_share_needs_a_metric_of_that_kind(self, site, source):
        site.reply = lambda _: {"data": [{"at": at(1).isoformat(), "n": 3, "of": 12}]}
        feed = make_feed(source, options={**ROWS, "denominator_path": "of"})

        self.fill(feed)

        assert "Choose the kind Ratio" in feed.problem
