import re
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client

from digest import handover
from digest.finding_tasks import send_due_finding_mails
from digest.findings import choice_of, note_finding_mails
from digest.findings_sending import send_finding_mail
from digest.models import FindingMail
from feedback.handling import assign
from learning.findings_feedback import escalate_feedback
from learning.findings_people import (
    NotPossible,
    able,
    claim,
    close,
    escalate_unseen,
    hand_over,
    note_seen,
    tell,
)
from learning.linking import link_feedback
from learning.models import Finding, FindingChoice, FindingNotice
from tests.factories import NOW, make_deployment, make_feedback, make_project

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
EVENING = datetime(2026, 3, 18, 21, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 19, 8, 0, tzinfo=UTC)


def find(ship, key="a", *, kind="rating_fell", at=NOW, **facts):
    finding = Finding.objects.create(
        project=ship.project, deployment=ship, kind=kind, key=key, found_at=at,
        **{"headline": f"The rating fell, {key}", "score": 1.0, **facts},
    )  # fmt: skip
    tell(finding)
    return finding


def ring(now=NOW):
    """Do what the bell and the workers do, one after the other; return how many mails left."""
    note_finding_mails(now=now)
    return sum(send_finding_mail(mail, now=now) for mail in FindingMail.objects.due(now))


@pytest.fixture
def ship(shop, ben):
    return make_deployment(
        shop, "2.0", shipped_at=NOW - 2 * DAY, title="Shorter checkout", by="ada@example.com"
    )


@pytest.fixture
def told(shop, ship):
    """A finding with a customer's words, found a moment ago."""
    item = make_feedback(shop, "المتجر لا يعمل <b>now</b>", rating=1, created_at=NOW - DAY)
    link_feedback(shop, now=NOW)
    return find(
        ship, kind="said_by_several",
        headline="Customers started saying “spinner”: 6 of 40 since, nobody before",
        evidence={"phrases": ["spinner"], "feedback": [item.pk], "before": 0, "before_total": 90,
                  "after": 6, "after_total": 40},
    )  # fmt: skip


class TestTheMail:
    def test_reaches_who_shipped_and_nobody_else(self, told, mailbox):
        assert ring() == 1
        assert mailbox.recipients == ["ada@example.com"]

    def test_says_the_news_in_its_subject(self, told, mailbox):
        ring()

        subject = mailbox.mails[0]["Subject"]
        assert subject == "Customers started saying “spinner”: 6 of 40 since, nobody before · Shop"

    def test_carries_its_text_first_and_the_headers_of_its_own_list(self, told, mailbox, ada, shop):
        ring()

        mail = mailbox.mails[0]
        kinds = [part.get_content_type() for part in mail.iter_parts()]
        token = choice_of(shop, ada).token
        assert kinds == ["text/plain", "text/html"]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Id"] == "Wake findings <shop.findings.wake.example.com>"
        assert mail["List-Unsubscribe"] == (
            f"<https://wake.example.com/digest/findings/off/{token}/>"
        )
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert len(mailbox.raw[0]) < 30_000

    def test_every_link_in_it_leads_somewhere(self, told, mailbox, as_ada):
        ring()

        text, html = (part.get_content() for part in mailbox.mails[0].iter_parts())
        links = {a["href"] for a in BeautifulSoup(html, "html5lib").find_all("a")}
        assert {urlsplit(link).netloc for link in links} == {"wake.example.com"}
        assert links == set(re.findall(r"https?://\S+", text))
        found = {link: as_ada.get(urlsplit(link).path).status_code for link in links}
        assert set(found.values()) == {200}, found

    def test_quotes_customers_escaped_and_keeps_their_direction(self, told, mailbox):
        ring()

        text, html = (part.get_content() for part in mailbox.mails[0].iter_parts())
        assert "&lt;b&gt;now&lt;/b&gt;" in html
        assert "\u2068المتجر" in text

    def test_takes_the_answer_from_its_link_without_a_sign_in(self, told, mailbox):
        ring()

        text = mailbox.mails[0].get_body(("plain",)).get_content()
        link = urlsplit(re.search(r"Noise: (\S+)", text)[1])
        Client().post(link.path, {"worth": "noise"})

        assert FindingNotice.objects.get().worth == "noise"


class TestOnlyWhatDeservesIt:
    def test_good_news_waits_for_the_digest(self, ship, mailbox):
        find(ship, kind="complaint_stopped")

        assert ring() == 0

    def test_a_ship_with_nothing_to_say_sends_nothing(self, ship, mailbox):
        assert ring() == 0
        assert not FindingMail.objects.exists()

    def test_what_was_seen_closed_claimed_or_is_old_sends_nothing(self, ship, ada, ben, mailbox):
        note_seen(find(ship, "seen"), ada, now=NOW)
        close(find(ship, "closed"), by=ben, reason="", now=NOW)
        claim(find(ship, "claimed"), by=ben, now=NOW)
        find(ship, "old", at=NOW - 4 * DAY)

        assert ring() == 0

    def test_several_about_one_ship_are_one_mail_the_strongest_first(self, ship, mailbox):
        find(ship, "small", score=1.1)
        find(ship, "large", score=5.0)

        assert ring() == 1
        assert mailbox.mails[0]["Subject"] == "The rating fell, large and 1 more · Shop"

    def test_a_second_one_of_the_day_waits_for_tomorrow(self, ship, mailbox):
        find(ship, "first")
        ring()
        find(ship, "second")

        assert ring(NOW + HOUR) == 0
        assert ring(NOW + DAY) == 1

    def test_two_ships_are_two_mails(self, shop, ship, mailbox):
        find(ship, "one")
        find(make_deployment(shop, "2.1", shipped_at=NOW - DAY), "two")

        assert ring() == 2

    def test_a_night_is_quiet_and_what_is_found_in_it_is_one_mail_in_the_morning(
        self, ship, mailbox
    ):
        find(ship, "late", at=EVENING)
        assert ring(EVENING) == 0
        find(ship, "later", at=EVENING + HOUR)
        assert ring(EVENING + HOUR) == 0

        assert ring(MORNING) == 1
        assert "and 1 more" in mailbox.mails[0]["Subject"]

    def test_what_was_seen_in_the_night_is_not_mailed_in_the_morning(self, ship, ada, mailbox):
        finding = find(ship, at=EVENING)
        ring(EVENING)
        note_seen(finding, ada, now=EVENING + HOUR)

        assert ring(MORNING) == 0
        assert not FindingMail.objects.exists()

    def test_comes_on_the_readers_own_clock(self, ship, ada, mailbox):
        ada.timezone = "Pacific/Auckland"  # NOW is one in the night there
        ada.save()
        find(ship)

        assert ring() == 0
        assert FindingMail.objects.get().due_at == NOW + 7 * HOUR

    def test_whoever_switched_it_off_gets_none(self, shop, ship, ada, mailbox):
        find(ship)
        link = f"/digest/findings/off/{choice_of(shop, ada).token}/"
        Client().get(link)
        assert FindingChoice.objects.get().is_mailed
        Client().post(link)

        assert ring() == 0

    def test_whoever_left_the_team_gets_none(self, shop, ship, ada, mailbox):
        find(ship)
        note_finding_mails(now=NOW)
        shop.memberships.filter(user=ada).delete()

        assert ring() == 0


class TestWhomItIsFor:
    def test_a_ship_nobody_is_known_for_goes_to_the_owners_and_those_who_asked(
        self, shop, ada, ben, vic
    ):
        ship = make_deployment(shop, "3.0", by="bot@ci.example.com")

        assert [one.user for one in find(ship).notices.all()] == [ada]

        FindingChoice.objects.create(project=shop, user=ben, hears_of_unknown=True)
        assert {one.user for one in find(ship, "b").notices.all()} == {ada, ben}

    def test_viewers_and_other_teams_are_never_told(self, shop, ship, vic, cleo):
        make_project("Third", owner=vic)
        finding = find(ship)

        assert set(able(shop)) == {*shop.members.exclude(pk=vic.pk)}
        with pytest.raises(NotPossible):
            hand_over(finding, to=cleo, by=shop.members.first(), reason="x", now=NOW)


class TestEscalation:
    def test_tells_the_whole_team_once_when_nobody_looked_in_time(self, ship, ada, ben, mailbox):
        finding = find(ship)
        assert escalate_unseen(now=NOW + 23 * HOUR) == 0
        assert escalate_unseen(now=NOW + 24 * HOUR) == 1
        assert escalate_unseen(now=NOW + 48 * HOUR) == 0

        assert {notice.user for notice in finding.notices.all()} == {ada, ben}
        assert [event.kind for event in finding.events.all()] == ["escalated"]

    def test_is_mailed_with_its_reason_to_those_who_did_not_ship(self, ship, mailbox):
        find(ship)
        ring()
        escalate_unseen(now=NOW + DAY)

        assert ring(NOW + DAY) == 1
        assert mailbox.recipients[-1] == "ben@example.com"
        assert "Nobody whom it was for has looked at it in time" in re.sub(
            r"\s+", " ", mailbox.mails[-1].get_body(("plain",)).get_content()
        )

    @pytest.mark.parametrize("what", ["seen", "claimed", "closed", "good news"])
    def test_does_not_come_where_somebody_did(self, ship, ada, what):
        kind = "complaint_stopped" if what == "good news" else "rating_fell"
        finding = find(ship, kind=kind)
        if what == "seen":
            note_seen(finding, ada, now=NOW)
        elif what == "claimed":
            claim(finding, by=ada, now=NOW)
        elif what == "closed":
            close(finding, by=ada, reason="", now=NOW)

        assert escalate_unseen(now=NOW + 2 * DAY) == 0

    def test_bad_ratings_of_a_fresh_ship_that_nobody_opened_are_one_mail(self, shop, ship, mailbox):
        for number in range(30):
            make_feedback(
                shop, f"Broken {number}", rating=1, version="2.0", created_at=NOW - 47 * HOUR
            )
        link_feedback(shop, now=NOW)
        later = NOW + 3 * DAY

        assert escalate_feedback(shop, now=NOW) == 0
        assert escalate_feedback(shop, now=later) == 30
        assert escalate_feedback(shop, now=later) == 0
        assert (ring(later), ring(later + HOUR), ring(later + DAY)) == (2, 0, 0)
        assert "30 bad ratings of fresh ships nobody has opened" in mailbox.mails[0]["Subject"]


class TestHandingOver:
    def test_a_finding_is_told_in_one_mail_with_the_reason(self, ship, ada, ben, mailbox):
        finding = find(ship, kind="complaint_stopped")
        hand_over(finding, to=ben, by=ada, reason="You know the checkout", now=NOW)

        assert (ring(), ring(NOW + HOUR)) == (1, 0)
        assert mailbox.recipients == ["ben@example.com"]
        text = mailbox.mails[0].get_body(("plain",)).get_content()
        assert "Ada handed it over to you: You know the checkout" in text

    def test_feedback_is_told_in_one_mail_a_day(self, shop, ship, ada, ben, mailbox):
        for number in range(3):
            item = make_feedback(shop, f"Broken {number}", rating=2)
            assign(item, ben, by=ada, now=NOW, because="Yours")

        assert (ring(), ring(NOW + HOUR), ring(NOW + DAY)) == (1, 0, 0)
        assert mailbox.mails[0]["Subject"] == "3 things customers said handed over to you · Shop"
        assert "Ada handed it over to you: Yours" in (
            mailbox.mails[0].get_body(("plain",)).get_content()
        )

    def test_taking_feedback_on_oneself_tells_nobody(self, shop, ship, ben, mailbox):
        assign(make_feedback(shop, "Broken"), ben, by=ben, now=NOW)

        assert ring() == 0


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def test_send_one_mail_between_them(self, told, database_on_disk, mailbox):
        note_finding_mails(now=NOW)
        mail, start, sent = FindingMail.objects.get(), threading.Barrier(2), []

        def work() -> None:
            mine = FindingMail.objects.get(pk=mail.pk)
            start.wait()
            try:
                sent.append(send_finding_mail(mine, now=NOW))
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert len(mailbox.mails) == 1
        assert sorted(sent) == [False, True]


class Killed(BaseException):
    """Stands for a worker that dies: nothing of Wake catches it."""


def die(*_args):
    raise Killed


class TestWhenSomethingFails:
    def test_a_worker_that_dies_is_replaced_and_the_same_mail_leaves(
        self, told, mailbox, monkeypatch
    ):
        monkeypatch.setattr(handover, "_agree", die)
        with pytest.raises(Killed):
            ring()
        monkeypatch.undo()
        written = FindingMail.objects.get()

        assert (ring(NOW + MINUTE), ring(NOW + 16 * MINUTE), ring(NOW + HOUR)) == (0, 1, 0)
        assert [mail["Message-ID"] for mail in mailbox.mails] == [written.message_id]
        assert FindingNotice.objects.get().told_at == NOW + 16 * MINUTE

    def test_a_server_that_refuses_is_tried_again_later(self, told, mailbox):
        mailbox.refuses = "451 come back later"
        assert ring() == 0
        assert "451" in FindingMail.objects.get().problem

        mailbox.refuses = ""
        assert (ring(NOW + MINUTE), ring(NOW + 15 * MINUTE)) == (0, 1)

    def test_one_that_refuses_for_days_is_given_up(self, told, mailbox):
        mailbox.refuses = "451 come back later"
        ring()

        assert ring(NOW + 4 * DAY) == 0
        assert not FindingMail.objects.exists()

    def test_the_bell_does_it_all(self, told, mailbox):
        from config.celery import app

        app.conf.task_always_eager = True
        try:
            with time_machine.travel(NOW, tick=False):
                send_due_finding_mails()
        finally:
            app.conf.task_always_eager = False

        assert mailbox.recipients == ["ada@example.com"]
