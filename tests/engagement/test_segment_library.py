"""The real library of Segment, pointed at a real server; and what its other libraries send."""

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import segment.analytics as library
from django.test import Client
from segment.analytics.client import Client as Library
from segment.analytics.request import APIError

from accounts.known_keys import forget_known_keys
from accounts.models import Scope
from engagement.models import Event, EventReceipt, SameUser
from tests.factories import make_key

LONG_WAIT = 10


@pytest.fixture(autouse=True)
def no_key_is_known():
    forget_known_keys()


@pytest.fixture
def key(shop) -> str:
    return make_key(shop, Scope.EVENTS_WRITE)


@pytest.fixture
def wake(key, live_server):
    """Segment's own client, with nothing changed but its host."""
    failures = []
    client = Library(
        key, host=live_server.url, on_error=lambda error, _: failures.append(error), gzip=True
    )
    yield client
    client.shutdown()
    assert failures == []


@pytest.mark.django_db(transaction=True)
class TestThePythonLibrary:
    def test_brings_each_kind_of_call(self, wake, shop):
        wake.identify("u-97", {"email": "kim@x.test"}, anonymous_id="a-1")
        wake.track("u-97", "Checked Out", {"total": 31.5}, context={"app": {"version": "2.4.0"}})
        wake.page("u-97", "Docs", "Pricing", {"url": "https://shop.example/p?token=secret"})
        wake.screen(anonymous_id="a-2", name="Cart")
        wake.group("u-97", "g-1", {"name": "Initech"})
        wake.alias("a-3", "u-97")
        wake.flush()

        names = Event.objects.filter(project=shop).order_by("name").values_list("name", flat=True)
        assert list(names) == ["Checked Out", "Viewed Cart Screen", "Viewed Docs Pricing Page"]
        event = Event.objects.get(name="Checked Out")
        assert (event.version, event.properties) == ("2.4.0", {"total": 31.5})
        same = SameUser.objects.order_by("anonymous_id").values_list("anonymous_id", "user_id")
        assert list(same) == [("a-1", "u-97"), ("a-3", "u-97")]

    def test_brings_hundreds_at_once(self, wake):
        for number in range(350):
            wake.track(f"u-{number}", "Opened")
        wake.flush()
        assert Event.objects.values("user_id").distinct().count() == 350

    def test_brings_what_was_done_long_before(self, wake):
        done_at = datetime.now(UTC) - timedelta(days=20)
        wake.track("u-97", "Opened", timestamp=done_at)
        wake.flush()
        assert abs(Event.objects.get().occurred_at - done_at) < timedelta(seconds=LONG_WAIT)

    def test_may_send_a_message_again(self, wake):
        for _ in range(2):
            wake.track("u-97", "Opened", message_id="m-1")
            wake.flush()
        assert Event.objects.count() == EventReceipt.objects.count() == 1

    def test_is_told_that_a_key_is_wrong(self, live_server, db):
        client = Library("nonsense", host=live_server.url, sync_mode=True)
        with pytest.raises(APIError) as told:
            client.track("u-97", "Opened")
        assert told.value.status == 401
        assert told.value.code == "invalid_write_key"

    def test_works_as_its_documentation_shows_it(self, key, live_server, monkeypatch):
        monkeypatch.setattr(library, "write_key", key)
        monkeypatch.setattr(library, "host", live_server.url)
        monkeypatch.setattr(library, "default_client", None)
        library.track("u-97", "Opened")
        library.flush()
        assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestCurl:
    def test_sends_what_the_documentation_shows(self, key, live_server):
        run = subprocess.run(
            ["curl", "-s", f"{live_server.url}/v1/track", "-u", f"{key}:",
             "-H", "Content-Type: application/json",
             "-d", '{"userId": "u-97", "event": "Checked Out", '
                   '"context": {"app": {"version": "2.4.0"}}}'],
            capture_output=True, check=True, timeout=30,
        )  # fmt: skip
        assert json.loads(run.stdout) == {"success": True}
        assert Event.objects.get().version == "2.4.0"


# One call of each library, in the form in which it goes over the wire; ids shortened.
NEXT = """{"timestamp":"%(at)s","integrations":{},"userId":"u-97","anonymousId":"8d1f-40c9",
"event":"Checked Out","type":"track","properties":{"total":31.5},
"context":{"page":{"path":"/pricing","referrer":"","search":"?utm=1","title":"Pricing",
"url":"https://shop.example/pricing?utm=1"},"userAgent":"Mozilla/5.0 (X11)","locale":"de-DE",
"library":{"name":"analytics.js","version":"npm:next-1.70.0"},"timezone":"Europe/Berlin"},
"messageId":"ajs-next-1700000000000-8d1f","writeKey":"%(key)s","sentAt":"%(at)s",
"_metadata":{"bundled":["Segment.io"],"unbundled":[],"bundledIds":[]}}"""
NEXT_BATCH = """{"writeKey":"%(key)s","batch":[{"timestamp":"%(at)s","userId":"u-97",
"anonymousId":"8d1f-40c9","event":"Checked Out","type":"track","properties":{},"context":{},
"messageId":"ajs-next-2","writeKey":"%(key)s"}],"sentAt":"%(at)s"}"""
NODE = """{"batch":[{"timestamp":"%(at)s","userId":"u-97","event":"Checked Out","type":"track",
"properties":{},"context":{"library":{"name":"@segment/analytics-node","version":"2.2.0"}},
"integrations":{},"messageId":"node-next-1700-1","_metadata":{"nodeVersion":"20.11.0",
"jsRuntime":"node"}}],"writeKey":"%(key)s","sentAt":"%(at)s"}"""
KOTLIN = """{"batch":[{"event":"Checked Out","properties":{},"type":"track","messageId":"k-1",
"anonymousId":"5f0c","context":{"app":{"name":"Shop","version":"2.4.0","build":"117",
"namespace":"com.shop"},"device":{"id":"d-1","type":"android"},
"library":{"name":"analytics-kotlin","version":"1.16.0"},"traits":{"email":"kim@x.test"}},
"integrations":{},"userId":"","timestamp":"%(at)s","writeKey":"%(key)s",
"_metadata":{"bundled":[],"unbundled":[]}}],"sentAt":"%(at)s","writeKey":"%(key)s"}"""


@pytest.mark.django_db
class TestOtherLibraries:
    @pytest.mark.parametrize(
        ("path", "content_type", "body"),
        [
            ("/v1/t", "text/plain", NEXT),
            ("/v1/b", "text/plain", NEXT_BATCH),
            ("/v1/batch", "application/json", NODE),
            ("/v1/b", "application/json; charset=utf-8", KOTLIN),
        ],
        ids=["browser", "browser in batches", "node", "kotlin"],
    )
    def test_are_understood(self, key, path, content_type, body):
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        answer = Client().post(
            path, body % {"at": at, "key": key}, content_type=content_type,
            headers={"Origin": "https://shop.example"},
        )  # fmt: skip
        assert answer.json() == {"success": True}
        event = Event.objects.get()
        assert event.name == "Checked Out"
        kept = json.dumps([event.properties, event.user_id])
        assert [one for one in ("utm", "Mozilla", "kim@", "de-DE", "d-1") if one in kept] == []
