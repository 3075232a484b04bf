import re
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client

from accounts.models import Membership
from config.celery import app
from digest import handover, reviews
from digest.models import Issue, Subscription
from digest.sending import LONGEST_WAIT, send_digest_to
from digest.subscribe import (
    Choice,
    change_subscription,
    ensure_subscriptions,
    subscribe,
    turn,
)
from digest.tasks import send_due_digests, send_one_digest, send_some_digests
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment, make_project, make_user

MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)  # the first one due after NOW
MINUTE = timedelta(minutes=1)


@pytest.fixture
def due(shop, ada, ben) -> Subscription:
    """Ada's subscription, whose time comes on MONDAY, to a project with news."""
    make_rich_week(shop, ada, ben)
    return subscribe(shop, ada, now=NOW)


class Killed(BaseException):
    """Stands for a worker that dies: nothing of Wake catches it."""


def die(*_args):
    raise Killed


def fail(*_args):
    raise ValueError("a stroke of bad luck")


class TestTheMail:
    def test_reaches_the_reader_over_smtp(self, due, mailbox):
        send_digest_to(due, now=MONDAY)

        assert mailbox.recipients == ["ada@example.com"]

    def test_carries_its_text_first_and_its_html_second(self, due, mailbox):
        send_digest_to(due, now=MONDAY)

        mail = mailbox.mails[0]
        kinds = [part.get_content_type() for part in mail.iter_parts()]
        assert mail.get_content_type() == "multipart/alternative"
        assert kinds == ["text/plain", "text/html"]

    def test_offers_the_one_click_way_out(self, due, mailbox):
        send_digest_to(due, now=MONDAY)

        mail = mailbox.mails[0]
        way_out = f"<https://wake.example.com/digest/unsubscribe/{due.token}/>"
        assert mail["List-Unsubscribe"] == way_out
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_says_that_a_machine_wrote_it_and_for_which_list(self, due, mailbox):
        send_digest_to(due, now=MONDAY)

        mail = mailbox.mails[0]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Id"] == "Wake digest <shop.digest.wake.example.com>"
        assert re.fullmatch(r"<[^@>]+@wake\.example\.com>", mail["Message-ID"])
        assert mail["Date"].datetime

    def test_names_each_header_once_and_has_no_overlong_line(self, due, mailbox):
        send_digest_to(due, now=MONDAY)

        names = [name.lower() for name in mailbox.mails[0]]
        assert len(names) == len(set(names))
        assert max(len(line) for line in mailbox.raw[0].split(b"\r\n")) <= 998

    def test_every_link_in_it_leads_somewhere(self, due, mailbox, as_ada):
        send_digest_to(due, now=MONDAY)

        text, html = (part.get_content() for part in mailbox.mails[0].iter_parts())
        links = {a["href"] for a in BeautifulSoup(html, "html5lib").find_all("a")}
        assert {urlsplit(link).netloc for link in links} == {"wake.example.com"}
        assert links == set(re.findall(r"https?://\S+", text))
        found = {link: as_ada.get(urlsplit(link).path).status_code for link in links}
        assert set(found.values()) == {200}, found

    def test_is_small(self, due, mailbox):
        send_digest_to(due, now=MONDAY)

        assert len(mailbox.raw[0]) < 100_000


class TestOnceAWeek:
    def test_nothing_is_sent_before_its_time(self, due, mailbox):
        assert send_digest_to(due, now=MONDAY - MINUTE) is None
        assert mailbox.mails == []

    def test_the_next_one_is_due_a_week_later(self, due, mailbox):
        send_digest_to(due, now=MONDAY + MINUTE)

        due.refresh_from_db()
        assert due.next_due_at == MONDAY + timedelta(days=7)

    def test_a_second_call_sends_nothing(self, due, mailbox):
        send_digest_to(due, now=MONDAY)
        send_digest_to(due, now=MONDAY + MINUTE)

        assert len(mailbox.mails) == 1

    def test_after_a_long_outage_one_mail_tells_of_the_last_week(self, due, mailbox):
        issue = send_digest_to(due, now=MONDAY + timedelta(days=23))

        assert issue.week_end_at == MONDAY + timedelta(days=21)
        assert len(mailbox.mails) == 1

    def test_the_issue_is_kept_as_it_was_sent(self, due, mailbox):
        issue = send_digest_to(due, now=MONDAY)

        issue.refresh_from_db()
        assert (issue.subject, issue.sent_at) == (mailbox.mails[0]["Subject"], MONDAY)
        assert issue.message_id == mailbox.mails[0]["Message-ID"]

    def test_a_project_that_nothing_ever_reached_has_no_news(self, ada, mailbox):
        subscription = subscribe(make_project("Empty", owner=ada), ada, now=NOW)

        assert send_digest_to(subscription, now=MONDAY) is None

        subscription.refresh_from_db()
        assert (mailbox.mails, subscription.next_due_at > MONDAY) == ([], True)

    def test_whoever_left_the_project_gets_nothing_more(self, due, ada, mailbox):
        Membership.objects.filter(user=ada).delete()

        assert send_digest_to(due, now=MONDAY) is None
        assert (mailbox.mails, Subscription.objects.filter(user=ada).exists()) == ([], False)


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def test_send_one_mail_between_them(self, due, database_on_disk, mailbox):
        start = threading.Barrier(2)
        sent: list[Issue | None] = []

        def work() -> None:
            mine = Subscription.objects.get(pk=due.pk)
            start.wait()
            try:
                sent.append(send_digest_to(mine, now=MONDAY))
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert len(mailbox.mails) == 1
        assert sorted(issue is None for issue in sent) == [False, True]


class TestWhenAWorkerDies:
    def test_before_the_mail_left_another_sends_the_same_mail(self, due, mailbox, monkeypatch):
        monkeypatch.setattr(handover, "_agree", die)
        with pytest.raises(Killed):
            send_digest_to(due, now=MONDAY)
        monkeypatch.undo()
        written = Issue.objects.get()

        too_soon = send_digest_to(due, now=MONDAY + MINUTE)
        issue = send_digest_to(due, now=MONDAY + 16 * MINUTE)

        assert (too_soon, issue) == (None, written)
        assert [mail["Message-ID"] for mail in mailbox.mails] == [written.message_id]

    def test_after_the_mail_left_it_is_not_sent_again(self, due, mailbox, monkeypatch):
        monkeypatch.setattr("digest.sending._move_on", die)
        with pytest.raises(Killed):
            send_digest_to(due, now=MONDAY)
        monkeypatch.undo()

        send_digest_to(due, now=MONDAY + 16 * MINUTE)

        due.refresh_from_db()
        assert len(mailbox.mails) == 1
        assert due.next_due_at == MONDAY + timedelta(days=7)


class TestWhenTheMailServerFails:
    def test_the_reason_is_kept(self, due, mailbox):
        mailbox.refuses = "451 come back later"

        assert send_digest_to(due, now=MONDAY) is None

        due.refresh_from_db()
        assert "come back later" in due.problem

    def test_it_is_sent_later_and_the_problem_forgotten(self, due, mailbox):
        mailbox.refuses = "451 come back later"
        send_digest_to(due, now=MONDAY)
        mailbox.refuses = ""

        send_digest_to(due, now=MONDAY + 15 * MINUTE)

        due.refresh_from_db()
        assert (len(mailbox.mails), due.problem, due.attempts) == (1, "", 0)

    def test_it_is_not_pressed(self, due, mailbox):
        mailbox.refuses = "451 come back later"
        send_digest_to(due, now=MONDAY)
        mailbox.refuses = ""

        assert send_digest_to(due, now=MONDAY + 14 * MINUTE) is None

    def test_it_is_asked_less_and_less_often_but_never_given_up(self, due, mailbox):
        mailbox.refuses = "451 come back later"
        now = MONDAY
        waits = []
        for _ in range(9):
            send_digest_to(due, now=now)
            due.refresh_from_db()
            waits.append(due.retry_at - now)
            now = due.retry_at

        assert waits[:3] == [15 * MINUTE, 30 * MINUTE, 60 * MINUTE]
        assert waits[-1] == LONGEST_WAIT

    def test_a_server_that_is_down_is_a_failure_like_any_other(self, due, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        send_digest_to(due, now=MONDAY)

        due.refresh_from_db()
        assert due.problem.startswith("ConnectionRefusedError")


class TestSubscribe:
    def test_every_member_is_subscribed_for_monday_morning(self, shop, ada, ben, cleo):
        ensure_subscriptions(shop, now=NOW)

        rows = Subscription.objects.order_by("user__email")
        assert [(row.user, row.is_on, row.next_due_at) for row in rows] == [
            (ada, True, MONDAY),
            (ben, True, MONDAY),
        ]

    def test_morning_is_where_the_person_is(self, shop):
        person = make_user(timezone="Asia/Tokyo")

        assert subscribe(shop, person, now=NOW).next_due_at == MONDAY - timedelta(hours=9)

    def test_or_where_the_project_is(self, shop, ada):
        shop.timezone = "America/New_York"
        shop.save()

        assert subscribe(shop, ada, now=NOW).next_due_at == MONDAY + timedelta(hours=4)

    def test_whoever_ended_it_is_left_alone(self, shop, ada):
        turn(subscribe(shop, ada, now=NOW), on=False, now=NOW)

        ensure_subscriptions(shop, now=NOW)

        assert not Subscription.objects.get(user=ada).is_on

    def test_what_fell_due_while_it_was_off_is_not_sent(self, due, mailbox):
        turn(due, on=False, now=NOW)
        turn(due, on=True, now=MONDAY + MINUTE)

        assert send_digest_to(due, now=MONDAY + 2 * MINUTE) is None

    def test_another_hour_counts_from_now_on(self, due):
        change_subscription(due, Choice(weekday=4, hour=17, timezone="Europe/Berlin"), now=NOW)

        due.refresh_from_db()
        assert due.next_due_at == datetime(2026, 3, 20, 16, 0, tzinfo=UTC)


class TestTheBell:
    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch):
        """Tasks run where they are called, as no worker listens."""
        monkeypatch.setattr(
            send_some_digests,
            "apply_async",
            lambda kwargs, **_: send_some_digests.apply(kwargs=kwargs),
        )

    def test_rings_through_to_the_mail(self, due, mailbox):
        with time_machine.travel(MONDAY + MINUTE, tick=False):
            send_due_digests.apply(throw=True)

        assert mailbox.recipients == ["ada@example.com"]  # Ben's begin a week later

    def test_reads_a_week_once_for_all_who_are_told_of_it(
        self, due, ben, shop, mailbox, monkeypatch
    ):
        subscribe(shop, ben, now=NOW)
        read: list[object] = []
        reading = reviews.week_in_review
        monkeypatch.setattr(
            reviews, "week_in_review", lambda *a, **k: read.append(k) or reading(*a, **k)
        )
        with time_machine.travel(MONDAY + MINUTE, tick=False):
            send_due_digests.apply(throw=True)

        assert (len(mailbox.recipients), len(read)) == (2, 1)

    def test_is_in_the_timetable(self):
        assert "digest.tasks.send_due_digests" in {
            bell["task"] for bell in app.conf.beat_schedule.values()
        }

    def test_one_that_cannot_be_written_says_why_and_is_tried_later(
        self, due, mailbox, monkeypatch
    ):
        monkeypatch.setattr("digest.issues.compose", fail)
        with time_machine.travel(MONDAY + MINUTE, tick=False):
            send_due_digests.apply(throw=True)

        due.refresh_from_db()
        assert due.problem == "ValueError: a stroke of bad luck"
        assert due.retry_at == MONDAY + 16 * MINUTE

    def test_subscribes_who_is_new(self, shop, ada, ben):
        with time_machine.travel(NOW, tick=False):
            send_due_digests.apply(throw=True)

        assert set(Subscription.objects.values_list("user", flat=True)) == {ada.pk, ben.pk}

    def test_does_not_stumble_over_a_subscription_that_is_gone(self, db):
        send_one_digest.apply(kwargs={"subscription_id": 404}, throw=True)

    def test_sends_the_first_one_to_a_new_project_within_a_week(self, shop, ada, mailbox):
        make_deployment(shop)
        subscription = subscribe(shop, ada, now=NOW)

        assert subscription.next_due_at - NOW < timedelta(days=7)


class TestTheWayOut:
    @pytest.fixture
    def path(self, due) -> str:
        return f"/digest/unsubscribe/{due.token}/"

    def test_following_the_link_changes_nothing(self, due, path):
        assert Client().get(path).status_code == 200

        due.refresh_from_db()
        assert due.is_on

    def test_a_mail_programs_one_click_ends_it(self, due, path):
        stranger = Client(enforce_csrf_checks=True)

        answer = stranger.post(
            path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )

        due.refresh_from_db()
        assert (answer.status_code, due.is_on) == (200, False)

    def test_one_click_twice_leaves_it_ended(self, due, path):
        for _ in range(2):
            Client().post(path)

        due.refresh_from_db()
        assert not due.is_on

    def test_it_can_be_undone(self, due, path):
        Client().post(path)
        Client().post(path, {"undo": "1"})

        due.refresh_from_db()
        assert due.is_on

    def test_nothing_is_sent_afterwards(self, due, path, mailbox):
        Client().post(path)

        assert send_digest_to(due, now=MONDAY + timedelta(days=21)) is None
        assert mailbox.mails == []

    def test_a_wrong_secret_is_not_found(self, db):
        assert Client().post("/digest/unsubscribe/guess/").status_code == 404
