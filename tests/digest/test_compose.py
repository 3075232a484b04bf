import re

import pytest
from bs4 import BeautifulSoup

from common.windows import WEEK, Window
from dashboard.week import week_in_review
from digest.compose import Mail, compose
from digest.parts import Reader
from learning.verdict import Verdict
from tests.digest.weeks import days_ago, link, make_bet, make_learning, make_rich_week
from tests.factories import NOW, make_deployment, make_feedback

WAY_OUT = "http://localhost:8000/digest/unsubscribe/secret/"


def mail_of(project, **facts) -> Mail:
    review = week_in_review(project, week=Window.before(NOW, WEEK), now=NOW)
    return compose(project, review, Reader(**{"unsubscribe_url": WAY_OUT} | facts))


@pytest.fixture
def rich(shop, ada, ben) -> Mail:
    make_rich_week(shop, ada, ben)
    return mail_of(shop, user_id=ben.pk)


class TestSubject:
    def test_says_the_news_first_and_then_whose_it_is(self, rich):
        assert rich.subject == (
            "One-page checkout: checkout conversion moved as hoped, and one more thing learned"
            " · Shop"
        )

    def test_stays_on_one_line_whatever_a_ship_is_called(self, shop):
        ship = make_bet(shop, "A\r\nBcc: everyone@example.com", days=8)
        make_learning(ship, Verdict.SUPPORTED)

        assert not re.search(r"[\r\n]", mail_of(shop).subject)

    def test_is_short_enough_for_a_list_of_mails(self, shop):
        make_learning(make_bet(shop, "Long " * 50, days=8), Verdict.SUPPORTED)

        assert len(mail_of(shop).subject) < 160


class TestHtml:
    def test_is_smaller_than_what_gmail_cuts_off(self, rich):
        assert len(rich.html.encode()) < 100_000

    def test_stays_so_when_everything_is_long(self, shop, ada):
        for n in range(60):
            ship = make_bet(shop, "Überlang" * 36, days=1 + n / 10)
            make_learning(ship, Verdict.SUPPORTED, takeaway="ж" * 20_000, confirmed_by=ada)
            item = make_feedback(shop, f"{n} " + "ж" * 9000, rating=1, created_at=days_ago(1))
            link(item, ship)

        assert len(mail_of(shop).html.encode()) < 100_000

    def test_fetches_nothing(self, rich):
        soup = BeautifulSoup(rich.html, "html5lib")

        assert not soup.find_all(["img", "link", "script", "iframe", "form", "object", "svg"])
        assert not re.search(r"url\(|@import|src=", rich.html)

    def test_carries_its_style_in_its_elements(self, rich):
        assert "font-weight" in BeautifulSoup(rich.html, "html5lib").h1["style"]

    def test_keeps_the_colours_of_the_dark(self, rich):
        assert "@media (prefers-color-scheme: dark)" in rich.html
        assert 'name="color-scheme" content="light dark"' in rich.html

    def test_every_address_is_absolute(self, rich):
        links = [a["href"] for a in BeautifulSoup(rich.html, "html5lib").find_all("a")]

        assert len(links) > 12
        assert all(address.startswith("http://localhost:8000/") for address in links)

    def test_escapes_what_a_customer_wrote(self, shop):
        make_feedback(shop, "<script>alert(1)</script>", rating=1, created_at=days_ago(1))

        html = mail_of(shop).html

        assert "<script" not in html
        assert "&lt;script&gt;" in html

    def test_lets_right_to_left_words_run_their_way(self, rich):
        soup = BeautifulSoup(rich.html, "html5lib")

        assert soup.find(string=re.compile("الدفع")).find_parent("p")["dir"] == "auto"

    def test_every_link_leads_somewhere(self, rich, as_ada, shop):
        links = {a["href"] for a in BeautifulSoup(rich.html, "html5lib").find_all("a")}
        ours = {address.removeprefix("http://localhost:8000") for address in links - {WAY_OUT}}

        assert {path: as_ada.get(path).status_code for path in ours} == dict.fromkeys(ours, 200)


class TestText:
    def test_tells_the_same_as_the_html(self, rich):
        seen = " ".join(BeautifulSoup(rich.html, "html5lib").body.get_text(" ").split())
        for fact in (
            "Fewer steps beat prettier steps.",
            "Support tickets fell by about 12%",
            "Paid in under a minute",
            "Search that forgives typos",
            "Waits for you",
        ):
            assert fact in seen
            assert fact in " ".join(rich.text.split())

    def test_has_the_same_links(self, rich):
        links = {a["href"] for a in BeautifulSoup(rich.html, "html5lib").find_all("a")}

        assert set(re.findall(r"http\S+", rich.text)) == links

    def test_has_no_markup_and_no_escapes(self, shop):
        make_feedback(shop, "Tom & Jerry's <b>shop</b>", rating=1, created_at=days_ago(1))

        assert "“Tom & Jerry's <b>shop</b>”" in mail_of(shop).text

    def test_is_no_wider_than_a_mail_is_read_but_for_addresses(self, rich):
        wide = [line for line in rich.text.splitlines() if len(line) > 72 and "http" not in line]

        assert wide == []

    def test_keeps_right_to_left_words_apart_from_what_stands_around_them(self, rich):
        assert "\u2068لا" in rich.text


class TestWhatIsTold:
    def test_a_refuted_bet_is_told_once_with_its_numbers(self, rich):
        assert rich.text.count("fell by about 5.1%") == 1

    def test_tells_whose_a_draft_is(self, shop, ben):
        for title, by, days in (("Photos", "", 13), ("Guests", "ben@example.com", 12)):
            ship = make_deployment(shop, title=title, shipped_at=days_ago(25), by=by)
            make_learning(ship, Verdict.INCONCLUSIVE, days=days)

        text = mail_of(shop, user_id=ben.pk).text

        assert "Waits for you, since Monday 9 March." in text
        assert "Waits for nobody in particular, since Sunday 8 March." in text

    def test_says_when_it_is_looked_at_next_on_the_readers_calendar(self, shop):
        make_bet(shop, "Search", days=2.5)  # judged on Monday 23 March at midnight in London

        assert "next look on Monday 23 March" in mail_of(shop, timezone="Asia/Tokyo").text
        assert "next look on Sunday 22 March" in mail_of(shop, timezone="America/Lima").text

    def test_is_short_and_honest_about_a_quiet_week(self, shop):
        make_deployment(shop, shipped_at=days_ago(30))

        mail = mail_of(shop)

        assert mail.subject.startswith("Nothing shipped and nobody wrote")
        assert "WHAT SHIPPED" not in mail.text

    def test_says_how_many_more_there_are(self, shop):
        for n in range(10):
            make_deployment(shop, title=f"Ship {n}", shipped_at=days_ago(1))

        assert "Six more ships: http" in mail_of(shop).text
