import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from outbound.models import Attempt, Hook, Message, new_secret
from outbound.news import note_news, write_test
from outbound.sending import EXCERPT, PATIENCE, WAITS, send, send_again, turn_off, turn_on
from outbound.tasks import send_messages, tell_the_news
from tests.factories import NOW, make_deployment
from tests.outbound.conftest import make_hook

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(hook):
    return write_test(hook, now=NOW)


def try_at(message, now):
    """Claim and send a message as a worker does."""
    assert message.claim(now)
    return send(Message.objects.select_related("hook__project").get(pk=message.pk), now=now)


def verify(secret, sent):
    """Read a call as a receiver does that uses the standardwebhooks package."""
    with time_machine.travel(NOW, tick=False):
        return Webhook(secret).verify(sent.body, sent.headers)


class TestAMessage:
    def test_is_taken_by_the_standardwebhooks_package(self, shop, hook, receiver):
        make_deployment(shop, "2.0.0", title="Größer & <besser>", shipped_at=NOW)
        note_news(now=NOW)

        assert try_at(Message.objects.get(), NOW)

        said = verify(hook.secret, receiver.sent[0])
        said = said if isinstance(said, dict) else json.loads(said)
        assert said["type"] == "ship.recorded"
        assert said["data"]["ship"]["title"] == "Größer & <besser>"

    def test_that_was_tampered_with_is_not(self, message, hook, receiver):
        try_at(message, NOW)
        receiver.sent[0].body += b" "

        with pytest.raises(WebhookVerificationError):
            verify(hook.secret, receiver.sent[0])

    def test_is_signed_with_both_secrets_until_the_old_one_ends(self, message, hook, receiver):
        old, hook.secret = hook.secret, new_secret()
        hook.old_secret, hook.old_secret_until = old, NOW + timedelta(seconds=1)
        hook.save()

        try_at(message, NOW)

        assert verify(old, receiver.sent[0])
        assert verify(hook.secret, receiver.sent[0])

        hook.old_secret_until = NOW
        hook.save()
        send_again(message, now=NOW)
        try_at(message, NOW)

        assert verify(hook.secret, receiver.sent[1])
        with pytest.raises(WebhookVerificationError):
            verify(old, receiver.sent[1])

    def test_keeps_its_id_however_often_it_is_sent(self, message, receiver):
        receiver.will_answer(500, 200)
        try_at(message, NOW)
        try_at(message, NOW + WAITS[0])
        send_again(message, now=NOW)
        try_at(message, NOW)

        assert {sent.headers["webhook-id"] for sent in receiver.sent} == {message.webhook_id}
        assert len({sent.body for sent in receiver.sent}) == 1

    def test_that_arrived_is_not_sent_again(self, message):
        try_at(message, NOW)

        assert not message.claim(NOW + timedelta(days=1))

    def test_shows_what_was_answered_but_not_all_of_it(self, message, receiver):
        receiver.will_answer(500, body=b"<b>\x00" * 100_000)

        try_at(message, NOW)

        attempt = Attempt.objects.get()
        assert (attempt.status, len(attempt.excerpt)) == (500, EXCERPT)
        assert "The answer was 500" in attempt.problem


class TestAFailure:
    def test_is_tried_again_after_longer_and_longer_and_then_given_up(self, message, receiver):
        receiver.will_answer(503)
        now = NOW
        for wait in WAITS:
            Hook.objects.update(failing_since=None)  # so that it is not turned off before
            assert not try_at(message, now)
            message.refresh_from_db()
            assert message.due_at == now + wait
            now = message.due_at

        try_at(message, now)

        message.refresh_from_db()
        assert message.given_up_at == now
        assert not Message.objects.due(now + timedelta(days=9)).exists()
        assert Attempt.objects.count() == len(WAITS) + 1

    def test_waits_as_long_as_the_receiver_asks(self, message, receiver):
        receiver.will_answer(429, retry_after="120")

        try_at(message, NOW)

        message.refresh_from_db()
        assert message.due_at == NOW + timedelta(seconds=120)

    @pytest.mark.parametrize("said", ["soon", "-1", "9" * 50, "²"])
    def test_bears_any_wish(self, message, receiver, said):
        receiver.answers = [(503, {"Retry-After": said.encode().decode("latin-1")}, b"")]

        try_at(message, NOW)

        message.refresh_from_db()
        assert message.due_at == NOW + WAITS[0]

    def test_of_a_redirect_is_not_followed(self, message, receiver):
        receiver.will_answer(302, location=f"{receiver.url}/elsewhere")

        assert not try_at(message, NOW)
        assert [sent.path for sent in receiver.sent] == ["/wake"]
        assert "redirects are not followed" in Attempt.objects.get().problem

    def test_to_reach_anybody_is_told_in_words(self, shop, hook):
        Hook.objects.update(url="http://127.0.0.1:1/")

        try_at(write_test(hook, now=NOW), NOW)

        assert "cannot be reached" in Attempt.objects.get().problem

    def test_never_reaches_into_the_own_network(self, message, receiver, settings):
        settings.ALLOW_PRIVATE_HOSTS = []

        assert not try_at(message, NOW)

        assert receiver.sent == []
        assert "ALLOW_PRIVATE_HOSTS" in Attempt.objects.get().problem


class TestAHook:
    def test_that_is_gone_is_turned_off_at_once(self, message, hook, receiver):
        receiver.will_answer(410)

        try_at(message, NOW)

        hook.refresh_from_db()
        assert not hook.is_on
        assert "410" in hook.off_because

    def test_that_fails_for_days_is_turned_off_with_the_reason(self, hook, receiver):
        receiver.will_answer(500)
        try_at(write_test(hook, now=NOW), NOW)
        almost, over = NOW + PATIENCE - timedelta(seconds=1), NOW + PATIENCE

        try_at(write_test(hook, now=almost), almost)
        hook.refresh_from_db()
        assert hook.is_on

        try_at(write_test(hook, now=over), over)
        hook.refresh_from_db()
        assert not hook.is_on
        assert "for 3 days" in hook.off_because
        assert "500" in hook.off_because

    def test_that_takes_one_message_has_its_patience_back(self, hook, receiver):
        receiver.will_answer(500, 200, 500)
        for days in (0, 2, 4):
            now = NOW + timedelta(days=days)
            try_at(write_test(hook, now=now), now)

        hook.refresh_from_db()
        assert hook.is_on

    def test_that_is_off_is_sent_nothing_until_it_is_on_again(self, message, hook):
        turn_off(hook)
        assert not Message.objects.due(NOW).exists()

        turn_on(hook, now=NOW)

        assert Message.objects.due(NOW).get() == message


class TestTheTask:
    @pytest.fixture
    def rung(self, monkeypatch):
        """How the bell of send_messages was rung: tests have no broker."""
        calls = []
        monkeypatch.setattr(send_messages, "apply_async", lambda **call: calls.append(call))
        return calls

    def test_sends_all_that_is_due_to_a_hook_and_nothing_else(self, shop, hook, receiver):
        for _ in range(3):
            write_test(hook, now=NOW)
        other = make_hook(shop, f"{receiver.url}/other")
        write_test(other, now=NOW)

        send_messages(hook_id=hook.pk)

        assert [sent.path for sent in receiver.sent] == ["/wake"] * 3
        assert Message.objects.waiting().get().hook == other

    def test_is_rung_once_for_each_hook_that_has_something_due(self, shop, hook, receiver, rung):
        quiet = make_hook(shop, f"{receiver.url}/quiet", events=[], news_since=timezone.now())
        Hook.objects.update(news_since=timezone.now() - timedelta(hours=1))
        for _ in range(2):
            make_deployment(shop, shipped_at=timezone.now() - timedelta(minutes=1))

        tell_the_news()

        assert [call["kwargs"] for call in rung] == [{"hook_id": hook.pk}]
        assert not quiet.messages.exists()

    def test_is_rung_again_soon_when_a_message_did_not_arrive(self, hook, receiver, rung):
        receiver.will_answer(500)
        write_test(hook, now=NOW)

        send_messages(hook_id=hook.pk)

        assert rung[0]["countdown"] >= WAITS[0].total_seconds()


@pytest.mark.django_db(transaction=True)
class TestSeveralWorkers:
    def test_send_a_message_once(self, message, database_on_disk, receiver):
        def claim(_):
            try:
                return message.claim(NOW)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as workers:
            won = list(workers.map(claim, range(16)))

        assert sum(won) == 1
