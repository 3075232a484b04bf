"""What a mail server says yes and no to, and what comes of a worker that dies meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest import handover
from digest.bounces import is_hard, resume
from digest.models import Issue, Subscription
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment, make_feedback, make_member, make_project

PAGE = "/p/shop/digest/"
MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)


class Killed(BaseException):
    """Stands for a worker that dies: nothing of Wake catches it."""


@pytest.fixture
def due(shop, ada, ben) -> Subscription:
    make_rich_week(shop, ada, ben)
    return subscribe(shop, ada, now=NOW)


def die_after(step, monkeypatch):
    """Let a worker die right after a step of handing over has been done."""

    def dying(*args):
        step(*args)
        raise Killed

    monkeypatch.setattr(handover, step.__name__, dying)


class TestAWorkerThatDiesWithTheMailInItsHands:
    @pytest.fixture
    def orphan(self, due, mailbox, monkeypatch) -> Subscription:
        with monkeypatch.context() as patch:
            die_after(handover._give, patch)
            with pytest.raises(Killed):
                send_digest_to(due, now=MONDAY)
        return due

    def test_is_not_followed_by_a_second_mail(self, orphan, mailbox):
        for minutes in (1, 16, 40):
            assert send_digest_to(orphan, now=MONDAY + minutes * MINUTE) is None

        assert len(mailbox.mails) == 1

    def test_leaves_an_issue_that_says_that_nobody_can_know(self, orphan, mailbox):
        send_digest_to(orphan, now=MONDAY + 16 * MINUTE)

        issue = Issue.objects.get()
        assert (issue.sent_at, issue.doubted_at) == (None, MONDAY + 16 * MINUTE)

    def test_does_not_keep_the_next_one_from_coming(self, orphan, mailbox):
        send_digest_to(orphan, now=MONDAY + 16 * MINUTE)

        assert send_digest_to(orphan, now=MONDAY + WEEK)
        assert len(mailbox.mails) == 2

    def test_is_told_on_the_page_with_a_link_to_read_it(self, orphan, mailbox, as_ada):
        send_digest_to(orphan, now=MONDAY + 16 * MINUTE)

        page = as_ada.get(PAGE).content.decode()
        assert "One digest may not have arrived" in page
        assert as_ada.get(f"{PAGE}{Issue.objects.get().pk}/").status_code == 200

    def test_that_was_only_asleep_does_not_send_what_another_has_sent(
        self, due, mailbox, monkeypatch
    ):
        agree = handover._agree

        def slow(smtp, mail):
            monkeypatch.setattr(handover, "_agree", agree)
            agree(smtp, mail)
            send_digest_to(Subscription.objects.get(pk=due.pk), now=MONDAY + 16 * MINUTE)

        monkeypatch.setattr(handover, "_agree", slow)

        assert send_digest_to(due, now=MONDAY) is None
        assert len(mailbox.mails) == 1
        assert Issue.objects.get().sent_at == MONDAY + 16 * MINUTE


class TestAConnectionThatBreaks:
    def test_while_the_mail_is_given_away_is_no_reason_to_send_it_twice(
        self, due, mailbox, monkeypatch
    ):
        def hang_up(*args):
            raise ConnectionResetError("the line went dead")

        monkeypatch.setattr("smtplib.SMTP.data", hang_up)
        assert send_digest_to(due, now=MONDAY) is None
        monkeypatch.undo()

        due.refresh_from_db()
        assert Issue.objects.get().doubted_at == MONDAY
        assert due.next_due_at == MONDAY + WEEK

    def test_before_that_is(self, due, mailbox, monkeypatch):
        def hang_up(*args):
            raise ConnectionResetError("the line went dead")

        with monkeypatch.context() as patch:
            patch.setattr(handover, "_agree", hang_up)
            send_digest_to(due, now=MONDAY)

        assert send_digest_to(due, now=MONDAY + 15 * MINUTE)
        assert len(mailbox.mails) == 1

    def test_only_at_the_farewell_matters_to_nobody(self, due, mailbox, monkeypatch):
        def hang_up(*args):
            raise ConnectionResetError("the line went dead")

        monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.close", hang_up)

        assert send_digest_to(due, now=MONDAY)
        assert Issue.objects.get().sent_at == MONDAY


class TestAnAddressThatIsRefused:
    @pytest.fixture
    def refused(self, due, mailbox) -> Subscription:
        mailbox.unknown = {"ada@example.com": "550 5.1.1 No such <person> here"}
        send_digest_to(due, now=MONDAY)
        due.refresh_from_db()
        return due

    def test_is_paused_with_the_words_of_the_server(self, refused):
        assert refused.paused_at == MONDAY
        assert refused.pause_reason == "550 5.1.1 No such <person> here"

    def test_is_sent_nothing_more(self, refused, mailbox):
        mailbox.unknown = {}

        assert send_digest_to(refused, now=MONDAY + WEEK) is None
        assert mailbox.mails == []

    def test_is_told_on_the_page(self, refused, as_ada, as_ben):
        assert "No such &lt;person&gt; here" in as_ada.get(PAGE).content.decode()
        assert "No such &lt;person&gt; here" in as_ben.get(f"{PAGE}recipients/").content.decode()

    def test_comes_again_when_a_person_says_so(self, refused, mailbox, as_ada):
        as_ada.post(f"{PAGE}resume/")
        mailbox.unknown = {}
        refused.refresh_from_db()

        assert refused.paused_at is None
        assert send_digest_to(refused, now=refused.next_due_at)

    def test_is_paused_in_other_projects_too_and_nobody_else_is(self, shop, ada, ben, mailbox):
        other = make_project("Depot", owner=ada)
        make_member(other, ben)
        theirs = subscribe(other, ada, now=NOW)
        bens = subscribe(other, ben, now=NOW)
        make_rich_week(shop, ada, ben)
        mailbox.unknown = {"ada@example.com": "550 no such user"}

        send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)

        theirs.refresh_from_db()
        bens.refresh_from_db()
        assert (theirs.paused_at, bens.paused_at) == (MONDAY, None)

    def test_is_only_tried_later_if_it_is_full(self, due, mailbox):
        mailbox.unknown = {"ada@example.com": "552 5.2.2 mailbox full"}
        send_digest_to(due, now=MONDAY)

        due.refresh_from_db()
        assert (due.paused_at, due.attempts) == (None, 1)

    def test_resuming_does_not_send_what_fell_due_meanwhile(self, refused, mailbox):
        resume(refused, now=MONDAY + 8 * MINUTE)

        refused.refresh_from_db()
        assert refused.next_due_at == MONDAY + WEEK


class TestIsHard:
    @pytest.mark.parametrize(
        ("code", "reply", "hard"),
        [
            (550, "5.1.1 User unknown", True),
            (550, "5.2.1 This mailbox is disabled", True),
            (550, "No such user here", True),
            (553, "5.1.3 Bad address syntax", True),
            (450, "4.2.1 Try again", False),
            (550, "5.7.1 Relaying denied", False),
            (554, "Relay access denied", False),
            (550, "relay not permitted", False),
            (552, "5.2.2 Over quota", False),
            (530, "5.7.0 Authentication required", False),
            (550, "5.1.8 Sender address does not exist", False),
        ],
    )
    def test_is_what_the_server_says_of_the_address_and_not_of_us(self, code, reply, hard):
        assert is_hard(code, reply) is hard


class TestTheCost:
    def test_of_one_digest_does_not_grow_with_the_projects_history(
        self, due, shop, ben, mailbox, django_assert_max_num_queries
    ):
        bens = subscribe(shop, ben, now=NOW)
        with CaptureQueriesContext(connection) as young:
            assert send_digest_to(due, now=MONDAY)
        for n in range(60):
            make_feedback(shop, f"Long ago {n}", created_at=NOW - timedelta(days=40 + n))
            make_deployment(shop, shipped_at=NOW - timedelta(days=40 + n))

        with django_assert_max_num_queries(len(young)):
            assert send_digest_to(bens, now=MONDAY)
        assert len(young) <= 70
