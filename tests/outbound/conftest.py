"""A real HTTP server that answers what a test tells it to, and remembers what it was sent."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from outbound.models import TOLD, Hook
from tests.factories import NOW


@dataclass
class Sent:
    """One call that reached the server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """The other side: give it `answers`, (status, headers, body) each; the last one stays."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def will_answer(self, *statuses: int, body: bytes = b"", **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers = [(status, names, body) for status in statuses]

    def next_answer(self) -> tuple[int, dict[str, str], bytes]:
        if not self.answers:
            return 200, {}, b'{"ok": true}'
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            known.sent.append(Sent(self.command, self.path, headers, body))
            status, more, text = known.next_answer()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PATCH = answer  # noqa: N815  the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hook(shop, receiver) -> Hook:
    return make_hook(shop, f"{receiver.url}/wake")


def make_hook(project, url: str, **facts: Any) -> Hook:
    facts.setdefault("events", [event.value for event in TOLD])
    facts.setdefault("news_since", NOW)
    return Hook.objects.create(project=project, url=url, created_at=NOW, **facts)
