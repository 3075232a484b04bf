"""What Segment's libraries send, as they send it, and what becomes of it."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.keys import revoke_api_key
from accounts.known_keys import forget_known_keys
from accounts.models import ApiKey, Environment, Scope, Service
from engagement.models import Event, EventReceipt, RefusedEvent, SameUser
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(shop) -> str:
    return make_key(shop, Scope.EVENTS_WRITE)


@pytest.fixture
def send(key):
    """Call it with an address and a body, as an app of the shop would."""
    user = base64.b64encode(f"{key}:".encode()).decode()
    client = Client(headers={"Authorization": f"Basic {user}"})

    def post(path, body, **headers):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(path, text, content_type="application/json", headers=headers)

    return post


def track(**facts) -> dict:
    return {"userId": "kim", "event": "Opened", **facts}


class TestATrackedEvent:
    def test_is_answered_as_segment_does(self, send):
        answer = send("/v1/track", track())
        assert (answer.status_code, answer.json()) == (200, {"success": True})

    def test_is_stored_with_what_it_says(self, send, shop):
        send("/v1/track", track(anonymousId="a-1", properties={"plan": "pro", "seats": 3}))
        event = Event.objects.get()
        assert (event.project, event.kind, event.name) == (shop, "track", "Opened")
        assert (event.user_id, event.anonymous_id) == ("kim", "a-1")
        assert event.properties == {"plan": "pro", "seats": 3}

    def test_may_have_a_number_for_a_user(self, send):
        send("/v1/track", track(userId=97))
        assert Event.objects.get().user_id == "97"

    @pytest.mark.parametrize("path", ["/v1/t", "/v1/track/", "/v1/track"])
    def test_comes_to_each_address_that_libraries_use(self, send, path):
        assert send(path, track()).status_code == 200
        assert Event.objects.count() == 1

    def test_is_taken_once_by_its_message_id(self, send):
        for _ in range(3):
            answer = send("/v1/track", track(messageId="m-1"))
        assert answer.json() == {"success": True}
        assert Event.objects.count() == 1

    def test_that_has_no_id_is_itself_when_it_is_sent_again_word_for_word(self, send):
        at = timezone.now()
        for seconds in (0, 1):
            sent = at + timedelta(seconds=seconds)
            send("/v1/track", track(timestamp=at.isoformat(), sentAt=sent.isoformat()))
        assert EventReceipt.objects.count() == 1

    def test_that_has_neither_id_nor_time_is_new_each_time(self, send):
        send("/v1/track", track())
        send("/v1/track", track())
        assert Event.objects.count() == 2

    def test_of_another_project_may_have_the_same_id(self, send):
        send("/v1/track", track(messageId="m-1"))
        other = make_key(make_project("Bakery"), Scope.EVENTS_WRITE)
        answer = Client().post(
            "/v1/track",
            json.dumps(track(messageId="m-1", writeKey=other)),
            content_type="text/plain",
        )
        assert answer.status_code == 200
        assert Event.objects.count() == 2

    def test_keeps_no_address_of_the_network_and_no_traits(self, send):
        send("/v1/track", track(context={"ip": "24.5.68.47", "traits": {"email": "kim@x.test"}}))
        row = str(Event.objects.values().get())
        assert "24.5.68.47" not in row
        assert "kim@x.test" not in row


class TestWhenItWasDone:
    def test_is_corrected_by_when_it_was_sent(self, send):
        """A clock that is three days slow says so by sentAt."""
        wrong = datetime.now(UTC) - timedelta(days=3)
        send(
            "/v1/track",
            track(timestamp=(wrong - timedelta(minutes=5)).isoformat(), sentAt=wrong.isoformat()),
        )
        event = Event.objects.get()
        assert event.occurred_at == event.received_at - timedelta(minutes=5)

    def test_is_corrected_for_clocks_that_are_years_ahead(self, send):
        wrong = datetime.now(UTC) + timedelta(days=900)
        send("/v1/track", track(timestamp=wrong.isoformat(), sentAt=wrong.isoformat()))
        event = Event.objects.get()
        assert event.occurred_at == event.received_at

    def test_is_when_it_came_if_nobody_says(self, send):
        send("/v1/track", track())
        event = Event.objects.get()
        assert event.occurred_at == event.received_at

    def test_is_never_ahead_of_when_it_came(self, send):
        send("/v1/track", track(timestamp=(timezone.now() + timedelta(hours=2)).isoformat()))
        event = Event.objects.get()
        assert event.occurred_at == event.received_at

    def test_a_week_ahead_is_refused(self, send):
        later = (timezone.now() + timedelta(days=7)).isoformat()
        answer = send("/v1/track", track(timestamp=later))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "timestamp"

    def test_longer_ago_than_events_are_kept_is_refused_with_the_day(self, send, settings):
        settings.EVENT_RETENTION_DAYS = 30
        before = (timezone.now() - timedelta(days=32)).isoformat()
        answer = send("/v1/track", track(timestamp=before))
        assert answer.status_code == 400
        day = f"{timezone.now() - timedelta(days=30):%Y-%m-%d}"
        assert day in answer.json()["detail"]


class TestWhereItWasDone:
    def test_is_the_version_of_the_app(self, send):
        send(
            "/v1/track",
            track(
                context={"app": {"version": "2.4.0", "build": "117"}},
                properties={"version": "third edition"},
            ),
        )
        assert Event.objects.get().version == "2.4.0"

    def test_is_the_build_where_there_is_no_version(self, send):
        send("/v1/track", track(context={"app": {"build": 117}}))
        assert Event.objects.get().version == "117"

    def test_is_spelled_as_the_project_does(self, send, shop):
        Environment.objects.create(project=shop, name="Production")
        Service.objects.create(project=shop, name="web")
        send("/v1/track", track(context={"environment": "PRODUCTION", "service": "Web"}))
        event = Event.objects.get()
        assert (event.environment, event.service) == ("Production", "web")

    def test_is_blank_where_nobody_says(self, send):
        send("/v1/track", track())
        event = Event.objects.get()
        assert (event.environment, event.service, event.version) == ("", "", "")

    @pytest.mark.parametrize(("known", "service"), [(True, "iOS"), (False, "")])
    def test_takes_the_name_of_an_app_for_a_service_only_if_there_is_one(
        self, send, shop, known, service
    ):
        if known:
            Service.objects.create(project=shop, name="iOS")
        send("/v1/track", track(context={"app": {"name": "ios"}}))
        assert Event.objects.get().service == service

    def test_is_said_once_for_a_batch(self, send):
        send(
            "/v1/batch",
            {"batch": [{"type": "track", **track()}], "context": {"app": {"version": "3.1"}}},
        )
        assert Event.objects.get().version == "3.1"


class TestPagesAndScreens:
    @pytest.mark.parametrize(
        ("path", "said", "name"),
        [
            ("/v1/page", {"name": "Pricing"}, "Viewed Pricing Page"),
            ("/v1/p", {"category": "Docs", "name": "Index"}, "Viewed Docs Index Page"),
            ("/v1/page", {}, "Loaded a Page"),
            ("/v1/screen", {"name": "Cart"}, "Viewed Cart Screen"),
            ("/v1/s", {}, "Loaded a Screen"),
        ],
    )
    def test_are_called_as_segment_does(self, send, path, said, name):
        send(path, {"anonymousId": "a", **said})
        assert Event.objects.get().name == name


class TestWhoSomebodyIs:
    def test_is_learned_from_identify(self, send):
        send("/v1/identify", {"userId": "kim", "anonymousId": "a-1", "traits": {"email": "k@x.y"}})
        same = SameUser.objects.get()
        assert (same.anonymous_id, same.user_id) == ("a-1", "kim")
        assert not Event.objects.exists()

    def test_is_learned_from_alias(self, send):
        send("/v1/alias", {"userId": "kim", "previousId": "a-1"})
        assert SameUser.objects.get().anonymous_id == "a-1"

    def test_is_learned_from_events_that_say_both(self, send):
        send("/v1/track", track(anonymousId="a-1"))
        assert SameUser.objects.get().user_id == "kim"

    def test_stays_as_it_was_learned_first(self, send):
        for user in ("kim", "sam"):
            send("/v1/identify", {"userId": user, "anonymousId": "a-1"})
        assert SameUser.objects.get().user_id == "kim"

    def test_is_not_asked_of_groups(self, send):
        answer = send("/v1/group", {"userId": "kim", "groupId": "g", "traits": {"name": "Initech"}})
        assert answer.status_code == 200
        assert not Event.objects.exists()


class TestABatch:
    def test_is_stored_whole(self, send):
        batch = [{"type": "track", **track(messageId=f"m{n}")} for n in range(100)]
        assert send("/v1/batch", {"batch": batch}).json() == {"success": True}
        assert Event.objects.count() == 100

    def test_counts_a_message_that_is_in_it_twice_once(self, send):
        batch = [{"type": "track", **track(messageId="m")} for _ in range(2)]
        send("/v1/batch", {"batch": batch})
        assert Event.objects.count() == 1

    def test_takes_what_is_good_and_names_the_rest(self, send):
        batch = [{"type": "track", **track()}, {"type": "track", "userId": "kim"}, {"type": "buy"}]
        answer = send("/v1/batch", {"batch": batch})
        assert answer.status_code == 200
        said = answer.json()
        assert (said["success"], said["created"], said["refused"]) == (True, 1, 2)
        assert [(one["index"], one["field"]) for one in said["errors"]] == [
            (1, "event"),
            (2, "type"),
        ]
        assert all(one["mend"] for one in said["errors"])

    def test_of_nothing_good_is_refused(self, send):
        answer = send("/v1/batch", {"batch": [{"type": "buy"}]})
        assert (answer.status_code, answer.json()["success"]) == (400, False)

    def test_may_be_packed(self, send):
        body = gzip.compress(json.dumps({"batch": [{"type": "track", **track()}]}).encode())
        assert send("/v1/b", body, **{"Content-Encoding": "gzip"}).status_code == 200
        assert Event.objects.count() == 1

    def test_is_as_large_as_segment_takes(self, send):
        message = {"type": "track", **track(properties={"x": "y" * 400})}
        batch = [{**message, "messageId": str(n)} for n in range(900)]
        size = len(json.dumps({"batch": batch}))
        assert 400_000 < size < 500 * 1024
        assert send("/v1/batch", {"batch": batch}).status_code == 200
        answer = send("/v1/batch", {"batch": batch * 2})
        assert (answer.status_code, "500 KB" in answer.json()["detail"]) == (400, True)

    def test_cannot_be_a_bomb(self, send):
        body = gzip.compress(b" " * 50_000_000)
        answer = send("/v1/batch", body, **{"Content-Encoding": "gzip"})
        assert answer.status_code == 400


class TestWhatIsRefused:
    def test_a_single_message_may_have_32_kb(self, send):
        answer = send("/v1/track", track(properties={"x": "y" * 33_000}))
        assert (answer.status_code, "32 KB" in answer.json()["detail"]) == (400, True)

    @pytest.mark.parametrize(
        ("path", "message", "field"),
        [
            ("/v1/track", {"event": "Opened"}, "userId"),
            ("/v1/track", {"userId": "kim"}, "event"),
            ("/v1/track", {"userId": "kim", "event": {"a": 1}}, "event"),
            ("/v1/track", {"userId": "kim", "event": "x" * 201}, "event"),
            ("/v1/track", {"userId": ["kim"], "event": "x"}, "userId"),
            ("/v1/track", {"userId": "kim", "event": "x", "properties": [1]}, "properties"),
            ("/v1/track", {"userId": "kim", "event": "x", "timestamp": "noon"}, "timestamp"),
            ("/v1/alias", {"userId": "kim"}, "previousId"),
            ("/v1/identify", {}, "userId"),
        ],
    )
    def test_says_the_field_and_the_mend(self, send, path, message, field):
        answer = send(path, message)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["field"] == field
        assert error["mend"]

    @pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"NaN", b"[" * 9_000])
    def test_never_fails_and_is_kept(self, send, body, shop):
        answer = send("/v1/batch", body)
        assert answer.status_code == 400
        assert "It is kept" in answer.json()["detail"]
        assert RefusedEvent.objects.get(project=shop).call == "batch"

    def test_is_kept_without_traits_and_keys(self, send, key):
        send("/v1/identify", {"traits": {"email": "kim@x.test"}, "writeKey": key})
        kept = RefusedEvent.objects.get()
        assert "kim@x.test" not in kept.body
        assert key not in kept.body
        assert "userId" in kept.reason

    def test_is_kept_only_so_often(self, send, monkeypatch):
        monkeypatch.setattr("engagement.event_intake.MOST_REFUSED", 3)
        send("/v1/batch", {"batch": [{"type": "buy"}] * 9})
        send("/v1/track", {})
        assert RefusedEvent.objects.count() == 3

    def test_cannot_break_a_database(self, send):
        odd = "a\x00b\ud800"
        answer = send(
            "/v1/track", track(event=odd, userId=odd, properties={odd: [odd, 1e308 * 10]})
        )
        assert answer.status_code in (200, 400)
        message = json.dumps(track(event=odd, properties={odd: {odd: odd}})).encode()
        assert send("/v1/track", message).status_code == 200
        assert Event.objects.get().name == "a\ufffdb\ufffd"


class TestTheKey:
    def test_may_stand_in_the_body(self, key):
        """As browsers send it, in plain text so that they need not ask first."""
        answer = Client().post(
            "/v1/t",
            json.dumps(track(writeKey=key)),
            content_type="text/plain",
            headers={"Origin": "https://shop.example"},
        )
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, "*")

    @pytest.mark.parametrize("shown", ["", "nonsense", "abcdefgh.ijkl", "a\x00b"])
    def test_must_be_one(self, db, shown):
        body = json.dumps(track(writeKey=shown))
        answer = Client().post("/v1/track", body, content_type="application/json")
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_write_key"
        assert not Event.objects.exists()

    @pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Basic 4pyT", "Digest x", "Bearer x"])
    def test_may_be_shown_wrongly(self, db, header):
        answer = Client(headers={"Authorization": header}).post("/v1/track", "{}", "text/plain")
        assert answer.status_code == 401

    def test_needs_its_scope(self, shop):
        other = make_key(shop, Scope.FEEDBACK_WRITE)
        answer = Client().post("/v1/t", json.dumps(track(writeKey=other)), "text/plain")
        assert (answer.status_code, "events:write" in answer.json()["detail"]) == (403, True)

    def test_that_may_do_more_is_refused_in_a_page(self, shop):
        mighty = make_key(shop, Scope.EVENTS_WRITE, Scope.READ)
        body = json.dumps(track(writeKey=mighty))
        here, there = {}, {"Origin": "https://shop.example"}
        codes = [
            Client().post("/v1/t", body, "text/plain", headers=headers).status_code
            for headers in (here, there)
        ]
        assert codes == [200, 403]

    def test_that_is_revoked_opens_nothing(self, send, shop):
        assert send("/v1/track", track()).status_code == 200
        revoke_api_key(ApiKey.objects.get(project=shop))
        assert send("/v1/track", track()).status_code == 401

    def test_that_was_revoked_elsewhere_opens_nothing_after_seconds(
        self, send, shop, time_machine_travel
    ):
        send("/v1/track", track())
        ApiKey.objects.filter(project=shop).update(revoked=True)
        time_machine_travel(seconds=6)
        assert send("/v1/track", track()).status_code == 401

    def test_is_looked_up_once_in_a_while(self, send, django_assert_max_num_queries):
        send("/v1/track", track())
        with django_assert_max_num_queries(8):
            send("/v1/track", track())

    def test_opens_no_other_door(self, shop, key):
        client = Client(headers={"Authorization": f"Bearer {key}"})
        assert client.get("/api/v1/metrics/").status_code == 403
        assert client.post("/api/v1/feedback/", {}, "application/json").status_code == 403

    def test_is_seen_to_be_used(self, send, shop):
        send("/v1/track", track())
        assert ApiKey.objects.get(project=shop).last_used_at is not None


class TestABrowser:
    def test_may_ask_first(self, db):
        answer = Client().options(
            "/v1/batch",
            headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"},
        )
        assert answer.status_code == 204
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in answer["Access-Control-Allow-Headers"]

    def test_may_ask_no_other_door(self, db):
        answer = Client().options("/api/v1/metrics/", headers={"Origin": "https://a.example"})
        assert "Access-Control-Allow-Origin" not in answer

    def test_is_given_no_cookie(self, send):
        assert not send("/v1/track", track()).cookies

    def test_is_told_where_to_send(self, key):
        answer = Client().get(f"/v1/projects/{key}/settings", headers={"Host": "localhost"})
        goal = answer.json()["integrations"]["Segment.io"]
        assert (goal["apiKey"], goal["apiHost"]) == (key, "localhost/v1")

    def test_cannot_read_events(self, db):
        assert Client().get("/v1/track").status_code == 405


@pytest.fixture
def time_machine_travel(time_machine):
    """Move the clock on by so many seconds."""

    def travel(*, seconds: int) -> None:
        time_machine.move_to(timezone.now() + timedelta(seconds=seconds))

    return travel


@pytest.fixture(autouse=True)
def no_key_is_known():
    forget_known_keys()
