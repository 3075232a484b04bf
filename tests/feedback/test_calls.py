"""The door for calls: who it is, kept as it came, read, and read again."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from feedback import calls
from feedback.calls import forget_calls, record, record_left_behind, replay_unreadable
from feedback.connections import exchange_secret, pause, resume
from feedback.connectors.registry import CONNECTORS
from feedback.models import Call, Connection, FeedbackItem
from tests.deployments.senders import standard
from tests.factories import NOW
from tests.feedback.places import make_connection

pytestmark = pytest.mark.django_db
SECRET = "whsec_YS1zZWNyZXQtb2YtdGhpcnR5LXR3by1jaGFyYWN0ZXJz"
SAID = {"id": "t-1", "text": "The new checkout is great", "rating": 5}


@pytest.fixture
def survey(shop) -> Connection:
    return make_connection(
        shop, "webhook", name="Survey", next_due_at=None,
        options={"source": "survey", "preset": ""}, secrets={"hook_secret": SECRET},
    )  # fmt: skip


def send(connection, body=SAID, *, secret=SECRET, headers=None, key=""):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    shown = {"Authorization": f"Bearer {secret}"} if secret else {}
    return Client().post(
        f"/hooks/feedback/{key or connection.key}/",
        raw,
        content_type="application/json",
        headers={**shown, **(headers or {})},
    )


class TestACall:
    def test_is_stored_as_feedback_of_its_connection(self, survey):
        answer = send(survey)

        item = FeedbackItem.objects.get()
        assert (answer.status_code, answer.json()["outcome"]) == (201, "recorded")
        assert (item.text, item.source, item.connection) == (SAID["text"], "survey", survey)

    def test_that_tells_of_several_stores_them_all(self, survey):
        send(survey, [SAID, {**SAID, "id": "t-2"}])

        assert FeedbackItem.objects.count() == 2

    def test_counts_for_the_connections_health(self, survey):
        send(survey)

        survey.refresh_from_db()
        assert survey.received_count == 1
        assert survey.heard_at == survey.worked_at == Call.objects.get().received_at

    def test_is_kept_as_it_came_with_its_secrets_masked(self, survey):
        send(survey, {**SAID, "api_key": "sk_live_0123456789abcdef", "note": SECRET})

        kept = Call.objects.get()
        assert json.loads(bytes(kept.body))["text"] == SAID["text"]
        assert b"sk_live" not in bytes(kept.body)
        assert SECRET not in bytes(kept.body).decode() + json.dumps(kept.headers)

    def test_that_comes_twice_is_kept_and_stored_once(self, survey):
        for _ in range(2):
            answer = send(survey, headers={"Idempotency-Key": "c-1"})

        assert answer.json()["outcome"] == "recorded"
        assert (Call.objects.count(), FeedbackItem.objects.count()) == (1, 1)

    def test_without_any_id_is_stored_and_can_be_read_again(self, survey):
        send(survey, {"text": "No id"})

        record(Call.objects.get())

        assert FeedbackItem.objects.get().external_id == f"call/{Call.objects.get().pk}/0"

    def test_says_it_at_the_moment_it_came_if_it_does_not_say_when(self, survey):
        send(survey)

        assert FeedbackItem.objects.get().said_at == Call.objects.get().received_at

    @pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'"a"', b"\xff", b'{"a": 1}'])
    def test_that_cannot_be_read_is_kept_and_answered_with_202(self, survey, body):
        answer = send(survey, body)

        assert answer.status_code == 202
        assert bytes(Call.objects.get().body) == body
        assert FeedbackItem.objects.count() == 0

    def test_of_which_a_part_is_bad_stores_the_rest_and_says_which(self, survey):
        answer = send(survey, [SAID, {"id": "t-2"}])

        assert answer.json()["outcome"] == "unreadable"
        assert "1 of its 2" in Call.objects.get().reason
        assert FeedbackItem.objects.count() == 1

    def test_that_wake_fails_on_is_kept_and_told_without_secrets(self, survey, monkeypatch, caplog):
        def fail(heard):
            raise RuntimeError(f"no idea of {SECRET}")

        broken = CONNECTORS["webhook"].__class__(name="webhook", label="W", what="", read=fail)
        monkeypatch.setitem(CONNECTORS, "webhook", broken)

        answer = send(survey)

        assert answer.status_code == 202
        assert "RuntimeError" in Call.objects.get().reason
        assert SECRET not in caplog.text + Call.objects.get().reason


class TestTheSignature:
    @pytest.mark.parametrize("secret", ["", "another-secret-altogether"])
    def test_that_does_not_hold_is_refused_and_nothing_is_kept(self, survey, secret):
        answer = send(survey, secret=secret)

        assert answer.status_code == 401
        assert Call.objects.count() == FeedbackItem.objects.count() == 0

    def test_that_does_not_hold_leaves_a_count_a_time_and_a_line(self, survey, caplog):
        send(survey, secret="another-secret-altogether")

        survey.refresh_from_db()
        assert (survey.refused_count, survey.refused_at is not None) == (1, True)
        assert len([r for r in caplog.records if "Refused a call" in r.message]) == 1
        assert "another-secret" not in caplog.text

    def test_may_be_that_of_standard_webhooks(self, survey):
        raw = json.dumps(SAID).encode()

        assert send(survey, raw, secret="", headers=standard(SECRET, raw)).status_code == 201

    def test_may_be_a_mac_of_the_body(self, survey):
        raw = json.dumps(SAID).encode()
        mac = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()

        answer = send(survey, raw, secret="", headers={"X-Hub-Signature-256": f"sha256={mac}"})

        assert answer.status_code == 201

    def test_of_the_old_secret_holds_for_a_day_if_it_was_to(self, survey):
        now = timezone.now()
        new = exchange_secret(survey, given="", keep_old=True, now=now)

        assert send(survey, secret=SECRET).status_code == 201
        assert send(survey, secret=new).status_code == 201
        exchange_secret(survey, given=new, keep_old=True, now=now - timedelta(days=2))
        assert send(survey, secret=SECRET).status_code == 401

    def test_of_the_old_secret_holds_no_more_if_it_was_not_to(self, survey):
        exchange_secret(survey, given="", keep_old=False, now=timezone.now())

        assert send(survey, secret=SECRET).status_code == 401


class TestTheAddress:
    @pytest.mark.parametrize("key", ["no-such-key", "a%00b"])
    def test_that_nobody_has_is_not_found(self, survey, key):
        assert send(survey, key=key).status_code == 404

    def test_of_a_place_that_is_only_asked_takes_no_calls(self, shop):
        box = make_connection(shop, "widget", name="Widget")

        assert send(box).status_code == 404

    def test_can_be_looked_for_without_sending_anything(self, survey):
        assert Client().head(f"/hooks/feedback/{survey.key}/").status_code == 200


class TestAPausedConnection:
    def test_keeps_what_is_sent_and_reads_it_when_it_goes_on(self, survey):
        pause(survey)
        answer = send(survey)
        assert (answer.status_code, answer.json()["outcome"]) == (202, "received")
        later = timezone.now() + timedelta(hours=1)
        assert record_left_behind(later) == 0

        resume(survey, now=later)

        assert record_left_behind(later) == 1
        assert FeedbackItem.objects.count() == 1


class TestReadingAgain:
    def test_takes_what_could_not_be_read_before(self, survey):
        send(survey, {"words": "Good", "no": 7})
        survey.options = {**survey.options, "mapping": {"text": "words", "id": "no"}}
        survey.save()

        assert replay_unreadable(survey) == (1, 1)
        assert FeedbackItem.objects.get().text == "Good"

    def test_stores_nothing_twice(self, survey):
        send(survey)

        record(Call.objects.get())

        assert FeedbackItem.objects.count() == 1

    def test_leaves_the_calls_of_other_connections(self, survey, shop):
        other = make_connection(shop, "webhook", name="Other")
        send(survey, {"words": "Good"})

        assert replay_unreadable(other) == (0, 0)


class TestACallWhoseWorkerDied:
    def test_is_recorded_by_the_bell(self, survey):
        Call.objects.create(connection=survey, body=json.dumps(SAID).encode(), received_at=NOW)

        assert record_left_behind(NOW + timedelta(seconds=30)) == 0
        assert record_left_behind(NOW + timedelta(minutes=2)) == 1
        assert FeedbackItem.objects.count() == 1

    def test_waits_for_a_person_after_five_failures(self, survey, monkeypatch):
        def fail(*args, **facts):
            raise DatabaseError("the disk is full")

        monkeypatch.setattr(calls, "take", fail)
        call = Call.objects.create(connection=survey, body=b'{"text": "a"}', received_at=NOW)

        outcomes = [record(Call.objects.get(pk=call.pk)).outcome for _ in range(5)]

        assert outcomes == ["received"] * 4 + ["unreadable"]


class TestRetention:
    def test_deletes_calls_that_are_too_old_and_no_feedback(self, survey):
        send(survey)
        Call.objects.update(received_at=NOW)
        send(survey, {**SAID, "id": "t-2"})

        assert forget_calls(NOW + timedelta(days=1)) == 1
        assert (Call.objects.count(), FeedbackItem.objects.count()) == (1, 2)
