"""What a mail server says to mails at once, and what comes of a worker that dies meanwhile."""

import pytest

from digest import handover
from digest.bounces import resume
from digest.findings import note_finding_mails
from digest.findings_sending import send_finding_mail
from digest.models import FindingMail, Subscription
from digest.subscribe import subscribe
from learning.models import FindingNotice
from tests.digest.test_findings_mail import DAY, HOUR, MINUTE, find, ring
from tests.factories import NOW, make_deployment

PAGE = "/p/shop/digest/"


class Killed(BaseException):
    """Stands for a worker that dies: nothing of Wake catches it."""


@pytest.fixture
def ship(shop, ada, ben):
    ship = make_deployment(shop, "2.0", shipped_at=NOW - 2 * DAY, by="ada@example.com")
    find(ship)
    return ship


def hang_up(*_args):
    raise ConnectionResetError("the line went dead")


class TestAWorkerThatDiesWithTheMailInItsHands:
    @pytest.fixture
    def orphan(self, ship, mailbox, monkeypatch) -> FindingMail:
        give = handover._give

        def dying(*args):
            give(*args)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(handover, "_give", dying)
            with pytest.raises(Killed):
                ring()
        return FindingMail.objects.get()

    def test_is_not_followed_by_a_second_mail(self, orphan, mailbox):
        assert [ring(NOW + wait) for wait in (MINUTE, 16 * MINUTE, HOUR, DAY)] == [0, 0, 0, 0]
        assert len(mailbox.mails) == 1

    def test_leaves_a_mail_that_says_that_nobody_can_know(self, orphan, mailbox):
        ring(NOW + 16 * MINUTE)

        orphan.refresh_from_db()
        assert (orphan.sent_at, orphan.doubted_at) == (None, NOW + 16 * MINUTE)
        assert FindingNotice.objects.get().told_at == NOW + 16 * MINUTE

    def test_is_told_on_the_readers_page_and_on_nobody_elses(self, orphan, mailbox, as_ada, as_ben):
        ring(NOW + 16 * MINUTE)

        words = "One mail about findings may not have arrived"
        assert words in as_ada.get(PAGE).content.decode()
        assert words not in as_ben.get(PAGE).content.decode()

    def test_that_was_only_asleep_does_not_send_what_another_has_sent(
        self, ship, mailbox, monkeypatch
    ):
        agree = handover._agree

        def slow(smtp, mail):
            monkeypatch.setattr(handover, "_agree", agree)
            agree(smtp, mail)
            send_finding_mail(FindingMail.objects.get(), now=NOW + 16 * MINUTE)

        monkeypatch.setattr(handover, "_agree", slow)

        assert ring() == 0
        assert len(mailbox.mails) == 1
        assert FindingMail.objects.get().sent_at == NOW + 16 * MINUTE


class TestAConnectionThatBreaks:
    def test_while_the_mail_is_given_away_is_no_reason_to_send_it_twice(
        self, ship, mailbox, monkeypatch
    ):
        with monkeypatch.context() as patch:
            patch.setattr("smtplib.SMTP.data", hang_up)
            ring()

        assert FindingMail.objects.get().doubted_at == NOW
        assert ring(NOW + HOUR) == 0

    def test_before_that_is(self, ship, mailbox, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(handover, "_agree", hang_up)
            ring()

        assert ring(NOW + 15 * MINUTE) == 1


class TestAnAddressThatIsRefused:
    @pytest.fixture
    def refused(self, ship, mailbox, shop, ada):
        mailbox.unknown = {"ada@example.com": "550 5.1.1 No such <person> here"}
        ring()
        mailbox.unknown = {}
        return subscribe(shop, ada, now=NOW)

    def test_is_paused_for_digests_too_with_the_words_of_the_server(self, refused):
        assert refused.paused_at == NOW
        assert refused.pause_reason == "550 5.1.1 No such <person> here"

    def test_is_sent_nothing_more_and_no_mail_waits(self, refused, ship, mailbox):
        find(ship, "b")

        assert (note_finding_mails(now=NOW + DAY), ring(NOW + DAY)) == (0, 0)
        assert not FindingMail.objects.exists()
        assert mailbox.mails == []

    def test_a_mail_that_was_noted_before_the_pause_is_dropped(self, ship, mailbox, shop, ada):
        note_finding_mails(now=NOW)
        subscribe(shop, ada, now=NOW)
        Subscription.objects.update(paused_at=NOW, pause_reason="550 gone")

        assert not send_finding_mail(FindingMail.objects.get(), now=NOW)
        assert (mailbox.mails, FindingMail.objects.count()) == ([], 0)

    def test_is_told_what_is_still_fresh_when_a_person_has_it_sent_again(self, refused, mailbox):
        resume(refused, now=NOW + HOUR)

        assert ring(NOW + HOUR) == 1

    def test_is_only_tried_later_if_it_is_full(self, ship, mailbox):
        mailbox.unknown = {"ada@example.com": "552 5.2.2 mailbox full"}
        ring()

        mailbox.unknown = {}
        assert ring(NOW + 15 * MINUTE) == 1


class TestWhatWaitsForTheMailServer:
    @pytest.fixture
    def down(self, ship, shop, ada, ben, mailbox):
        subscribe(shop, ada, now=NOW)
        bens = subscribe(shop, ben, now=NOW)
        mailbox.refuses = "451 come back <later>"
        ring()
        Subscription.objects.filter(pk=bens.pk).update(
            problem="OSError: refused", retry_at=NOW, attempts=1
        )

    def test_is_counted_for_all_members_with_what_the_server_said(self, down, as_ada, as_ben):
        for client in (as_ada, as_ben):
            page = client.get(PAGE).content.decode()
            assert "1 digest and 1 mail about findings could not leave yet" in page
            assert "451 come back &lt;later&gt;" in page

    def test_is_none_of_a_viewers_business(self, down, as_vic):
        assert "could not leave yet" not in as_vic.get(PAGE).content.decode()

    def test_is_not_said_of_other_projects(self, down, as_cleo):
        assert "could not leave yet" not in as_cleo.get("/p/bakery/digest/").content.decode()

    def test_is_said_no_more_once_it_left(self, down, mailbox, as_ada):
        mailbox.refuses = ""
        Subscription.objects.update(problem="", retry_at=None)

        assert ring(NOW + 15 * MINUTE) == 1
        assert "could not leave yet" not in as_ada.get(PAGE).content.decode()
