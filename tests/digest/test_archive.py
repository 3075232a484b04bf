import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from digest.archive import letter_of
from digest.models import Edition, Issue
from digest.schedule import Rhythm
from digest.sending import send_digest_to
from digest.subscribe import Choice, change_subscription, subscribe
from tests.digest.weeks import make_rich_week
from tests.factories import NOW, make_deployment

PAGE = "/p/shop/digest/archive/"
MONDAY = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
PERSONAL = re.compile(r"/digest/(unsubscribe|preferences|confirm|findings/off)/|/worth/")


@pytest.fixture
def due(shop, ada, ben):
    make_rich_week(shop, ada, ben)
    return subscribe(shop, ada, now=NOW)


@pytest.fixture
def edition(due, mailbox) -> Edition:
    assert send_digest_to(due, now=MONDAY)
    return Edition.objects.get()


def make_editions(shop, count: int) -> None:
    Edition.objects.bulk_create(
        Edition(
            project=shop, rhythm=Rhythm.DAILY, ends_on=(MONDAY - timedelta(days=n)).date(),
            start_at=MONDAY, end_at=MONDAY, subject="Older", sent_at=MONDAY,
            letter={"headline": f"Day {n}", "period": "a day"},
        )
        for n in range(count)
    )  # fmt: skip


class TestKeeping:
    def test_makes_one_entry_of_a_period_however_many_read_it(self, edition, shop, ben):
        send_digest_to(subscribe(shop, ben, now=NOW), now=MONDAY)

        assert Issue.objects.count() == 2
        assert Edition.objects.get() == edition

    def test_joins_readers_whose_mondays_begin_at_other_hours(self, edition, shop, ben):
        bens = subscribe(shop, ben, now=NOW)
        change_subscription(bens, Choice(timezone="America/New_York"), now=NOW)
        send_digest_to(bens, now=MONDAY + timedelta(hours=5))

        assert Edition.objects.count() == 1

    def test_keeps_a_daily_digest_apart_from_the_weekly_of_the_same_day(self, edition, shop, ben):
        bens = subscribe(shop, ben, now=NOW)
        change_subscription(bens, Choice(rhythm=Rhythm.DAILY), now=NOW)
        send_digest_to(bens, now=MONDAY)

        assert set(Edition.objects.values_list("rhythm", flat=True)) == {"daily", "weekly"}

    def test_leaves_out_what_never_left(self, due, mailbox, as_ada):
        mailbox.refuses = "451 come back later"
        send_digest_to(due, now=MONDAY)

        assert "No digest was sent yet" in as_ada.get(PAGE).content.decode()

    def test_holds_nothing_of_the_reader_it_was_written_for_first(self, edition, due, as_ben):
        pages = [
            f"{PAGE}{edition.pk}/",
            f"{PAGE}{edition.pk}/?as=text",
            f"{PAGE}{edition.pk}/mail/",
        ]

        for page in pages:
            said = as_ben.get(page).content.decode()
            assert due.token not in said
            assert not PERSONAL.search(said), page
        assert due.token in Issue.objects.get().html  # so that the test could fail
        assert PERSONAL.search(Issue.objects.get().text)

    def test_asks_nobody_in_particular(self, edition):
        waits = [s for s in letter_of(edition).sections if s.kind == "waiting"]

        assert not any("Waits for you" in item.note for s in waits for item in s.items)

    def test_reads_an_edition_that_is_older_than_some_parts_of_a_letter(self, edition):
        edition.letter = {"headline": "It rose", "sections": [{"title": "A", "unknown": 3}]}

        letter = letter_of(edition)

        assert (letter.headline, letter.sections[0].title, letter.paces) == ("It rose", "A", ())

    def test_gives_back_what_was_written(self, edition):
        again = Edition.objects.get()

        assert "One-page checkout" in letter_of(again).headline
        assert letter_of(again).sections


class TestThePages:
    def test_list_the_news_of_each_period(self, edition, as_vic):
        page = BeautifulSoup(as_vic.get(PAGE).content, "html5lib")

        assert page.find("a", href=f"{PAGE}{edition.pk}/").text == letter_of(edition).headline

    def test_show_the_digest_in_a_frame_that_runs_nothing(self, edition, as_vic):
        frame = BeautifulSoup(as_vic.get(f"{PAGE}{edition.pk}/").content, "html5lib").iframe

        assert frame["src"] == f"{PAGE}{edition.pk}/mail/"
        assert "allow-scripts" not in frame["sandbox"]
        policy = as_vic.get(frame["src"]).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy

    def test_show_it_as_text(self, edition, as_vic):
        page = as_vic.get(f"{PAGE}{edition.pk}/", {"as": "text"})

        assert "LEARNING SPEED" in BeautifulSoup(page.content, "html5lib").pre.text

    def test_are_for_members_alone(self, edition, as_cleo, client):
        for page in (PAGE, f"{PAGE}{edition.pk}/", f"{PAGE}{edition.pk}/mail/"):
            assert as_cleo.get(page).status_code == 404
            assert client.get(page).url.startswith("/accounts/login/")

    def test_go_from_page_to_page(self, shop, as_vic):
        make_editions(shop, 30)

        first = BeautifulSoup(as_vic.get(PAGE).content, "html5lib")
        second = BeautifulSoup(as_vic.get(first.find("a", rel="next")["href"]).content, "html5lib")

        assert (len(first.select(".list > li")), len(second.select(".list > li"))) == (25, 5)

    def test_show_one_rhythm_alone(self, edition, shop, as_vic):
        make_editions(shop, 3)

        page = BeautifulSoup(as_vic.get(PAGE, {"rhythm": "weekly"}).content, "html5lib")

        assert len(page.select(".list > li")) == 1
        assert as_vic.get(PAGE, {"rhythm": "hourly"}).status_code == 404

    def test_take_the_same_queries_however_many_there_are(
        self, shop, as_vic, django_assert_max_num_queries
    ):
        make_editions(shop, 200)

        with django_assert_max_num_queries(15):
            as_vic.get(PAGE)

    def test_escape_what_customers_and_the_team_wrote(self, shop, as_vic, mailbox, ada):
        make_deployment(shop, title="<script>alert(1)</script>", shipped_at=MONDAY - timedelta(1))
        send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)
        edition = Edition.objects.get()

        for page in (PAGE, f"{PAGE}{edition.pk}/", f"{PAGE}{edition.pk}/mail/"):
            assert b"<script>alert" not in as_vic.get(page).content


class TestTestsOfMyOwn:
    def test_are_five_in_ten_minutes(self, as_ben, shop, mailbox):
        with time_machine.travel(datetime.now(UTC), tick=False):
            for _ in range(7):
                page = as_ben.post("/p/shop/digest/test/", follow=True)

        assert len(mailbox.mails) == 5
        assert "5 tests were sent lately" in page.content.decode()

    def test_are_no_issue_and_no_edition(self, as_ben, shop, mailbox):
        as_ben.post("/p/shop/digest/test/")

        assert (Issue.objects.count(), Edition.objects.count()) == (0, 0)

    def test_the_preview_says_that_it_is_one(self, as_ben, shop):
        page = BeautifulSoup(as_ben.get("/p/shop/digest/").content, "html5lib")

        assert "Preview" in page.find("section", {"aria-labelledby": "next-digest"}).text
