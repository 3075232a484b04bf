"""A vendor on this machine: a real HTTP server that answers what a function tells it to."""

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from feedback.connectors.base import Answer, Asked, Heard

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
LOCAL = ("127.0.0.1",)


@dataclass
class Call:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Vendor:
    url: str
    answer: object = None  # Call -> data, or (status, headers, data)
    calls: list = field(default_factory=list)


@contextmanager
def vendor(answer):
    """Start a vendor; `answer` is given each Call, and returns data or (status, headers, data)."""
    place = Vendor("", answer)

    class Handler(BaseHTTPRequestHandler):
        def _serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {k.lower(): v for k, v in self.headers.items()}
            call = Call(self.command, parts.path, query, headers, self.rfile.read(length))
            place.calls.append(call)
            told = place.answer(call)
            status, headers, data = told if isinstance(told, tuple) else (200, {}, told)
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the other side may have heard enough
                self.wfile.write(body)

        def do_GET(self):
            self._serve()

        def do_POST(self):
            self._serve()

        def do_PUT(self):
            self._serve()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    place.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def asked(options=None, secrets=None, cursor=None, *, now=NOW, since=SINCE):
    return Asked(options or {}, secrets or {}, cursor or {}, since, now, LOCAL)


def heard(event, body, options=None, headers=None):
    return Heard(event, body, headers or {}, NOW, options or {})


def answering(text, answer_to, options, secrets=None):
    return Answer(text, answer_to, options, secrets or {}, "message-1", LOCAL)


def gathered(connector, options, secrets=None, cursor=None, *, now=NOW, since=SINCE, most=50):
    """Gather page after page, as the machinery does; returns all rows and the last cursor."""
    rows, cursor = [], dict(cursor or {})
    for _ in range(most):
        page = connector.gather(asked(options, secrets, cursor, now=now, since=since))
        rows += page.rows
        is_stuck = page.cursor == cursor
        cursor = json.loads(json.dumps(page.cursor))  # as the database keeps it
        if not page.has_more or page.wait or is_stuck:
            return rows, cursor
    raise AssertionError("gathering has no end")
