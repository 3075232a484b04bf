from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from digest.models import Issue, Subscription
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment

PAGE = "/p/shop/digest/"
WEEKLY = {
    "rhythm": "weekly", "weekday": "4", "monthday": "1", "hour": "17", "timezone": "Europe/Berlin",
}  # fmt: skip


@pytest.fixture
def issue(shop, ada, ben, mailbox) -> Issue:
    make_rich_week(shop, ada, ben)
    subscription = subscribe(shop, ada, now=NOW)
    sent = send_digest_to(subscription, now=subscription.next_due_at)
    assert sent
    return sent


class TestPreview:
    def test_shows_the_subject_that_would_be_sent_now(self, as_ada, shop):
        assert "Nothing shipped and nobody wrote" in as_ada.get(PAGE).content.decode()

    def test_shows_the_same_subject_above_the_mail_and_above_its_text(
        self, as_ada, ada, shop, ben, time_machine
    ):
        time_machine.move_to(NOW, tick=False)
        make_rich_week(shop, ada, ben)

        as_html, as_text = (
            BeautifulSoup(as_ada.get(PAGE, {"as": form}).content, "html5lib").select_one(
                "#next-digest ~ p .strong"
            )
            for form in ("html", "text")
        )

        assert "checkout" in as_html.text
        assert as_html.text == as_text.text

    def test_takes_few_queries_for_a_full_week(
        self, as_ada, ada, shop, ben, time_machine, django_assert_max_num_queries
    ):
        time_machine.move_to(NOW, tick=False)
        make_rich_week(shop, ada, ben)

        with django_assert_max_num_queries(32):
            as_ada.get(PAGE)
        for path in (f"{PAGE}mail/", f"{PAGE}?as=text"):
            with django_assert_max_num_queries(48):
                as_ada.get(path)

    def test_shows_the_mail_in_a_frame_that_may_run_nothing(self, as_ada, shop):
        frame = BeautifulSoup(as_ada.get(PAGE).content, "html5lib").iframe

        assert frame["src"] == f"{PAGE}mail/"
        assert "allow-scripts" not in frame["sandbox"]
        assert "allow-same-origin" not in frame["sandbox"]

    def test_shows_it_as_text_too(self, as_ada, shop):
        make_deployment(shop, title="Search & find")

        page = as_ada.get(PAGE, {"as": "text"})

        assert "LEARNING SPEED" in BeautifulSoup(page.content, "html5lib").pre.text

    def test_a_stranger_finds_nothing(self, as_cleo, shop):
        for path in (PAGE, f"{PAGE}mail/", f"{PAGE}1/", f"{PAGE}1/mail/"):
            assert as_cleo.get(path).status_code == 404
        assert as_cleo.post(f"{PAGE}test/").status_code == 404

    def test_who_is_not_signed_in_is_asked_to(self, client, shop):
        assert client.get(PAGE).url.startswith("/accounts/login/")

    def test_one_who_may_only_look_has_a_digest_too(self, as_vic, shop):
        assert as_vic.get(PAGE).status_code == 200

    def test_says_why_the_last_one_was_not_sent(self, as_ada, ada, shop):
        subscription = subscribe(shop, ada, now=NOW)
        subscription.problem, subscription.retry_at = "451 <full>", NOW
        subscription.save()

        assert "451 &lt;full&gt;" in as_ada.get(PAGE).content.decode()


class TestTheFrame:
    def test_allows_style_in_the_mail_and_nothing_else(self, as_ada, shop):
        answer = as_ada.get(f"{PAGE}mail/")

        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "style-src 'unsafe-inline'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"

    def test_the_page_around_it_stays_strict(self, as_ada, shop):
        answer = as_ada.get(PAGE)

        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"


class TestPreferences:
    def test_keeps_another_weekday_hour_and_zone(self, as_ada, shop):
        as_ada.post(PAGE, WEEKLY)

        row = Subscription.objects.get()
        assert (row.weekday, row.hour, row.timezone) == (4, 17, "Europe/Berlin")

    def test_switches_it_off(self, as_ada, shop):
        as_ada.post(PAGE, {**WEEKLY, "rhythm": "off"})

        assert not Subscription.objects.get().is_on

    def test_refuses_an_hour_that_no_clock_shows(self, as_ada, shop):
        answer = as_ada.post(PAGE, {**WEEKLY, "hour": "24"})

        assert answer.status_code == 400
        assert Subscription.objects.get().hour == 8

    def test_changes_mine_alone(self, as_ada, ben, shop):
        theirs = subscribe(shop, ben, now=NOW)

        as_ada.post(PAGE, WEEKLY)

        theirs.refresh_from_db()
        assert theirs.hour == 8


class TestSample:
    def test_is_sent_to_me(self, as_ben, shop, mailbox):
        as_ben.post(f"{PAGE}test/")

        assert mailbox.recipients == ["ben@example.com"]
        assert mailbox.mails[0]["Subject"].startswith("Test: ")

    def test_does_not_stand_in_for_the_weekly_one(self, as_ben, shop, mailbox):
        as_ben.post(f"{PAGE}test/")

        assert not Issue.objects.exists()

    def test_says_so_when_the_mail_server_does_not_take_it(self, as_ben, shop, mailbox):
        mailbox.refuses = "554 no thanks"

        page = as_ben.post(f"{PAGE}test/", follow=True).content.decode()

        assert "no thanks" in page

    def test_a_link_alone_sends_nothing(self, as_ben, shop):
        assert as_ben.get(f"{PAGE}test/").status_code == 405


class TestArchive:
    def test_lists_what_i_got(self, as_ada, issue):
        links = BeautifulSoup(as_ada.get(PAGE).content, "html5lib").find_all("a")

        assert f"{PAGE}{issue.pk}/" in [link["href"] for link in links]

    def test_shows_it_as_it_was(self, as_ada, issue):
        assert as_ada.get(f"{PAGE}{issue.pk}/mail/").content.decode() == issue.html

    def test_shows_its_text(self, as_ada, issue):
        page = as_ada.get(f"{PAGE}{issue.pk}/", {"as": "text"})

        assert "WHAT IT TAUGHT" in BeautifulSoup(page.content, "html5lib").pre.text

    def test_is_nobody_elses(self, as_ben, issue):
        assert as_ben.get(f"{PAGE}{issue.pk}/").status_code == 404
        assert as_ben.get(f"{PAGE}{issue.pk}/mail/").status_code == 404

    def test_leaves_out_what_never_left(self, as_ada, issue):
        Issue.objects.update(sent_at=None)

        assert as_ada.get(f"{PAGE}{issue.pk}/").status_code == 404

    def test_takes_the_same_queries_however_many_there_are(
        self, as_ada, issue, django_assert_max_num_queries
    ):
        for n in range(1, 40):
            Issue.objects.create(
                subscription=issue.subscription,
                project=issue.project,
                recipient=issue.recipient,
                week_end_at=issue.week_end_at - timedelta(weeks=n),
                subject="Older",
                html="",
                text="",
                message_id=f"<{n}@wake>",
                sent_at=NOW,
            )

        with django_assert_max_num_queries(28):
            as_ada.get(PAGE)
