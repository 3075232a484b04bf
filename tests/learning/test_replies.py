"""Telling each customer, once, that a ship took up what they said."""

import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.db import connection

from common.places import ConnectionFault
from deployments.models import Deployment, DeploymentStatus
from feedback.connectors import registry
from feedback.connectors.base import Connector
from feedback.models import Connection, FeedbackEvent, FeedbackItem, Status
from learning.models import Reply
from learning.replies import (
    NotSendable,
    draft_replies,
    drop,
    drop_what_was_rolled_back,
    edit,
    name_as_fixed,
    queue,
    take_up_again,
)
from learning.reply_sending import ask_about_stale, claim, send, to_send
from learning.reply_tasks import look_after_replies, send_replies
from tests.factories import NOW, make_deployment, make_feedback, make_project
from tests.feedback.mail.dovecot import free_port

pytestmark = pytest.mark.django_db

DANA = {"name": "Dana", "email": "dana@customer.example"}
EMIL = {"name": "Emil", "email": "emil@customer.example"}
SHIPPED = NOW - timedelta(days=1)
SAID = NOW - timedelta(days=9)


def asked(shop, known_by: str = "ask", **facts) -> FeedbackItem:
    facts = {"customer": DANA, "created_at": SAID, **facts}
    return make_feedback(shop, "The export stops after 100 rows", id=known_by, **facts)


def shipped(shop, *fixes: str, **facts) -> Deployment:
    return make_deployment(
        shop, facts.pop("version", "2.4.0"), shipped_at=SHIPPED, fixes=fixes, **facts
    )


@pytest.fixture
def draft(shop) -> Reply:
    asked(shop)
    draft_replies(shipped(shop, "ask"), now=NOW)
    return Reply.objects.get()


def let_go(reply: Reply, by) -> Reply:
    """Press send, and be the worker that takes it."""
    queue(reply, by=by)
    assert claim(reply, now=NOW)
    return Reply.objects.get(pk=reply.pk)


class TestDrafting:
    def test_tells_what_they_said_and_what_takes_it_up(self, draft):
        assert draft.state == "draft"
        assert "Hello Dana," in draft.text
        assert "> The export stops after 100 rows" in draft.text
        assert "Version 2.4.0 takes this up. It has been live since 17 March 2026." in draft.text
        assert "The Shop team" in draft.text

    def test_knows_feedback_by_its_number_too(self, shop):
        item = asked(shop)

        draft_replies(shipped(shop, str(item.pk)), now=NOW)

        assert Reply.objects.get().feedback == item

    def test_takes_a_word_for_an_id_of_the_source_before_it_takes_it_for_a_number(self, shop):
        other = asked(shop, "other")
        named = asked(shop, str(other.pk), customer=EMIL)

        draft_replies(shipped(shop, str(other.pk)), now=NOW)

        assert Reply.objects.get().feedback == named

    def test_is_the_same_however_often_it_runs(self, shop, draft):
        assert draft_replies(draft.deployment, now=NOW) == 0
        assert Reply.objects.count() == 1

    def test_gives_a_customer_who_said_it_twice_one_draft(self, shop):
        asked(shop, "a")
        latest = asked(shop, "b", created_at=SAID + timedelta(hours=1))

        draft_replies(shipped(shop, "a", "b"), now=NOW)

        assert Reply.objects.get().feedback == latest

    def test_reaches_those_whose_words_were_merged_with_it(self, shop):
        head = asked(shop, "a")
        FeedbackItem.objects.filter(pk=asked(shop, "b", customer=EMIL).pk).update(merged_into=head)

        draft_replies(shipped(shop, "a"), now=NOW)

        assert {reply.customer.name for reply in Reply.objects.all()} == {"Dana", "Emil"}

    def test_reaches_all_of_them_when_the_ship_names_one_that_was_merged_away(self, shop):
        head = asked(shop, "a")
        FeedbackItem.objects.filter(pk=asked(shop, "b", customer=EMIL).pk).update(merged_into=head)

        draft_replies(shipped(shop, "b"), now=NOW)

        assert Reply.objects.count() == 2

    def test_leaves_out_what_is_held_back_as_spam(self, shop):
        asked(shop)
        FeedbackItem.objects.update(held_at=NOW)

        assert draft_replies(shipped(shop, "ask"), now=NOW) == 0

    @pytest.mark.parametrize("status", ["pending", "in_progress", "failed", "rolled_back"])
    def test_waits_until_the_ship_is_live_and_stands(self, shop, status):
        asked(shop)
        ship = shipped(shop, "ask")
        Deployment.objects.update(status=status)
        ship.refresh_from_db()

        assert draft_replies(ship, now=NOW) == 0

    def test_leaves_out_ships_that_do_not_reach_customers(self, shop):
        asked(shop)
        ship = shipped(shop, "ask", environment="staging")
        ship.environment.reaches_customers = False

        assert draft_replies(ship, now=NOW) == 0

    def test_leaves_out_ships_of_the_past_unless_a_person_asks(self, shop):
        item = asked(shop)
        ship = make_deployment(shop, "1.0", shipped_at=NOW - timedelta(days=8), fixes=("ask",))

        assert draft_replies(ship, now=NOW) == 0
        assert name_as_fixed(ship, item, now=NOW) == 1

    def test_does_not_tell_again_when_the_same_version_goes_out_again(self, shop, draft):
        again = make_deployment(
            shop, "2.4.0", shipped_at=NOW, fixes=("ask",), environment="production-eu"
        )
        again.environment.reaches_customers = True

        assert draft_replies(again, now=NOW) == 0

    def test_keeps_dropped_what_was_dropped(self, draft):
        drop(draft)

        draft_replies(draft.deployment, now=NOW)

        assert Reply.objects.get().state == "dropped"

    def test_sees_nothing_of_other_projects(self, shop):
        asked(make_project("Bakery"))

        assert draft_replies(shipped(shop, "ask"), now=NOW) == 0

    def test_does_not_call_a_commit_a_version(self, shop):
        asked(shop)

        draft_replies(shipped(shop, "ask", version="9fceb02d0ae5"), now=NOW)

        assert "A new version takes this up" in Reply.objects.get().text

    def test_happens_by_itself_soon_after_the_ship_arrives(self, shop):
        asked(shop)
        shipped(shop, "ask")

        look_after_replies()

        assert Reply.objects.count() == 1

    def test_drops_the_drafts_of_a_ship_that_was_rolled_back(self, draft):
        Deployment.objects.update(status=DeploymentStatus.ROLLED_BACK)

        drop_what_was_rolled_back()

        draft.refresh_from_db()
        assert (draft.state, draft.problem) == ("dropped", "The ship was rolled back.")
        assert not take_up_again(draft)


class TestAPerson:
    def test_edits_the_draft(self, draft):
        edit(draft, "  Hello.\r\nIt works now.  ", now=NOW)

        draft.refresh_from_db()
        assert draft.text == "Hello.\nIt works now."
        assert draft.edited_at == NOW

    def test_cannot_empty_it(self, draft):
        assert not edit(draft, " \n ", now=NOW)

    def test_cannot_edit_what_is_on_its_way(self, draft, ben):
        queue(draft, by=ben)

        assert not edit(draft, "Too late", now=NOW)
        assert not drop(draft)

    def test_who_presses_send_twice_sends_once(self, draft, ben):
        queue(draft, by=ben)

        with pytest.raises(NotSendable, match="a moment ago"):
            queue(draft, by=ben)

    def test_cannot_tell_a_customer_twice_of_one_ship(self, shop, draft, ben):
        other = Reply.objects.create(
            project=shop, feedback=asked(shop, "b"), deployment=draft.deployment,
            customer=draft.customer, text="Again", drafted_at=NOW,
        )  # fmt: skip
        queue(draft, by=ben)

        with pytest.raises(NotSendable, match="told of this ship already"):
            queue(other, by=ben)

    def test_cannot_send_what_is_about_a_ship_that_was_rolled_back(self, draft, ben):
        draft.deployment.status = DeploymentStatus.ROLLED_BACK

        with pytest.raises(NotSendable, match="not live"):
            queue(draft, by=ben)

    @pytest.mark.parametrize(
        ("customer", "why"),
        [
            ({"id": "u7"}, "left no mail address"),
            ({"id": "u7", "email": "dana at home"}, "is none"),
            ({"id": "u7", "email": "support@shop.example"}, "one of your own"),
        ],
    )
    def test_is_told_why_a_customer_cannot_be_answered(self, shop, ben, customer, why):
        Connection.objects.create(
            project=shop, kind="mailbox", name="Support", created_at=NOW,
            options={"address": "support@shop.example"},
        )  # fmt: skip
        asked(shop, customer=customer)
        draft_replies(shipped(shop, "ask"), now=NOW)

        with pytest.raises(NotSendable, match=why):
            queue(Reply.objects.get(), by=ben)

    def test_is_told_that_there_is_no_mail_server(self, draft, ben, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

        with pytest.raises(NotSendable, match="EMAIL_URL"):
            queue(draft, by=ben)


class TestSending:
    def test_mails_the_customer(self, draft, ben):
        assert send(let_go(draft, ben), now=NOW)

        (sent,) = mail.outbox
        assert sent.to == ["Dana <dana@customer.example>"]
        assert sent.subject == "What you wrote to Shop"
        assert sent.body == draft.text

    def test_notes_on_the_feedback_what_they_were_told(self, draft, ben):
        send(let_go(draft, ben), now=NOW)

        item = FeedbackItem.objects.get()
        assert (item.status, item.replied_at) == (Status.ANSWERED, NOW)
        assert item.reply_text == draft.text
        event = FeedbackEvent.objects.get(kind="answered")
        assert (event.by, event.details["ship"]) == (ben, draft.deployment_id)

    def test_leaves_closed_what_was_closed(self, draft, ben):
        FeedbackItem.objects.update(status=Status.CLOSED)

        send(let_go(draft, ben), now=NOW)

        assert FeedbackItem.objects.get().status == Status.CLOSED

    def test_is_done_by_one_worker(self, draft, ben):
        queue(draft, by=ben)

        assert claim(draft, now=NOW)
        assert not claim(draft, now=NOW)

    def test_is_done_by_the_bell_for_all_that_were_let_go(self, draft, ben):
        queue(draft, by=ben)

        send_replies()
        send_replies()

        assert len(mail.outbox) == 1
        assert not to_send().exists()

    def test_is_not_done_by_itself_after_a_worker_died_over_it(self, draft, ben):
        let_go(draft, ben)

        assert ask_about_stale(now=NOW + timedelta(minutes=5)) == 0
        assert ask_about_stale(now=NOW + timedelta(hours=1)) == 1

        draft.refresh_from_db()
        assert draft.state == "failed"
        assert "may or may not have arrived" in draft.problem
        assert mail.outbox == []

    def test_uses_the_same_message_id_in_every_try(self, draft, ben):
        send(let_go(draft, ben), now=NOW)
        Reply.objects.update(state="failed", claimed_at=None)
        draft.refresh_from_db()
        send(let_go(draft, ben), now=NOW)

        first, second = (sent.extra_headers["Message-ID"] for sent in mail.outbox)
        assert first == second

    @pytest.mark.parametrize(
        "evil", ["A\r\nBcc: all@customer.example", "A\nX: y", "=?utf-8?q?=0ABcc?="]
    )
    def test_lets_nothing_a_customer_wrote_into_the_headers(self, shop, draft, ben, evil):
        FeedbackItem.objects.update(
            source="mailbox",
            answer_to={"to": "dana@customer.example", "name": evil, "subject": evil,
                       "message_id": f"a@b>{evil}", "thread": ["a b@c", "x\r\ny@z"]},
        )  # fmt: skip
        shop.name = evil
        shop.save()

        assert send(let_go(Reply.objects.get(), ben), now=NOW)

        raw = mail.outbox[0].message().as_bytes().partition(b"\n\n")[0]
        names = {line.partition(b":")[0] for line in raw.split(b"\n") if line[:1] not in b" \t"}
        assert names <= {
            b"Content-Type", b"MIME-Version", b"Content-Transfer-Encoding", b"Subject", b"From",
            b"To", b"Reply-To", b"Date", b"Message-ID", b"X-Wake",
        }  # fmt: skip

    def test_says_why_the_mail_server_took_nothing(self, draft, ben, settings):
        class Refuses:
            async def handle_RCPT(self, *_):
                return "550 No such user here"

        server = Controller(Refuses(), hostname="127.0.0.1", port=free_port())
        server.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        try:
            assert not send(let_go(draft, ben), now=NOW)
        finally:
            server.stop()

        draft.refresh_from_db()
        assert draft.state == "failed"
        assert draft.problem.endswith("550 No such user here")

    def test_says_that_the_mail_server_cannot_be_reached(self, draft, ben, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        send(let_go(draft, ben), now=NOW)

        draft.refresh_from_db()
        assert draft.problem == "The mail server cannot be reached. Check EMAIL_URL."
        assert FeedbackItem.objects.get().status == Status.NEW


class TestAnswersAtThePlaceWhereTheySpoke:
    @pytest.fixture
    def tracker(self, monkeypatch, shop, draft):
        """A place that takes answers, and what it was given."""
        given = []

        def answer(asked):
            if "refuse" in asked.text:
                raise ConnectionFault("It refused secret-token-1.", "Give it a new token.")
            given.append(asked)
            return "https://tracker.example/1#2"

        kind = Connector(name="tracker", label="Tracker", what="Issues.", answer=answer)
        monkeypatch.setitem(registry.CONNECTORS, "tracker", kind)
        place = Connection.objects.create(
            project=shop, kind="tracker", name="T", created_at=NOW,
            secrets={"token": "secret-token-1"},
        )  # fmt: skip
        FeedbackItem.objects.update(connection=place, answer_to={"number": 1})
        return given

    def test_go_there_and_not_by_mail(self, tracker, draft, ben):
        send(let_go(Reply.objects.get(), ben), now=NOW)

        draft.refresh_from_db()
        assert (draft.state, draft.channel) == ("sent", "tracker")
        assert draft.sent_as == "https://tracker.example/1#2"
        assert tracker[0].answer_to == {"number": 1}
        assert mail.outbox == []

    def test_say_what_to_do_when_it_takes_none_and_no_secret(self, tracker, draft, ben):
        edit(draft, "Please refuse this", now=NOW)

        send(let_go(Reply.objects.get(), ben), now=NOW)

        draft.refresh_from_db()
        assert "Give it a new token." in draft.problem
        assert "secret-token-1" not in draft.problem


class TestNamingAsFixed:
    def test_is_kept_when_ci_tells_of_the_ship_again(self, shop):
        item, ship = asked(shop), shipped(shop)
        name_as_fixed(ship, item, now=NOW)

        again = shipped(shop, "other")

        assert again.pk == ship.pk
        assert again.fixes == ["ask", "other"]

    def test_twice_changes_nothing(self, shop):
        item, ship = asked(shop), shipped(shop)

        assert name_as_fixed(ship, item, now=NOW) == 1
        assert name_as_fixed(ship, item, now=NOW) == 0
        ship.refresh_from_db()
        assert ship.fixes == ["ask"]


@pytest.mark.django_db(transaction=True)
class TestWorkersAtOnce:
    def test_send_each_reply_once(self, shop, ben, database_on_disk):
        for number in range(6):
            asked(shop, f"a{number}", customer={"email": f"c{number}@customer.example"})
        draft_replies(shipped(shop, *(f"a{number}" for number in range(6))), now=NOW)
        for reply in Reply.objects.select_related("project", "deployment", "feedback__customer"):
            queue(reply, by=ben)

        def work():
            try:
                send_replies()
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert sorted(sent.to[0] for sent in mail.outbox) == [
            f"c{number}@customer.example" for number in range(6)
        ]
        assert set(Reply.objects.values_list("state", flat=True)) == {"sent"}
