"""Which calls are turned away when more come than can be taken, and how."""

import json

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from common.overload import BURST, FREE, INTERVAL, STANDING, Gate, Shedding, note_wait

DOORS = ["/api/v1/feedback/", "/v1/track", "/v1/batch", "/w/key/", "/api/v1/metrics/samples/"]
ONCE = ["/hooks/github/key/", "/hooks/feedback/key/", "/api/v1/deployments/"]


def standing_queue(gate):
    """Let the gate see that nobody has found a free thread for a while; return the time."""
    gate.longest_wait("/", waited=0.0, now=100.0)
    for tenth in range(20):
        gate.longest_wait("/v1/track", waited=0.04, now=100 + tenth / 10)
    return 102.0


class TestGate:
    @pytest.mark.parametrize("path", DOORS)
    def test_a_burst_may_wait_longer_than_a_standing_queue(self, path):
        fresh, full = Gate(), Gate()
        now = standing_queue(full)

        assert fresh.longest_wait(path, waited=0.1, now=now) == BURST
        assert full.longest_wait(path, waited=0.1, now=now) == STANDING

    def test_one_free_thread_ends_the_standing_queue(self):
        gate = Gate()
        now = standing_queue(gate)
        gate.longest_wait("/healthz", waited=FREE / 2, now=now)

        assert gate.longest_wait("/v1/track", waited=0.1, now=now + 0.1) == BURST

    def test_a_queue_stands_only_after_the_interval(self):
        gate = Gate()
        gate.longest_wait("/", waited=0.0, now=100.0)

        assert gate.longest_wait("/v1/track", waited=0.1, now=100 + INTERVAL) == BURST

    @pytest.mark.parametrize("path", ONCE)
    def test_what_is_told_once_waits_longest(self, path):
        gate = Gate()
        now = standing_queue(gate)

        waits = [gate.longest_wait(p, waited=1.0, now=now) for p in (path, "/p/shop/", "/v1/track")]
        assert waits == sorted(waits, reverse=True)
        assert len(set(waits)) == 3


def call(path, waited, content_type=""):
    """Call an application that answers "done"; return the status, headers and body."""
    told = []

    def application(environ, start_response):
        start_response("200 OK", [])
        return [b"done"]

    note_wait(waited)
    environ = {"PATH_INFO": path, "CONTENT_TYPE": content_type}
    body = Shedding(application)(environ, lambda *said: told.append(said))
    note_wait(0.0)
    return told[0][0], dict(told[0][1]), b"".join(body)


class TestShedding:
    def test_a_call_that_did_not_wait_is_answered(self):
        assert call("/v1/track", 0.0)[2] == b"done"

    @pytest.mark.parametrize("path", DOORS)
    def test_a_door_says_429_and_when_to_come_again(self, path):
        status, headers, body = call(path, 1.0)

        assert status.startswith("429")
        assert 1 <= int(headers["Retry-After"]) <= 4
        assert b"in a moment" in body

    def test_pages_of_other_sites_may_read_when_to_come_again(self):
        headers = call("/w/key/", 1.0)[1]

        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Expose-Headers"] == "Retry-After"

    def test_an_exporter_is_told_in_the_words_of_its_protocol(self):
        status, headers, body = call("/v1/metrics", 1.0, "application/x-protobuf")
        in_json = call("/v1/metrics", 1.0, "application/json; charset=utf-8")

        assert status.startswith("429")
        assert headers["Content-Type"] == "application/x-protobuf"
        assert "in a moment" in Status.FromString(body).message
        assert in_json[1]["Content-Type"] == "application/json"
        assert "in a moment" in json.loads(in_json[2])["message"]

    @pytest.mark.parametrize("path", [*ONCE, "/p/shop/"])
    def test_others_are_still_answered_then(self, path):
        assert call(path, 1.0)[2] == b"done"

    def test_a_page_says_503_only_in_extremis(self):
        status, headers, body = call("/p/shop/", 6.0)

        assert status.startswith("503")
        assert headers["Content-Type"].startswith("text/html")
        assert b"<h1>One moment</h1>" in body

    def test_a_webhook_is_turned_away_last(self):
        assert call("/hooks/github/key/", 6.0)[2] == b"done"
        assert call("/hooks/github/key/", 9.0)[0].startswith("429")
