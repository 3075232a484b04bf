"""The pages on events: what came, how to send, what was refused, the latest as they came."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.known_keys import forget_known_keys
from accounts.models import ApiKey, Scope
from dashboard.event_snippets import event_snippets
from dashboard.reads.events import MOST_NAMES, events_seen
from engagement.counting import count_now
from engagement.event_intake import keep_refused, record_events
from engagement.models import Event, EventCount, RefusedEvent
from engagement.segment import Spelling
from tests.factories import make_key, make_project

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def no_key_is_known():
    forget_known_keys()


def did(project, user="kim", event="Opened", *, at=NOW, version="", **facts):
    message = {
        "type": "track", "event": event, "userId": user, "timestamp": at.isoformat(),
        "context": {"app": {"version": version}}, **facts,
    }  # fmt: skip
    assert not record_events(project.pk, [message], spelling=Spelling({}, {}), now=NOW).errors


def page(client, door="settings_events", **query):
    answer = client.get(reverse(door, kwargs={"slug": "shop"}), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
class TestTheEventsPage:
    def test_waits_for_the_first_event(self, shop, as_ada):
        html = page(as_ada)
        assert "Waiting for the first event" in html
        assert "every 4s" in html

    def test_says_by_itself_that_one_arrived(self, shop, as_ada):
        did(shop)
        html = page(as_ada, "settings_events_arrival")
        assert "Events arrive" in html
        assert "every 4s" not in html

    def test_lists_what_was_counted(self, shop, as_ada):
        for user in ("kim", "sam"):
            did(shop, user, "Checked <b>Out</b>", version="2.4.0")
        count_now(shop, now=NOW)
        html = page(as_ada)
        assert "Checked &lt;b&gt;Out&lt;/b&gt;" in html
        assert "2.4.0" in html

    def test_shows_nothing_of_another_project(self, shop, as_ada):
        did(make_project("Elsewhere"), event="Secret")
        count_now(shop, now=NOW)
        assert "Secret" not in page(as_ada)

    def test_shows_what_was_refused_and_why(self, shop, as_ada):
        keep_refused(shop.pk, "track", [('{"a": "<script>"}', "event: is missing.")], now=NOW)
        html = page(as_ada)
        assert "event: is missing." in html
        assert "<script>&quot;" not in html
        assert "&lt;script&gt;" in html

    def test_hides_bodies_from_who_may_only_look(self, shop, as_vic):
        keep_refused(shop.pk, "track", [('{"a": "b-o-d-y"}', "event: is missing.")], now=NOW)
        assert "b-o-d-y" not in page(as_vic)

    def test_takes_as_many_queries_for_many_names_as_for_one(
        self, shop, as_ada, django_assert_max_num_queries
    ):
        for number in range(40):
            did(shop, event=f"Event {number}", version=str(number % 5))
        count_now(shop, now=NOW)
        with django_assert_max_num_queries(18):
            page(as_ada)

    def test_names_the_most_frequent(self, shop):
        day = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
        EventCount.objects.bulk_create(
            EventCount(project=shop, span="day", starts_at=day, name=f"n{n:03}", events=n, users=1)
            for n in range(1, MOST_NAMES + 3)
        )
        seen = events_seen(shop, now=NOW)
        assert (seen.named[0].name, len(seen.named), seen.has_more) == ("n102", MOST_NAMES, True)

    def test_sums_the_days_of_four_weeks(self, shop):
        for days in (0, 0, 1, 27, 40):
            did(shop, at=NOW - timedelta(days=days), messageId=f"{days}-{Event.objects.count()}")
        count_now(shop, now=NOW)
        (one,) = events_seen(shop, now=NOW).named
        assert (one.events, one.days[-1], one.days[-2], one.days[0]) == (4, 2, 1, 1)


@pytest.mark.django_db
class TestWhatWasRefused:
    def test_is_read_again(self, shop, as_ben, settings):
        settings.EVENT_RETENTION_DAYS = 10
        old = {"type": "track", "userId": "kim", "event": "Opened",
               "timestamp": (NOW - timedelta(days=20)).isoformat()}  # fmt: skip
        keep_refused(shop.pk, "batch", [(json.dumps(old), "too old"), ("{", "broken")], now=NOW)
        settings.EVENT_RETENTION_DAYS = 90
        as_ben.post(reverse("settings_events_again", kwargs={"slug": "shop"}))
        assert Event.objects.get().name == "Opened"
        assert RefusedEvent.objects.get().reason == "broken"

    def test_may_be_let_go(self, shop, as_ben):
        keep_refused(shop.pk, "batch", [("{", "broken")], now=NOW)
        as_ben.post(reverse("settings_events_let_go", kwargs={"slug": "shop"}))
        assert not RefusedEvent.objects.exists()

    def test_of_another_project_is_left_alone(self, as_ben):
        other = make_project("Elsewhere")
        keep_refused(other.pk, "batch", [("{", "broken")], now=NOW)
        as_ben.post(reverse("settings_events_let_go", kwargs={"slug": "shop"}))
        assert RefusedEvent.objects.filter(project=other).exists()


@pytest.mark.django_db
class TestTheLatest:
    def test_are_shown_as_they_are_kept(self, shop, as_ben):
        did(shop, properties={"items": 3, "note": "<i>hi</i>"}, version="2.4.0")
        html = page(as_ben, "settings_events_latest")
        assert re.search(r"items</span> 3", html)
        assert "&lt;i&gt;hi&lt;/i&gt;" in html

    def test_can_be_of_one_name(self, shop, as_ben):
        did(shop, event="Opened")
        did(shop, event="Saved & closed")
        html = page(as_ben, "settings_events_latest", name="Saved & closed")
        assert "Opened" not in html
        assert "Saved &amp; closed" in html

    def test_come_by_pages(self, shop, as_ben):
        for number in range(60):
            did(shop, messageId=str(number), at=NOW - timedelta(minutes=number))
        html = page(as_ben, "settings_events_latest")
        assert 'rel="next"' in html
        assert html.count("<tr>") == 51

    def test_are_not_for_who_may_only_look(self, as_vic):
        answer = as_vic.get(reverse("settings_events_latest", kwargs={"slug": "shop"}))
        assert answer.status_code == 403


@pytest.mark.django_db
class TestAWriteKey:
    def test_is_made_and_shown_once_in_each_snippet(self, as_ada, shop):
        html = as_ada.post(reverse("settings_events_key", kwargs={"slug": "shop"})).content.decode()
        row = ApiKey.objects.get(project=shop)
        assert row.scopes == [Scope.EVENTS_WRITE]
        key = re.search(rf"{row.prefix}\.\w+", html)[0]
        assert html.count(key) == 7  # alone, and six times in five snippets
        body = json.dumps({"writeKey": key, "userId": "kim", "event": "Opened"})
        assert Client().post("/v1/t", body, content_type="text/plain").status_code == 200

    def test_cannot_be_made_with_other_scopes(self, as_ada, shop):
        as_ada.post(
            reverse("settings_keys", kwargs={"slug": "shop"}),
            {"name": "Both", "scopes": ["events:write", "read"]},
        )
        assert not ApiKey.objects.filter(project=shop).exists()


@pytest.mark.django_db(transaction=True)
class TestTheSnippets:
    """Each is run as it stands on the page, against a real server."""

    @pytest.fixture
    def snippets(self, shop, live_server):
        key = make_key(shop, Scope.EVENTS_WRITE)
        return {one.name: one.text for one in event_snippets(live_server.url, key)}

    def run(self, *words, **env):
        subprocess.run(
            words, check=True, timeout=60, capture_output=True, env={**os.environ, **env}
        )
        event = Event.objects.get()
        assert (event.name, event.version, event.environment) == (
            "Checked Out",
            "2.4.0",
            "production",
        )

    def test_of_python_sends_an_event(self, snippets):
        self.run(sys.executable, "-c", snippets["Python"])

    def test_of_any_shell_sends_an_event(self, snippets):
        self.run("bash", "-c", snippets["Any shell"])

    def test_of_node_sends_an_event(self, snippets):
        modules = os.environ.get("WAKE_NODE_MODULES", "")
        if not (Path(modules) / "@segment" / "analytics-node").exists():
            pytest.skip("Set WAKE_NODE_MODULES to where @segment/analytics-node is installed.")
        self.run("node", "-e", snippets["Node"], NODE_PATH=modules)
