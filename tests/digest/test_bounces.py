"""Mails that come back: read from a real mailbox, and only believed where they are ours."""

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from digest.bounce_reading import Outcome, read_bounces, take_bounce
from digest.bounce_report import read_report
from digest.bounce_tasks import read_bounce_mailbox
from digest.bounces import resume
from digest.models import BounceMailbox, FindingMail, Issue, Subscription
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from tests.digest.bounced import exchange, postfix
from tests.digest.test_findings_mail import find, ring
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment
from tests.feedback.mail.conftest import dovecot, dovecot_server  # noqa: F401
from tests.feedback.mail.dovecot import PASSWORD, USER

MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ADA = "ada@example.com"


@pytest.fixture
def sent(shop, ada, ben, mailbox) -> Issue:
    """A digest that left for Ada."""
    make_rich_week(shop, ada, ben)
    issue = send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)
    assert issue
    return issue


def adas() -> Subscription:
    return Subscription.objects.get(user__email=ADA)


class TestAReport:
    def test_of_postfix_says_whose_mail_for_whom_and_why(self):
        report = read_report(postfix("<1@wake>", "Kim@X.test"))

        assert report.message_id == "<1@wake>"
        (failure,) = report.failures
        assert failure.addresses == {"kim@x.test"}
        assert (failure.action, failure.code) == ("failed", 550)
        assert str(failure) == "550 5.1.1 <nobody> User unknown"

    def test_of_exchange_is_read_by_its_words_where_its_status_says_little(self):
        report = read_report(exchange("<1@wake>", "kim@x.test"))

        assert report.message_id == "<1@wake>"
        assert str(report.failures[0]).startswith("550 5.1.10 RESOLVER.ADR.RecipientNotFound")

    def test_without_words_has_the_code_that_its_status_means(self):
        raw = postfix("<1@wake>", "kim@x.test", said="", status="5.1.1")

        assert str(read_report(raw).failures[0]) == "550 5.1.1"

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\xff\xfe\x00",
            b"Subject: I am on holiday\nAuto-Submitted: auto-replied\n\nBack on Monday.",
            b"Content-Type: multipart/report; boundary=B\n\n--B\n\n--B--",
            b"Content-Type: multipart/report; boundary=B\n\n--B\n"
            b"Content-Type: message/delivery-status\n\nAction: failed\n--B--",
        ],
    )
    def test_is_nothing_else(self, raw):
        assert read_report(raw) is None


class TestTakingABounce:
    def test_pauses_the_address_with_what_the_server_said(self, sent):
        assert take_bounce(postfix(sent.message_id, ADA), now=MONDAY) == Outcome.PAUSED

        reason = "A mail came back: 550 5.1.1 <nobody> User unknown"
        assert (adas().paused_at, adas().pause_reason) == (MONDAY, reason)

    def test_is_told_on_the_readers_page(self, sent, as_ada):
        take_bounce(exchange(sent.message_id, ADA), now=MONDAY)

        page = as_ada.get("/p/shop/digest/").content.decode()
        assert "RecipientNotFound" in page
        assert "Nothing is sent to" in page

    def test_of_a_mail_about_findings_pauses_too(self, shop, ada, ben, mailbox):
        find(make_deployment(shop, "2.0", shipped_at=NOW - DAY, by=ADA))
        ring()
        raw = postfix(FindingMail.objects.get().message_id, ADA)

        assert take_bounce(raw, now=NOW) == Outcome.PAUSED
        assert adas().paused_at == NOW

    def test_that_came_twice_changes_nothing_the_second_time(self, sent):
        take_bounce(postfix(sent.message_id, ADA), now=MONDAY)

        assert take_bounce(postfix(sent.message_id, ADA), now=MONDAY + DAY) == Outcome.KNOWN
        assert adas().paused_at == MONDAY

    @pytest.mark.parametrize(
        ("facts", "outcome"),
        [
            ({"said": "552 5.2.2 over quota", "status": "5.2.2"}, Outcome.NOT_FOR_GOOD),
            ({"said": "451 4.4.1 no answer", "status": "4.4.1"}, Outcome.NOT_FOR_GOOD),
            ({"said": "550 5.7.1 spam", "status": "5.7.1"}, Outcome.NOT_FOR_GOOD),
            ({"action": "delayed"}, Outcome.NOT_FOR_GOOD),
            ({"action": "delivered", "said": "250 ok", "status": "2.0.0"}, Outcome.NOT_FOR_GOOD),
            ({"final": "kim@elsewhere.test"}, Outcome.PAUSED),  # ... but first it was for Ada
        ],
    )
    def test_pauses_only_for_good(self, sent, facts, outcome):
        assert take_bounce(postfix(sent.message_id, ADA, **facts), now=MONDAY) == outcome
        assert bool(adas().paused_at) is (outcome == Outcome.PAUSED)

    @pytest.mark.parametrize(
        ("message_id", "address"),
        [("<made-up@wake.example.com>", ADA), ("", ADA), ("ours", "ben@example.com")],
    )
    def test_that_is_made_up_by_a_stranger_pauses_nobody(self, sent, ben, message_id, address):
        subscribe(sent.project, ben, now=NOW)
        raw = postfix(sent.message_id if message_id == "ours" else message_id, address)

        assert take_bounce(raw, now=MONDAY) == Outcome.NOT_OURS
        assert not Subscription.objects.exclude(paused_at=None).exists()


class TestTheCommand:
    def test_takes_a_mail_that_a_mail_server_pipes_in(self, sent, monkeypatch, capsys):
        piped = io.TextIOWrapper(io.BytesIO(postfix(sent.message_id, ADA)))
        monkeypatch.setattr(sys, "stdin", piped)

        call_command("read_bounces", "--stdin")

        assert capsys.readouterr().out == "One mail: its address is paused.\n"
        assert adas().paused_at

    def test_says_what_is_missing(self, db):
        with pytest.raises(CommandError, match="BOUNCE_MAILBOX_URL is not set"):
            call_command("read_bounces")

    def test_says_how_the_address_of_a_mailbox_is_written(self, db, settings):
        settings.BOUNCE_MAILBOX_URL = "pop3://x"

        with pytest.raises(CommandError, match="imaps://user:password@host"):
            call_command("read_bounces")


class TestTheMailbox:
    @pytest.fixture
    def box(self, dovecot, settings):  # noqa: F811
        user, password = USER.replace("@", "%40"), PASSWORD.replace(" ", "%20")
        password = password.replace('"', "%22").replace("\\", "%5C")
        password = password.replace("{", "%7B").replace("}", "%7D")
        settings.BOUNCE_MAILBOX_URL = f"imaps://{user}:{password}@localhost:{dovecot.imaps}/INBOX"
        return dovecot

    def test_is_read_and_the_address_paused(self, sent, box, capsys):
        box.deliver(postfix(sent.message_id, ADA))
        box.deliver(b"Subject: Buy now\n\nCheap watches")

        call_command("read_bounces")

        assert capsys.readouterr().out.splitlines() == [
            "1 mail: it is no report of a delivery.",
            "1 mail: its address is paused.",
        ]
        assert adas().paused_at

    def test_is_read_on_from_where_it_was_left(self, sent, box):
        now = datetime.now(UTC)
        box.deliver(postfix(sent.message_id, ADA))
        read_bounces(now=now)
        resume(adas(), now=now)

        assert not read_bounces(now=now + 6 * MINUTE)
        assert adas().paused_at is None

    def test_is_not_changed(self, sent, box):
        box.deliver(postfix(sent.message_id, ADA))

        read_bounces(now=datetime.now(UTC))

        kept = list((box.folder / "mail").rglob("*.test*"))
        assert len(kept) == 1
        assert "S" not in kept[0].name.partition(",")[2]  # nobody has read it

    def test_that_another_worker_reads_is_left_to_it(self, sent, box):
        now = datetime.now(UTC)
        read_bounces(now=now)
        box.deliver(postfix(sent.message_id, ADA))
        BounceMailbox.objects.update(claimed_at=now + 5 * MINUTE)

        assert not read_bounces(now=now + 6 * MINUTE)

    def test_that_cannot_be_read_is_told_to_owners_and_tried_again(
        self, shop, box, settings, as_ada, as_ben
    ):
        good = settings.BOUNCE_MAILBOX_URL
        settings.BOUNCE_MAILBOX_URL = good.replace("/INBOX", "/Bounces")
        read_bounce_mailbox()

        words = "There is no folder “Bounces”"
        assert words in as_ada.get("/p/shop/digest/").content.decode()
        assert words not in as_ben.get("/p/shop/digest/").content.decode()
        settings.BOUNCE_MAILBOX_URL = good
        with time_machine.travel(datetime.now(UTC) + 6 * MINUTE):
            read_bounce_mailbox()
        assert words not in as_ada.get("/p/shop/digest/").content.decode()

    def test_is_none_of_the_bells_business_where_there_is_none(self, db):
        read_bounce_mailbox()

        assert not BounceMailbox.objects.exists()


class TestTheSender:
    def test_is_the_address_that_bounces_come_back_to(self, shop, ada, ben, mailbox, settings):
        settings.BOUNCE_ADDRESS = "bounces@wake.example.com"
        settings.DEFAULT_FROM_EMAIL = "Wake <wake@example.com>"
        make_rich_week(shop, ada, ben)
        send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)

        assert mailbox.senders == ["bounces@wake.example.com"]
        assert mailbox.mails[0]["From"] == "Wake <wake@example.com>"

    def test_is_the_sender_of_all_mails_where_none_is_set(self, sent, mailbox):
        assert mailbox.senders == ["wake@localhost"]
