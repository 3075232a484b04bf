"""The digest as mail programs show it: a real Chromium measures it at 600 and 360 pixels."""

import re

import pytest

from common.windows import WEEK, Window
from dashboard.week import week_in_review
from digest.charts import shown_on_a_page
from digest.compose import compose
from digest.fitting import SCREENS
from digest.parts import Reader
from learning.verdict import Verdict
from tests.digest.charted import make_charted_week
from tests.digest.weeks import days_ago, link, make_learning, make_rich_week
from tests.factories import NOW, make_deployment, make_feedback

# Chromium here has none of the fonts of phones: Arial's letters are as wide as theirs.
OTHER_FONTS = re.compile(r"system-ui, -apple-system, \S+ UI\S*, Roboto, \S+ Sans\S*, ")
LONG_TEXTS = ["q" * 80, "لا أستطيع إتمام الدفع منذ التحديث الأخير " * 6, "語" * 120]
LOOKS = [(600, "light"), (600, "dark"), (360, "light"), (360, "dark")]


@pytest.fixture
def show(browser, shop, tmp_path):
    def show_mail(width: int, scheme: str):
        review = week_in_review(shop, week=Window.before(NOW, WEEK), now=NOW)
        mail = compose(shop, review, Reader(unsubscribe_url="https://wake.example.com/u/"))
        html = OTHER_FONTS.sub("", shown_on_a_page(shop, mail.html, mail.charts))
        assert "Roboto" not in html
        page = tmp_path / "mail.html"
        page.write_text(html)
        browser.look(width=width, scheme=scheme)
        browser.driver.get(page.as_uri())
        return browser

    return show_mail


def size(browser) -> tuple[int, int]:
    return tuple(
        browser.run("const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]")
    )


class TestTheMail:
    @pytest.mark.parametrize(("width", "scheme"), LOOKS)
    def test_shows_one_chart_in_the_colours_around_it(self, show, shop, ada, width, scheme):
        make_charted_week(shop, ada)

        browser = show(width, scheme)

        shown = browser.run(
            "return [...document.images].filter(i => i.getClientRects().length)"
            ".map(i => [i.naturalWidth, i.closest('p').className, i.clientWidth])"
        )
        inner = 544 if width == 600 else 328
        assert shown == [[1200, f"chart {scheme}-only", shown[0][2]]]
        assert inner - 24 <= shown[0][2] <= inner

    def test_fits_on_two_screens_of_a_phone(self, show, shop, ada, ben):
        make_rich_week(shop, ada, ben)
        make_charted_week(shop, ada, "Order again with one tap")
        for n in range(12):
            make_deployment(
                shop, title=f"A ship with a name of some length, {n}", shipped_at=days_ago(3)
            )

        width, height = size(show(360, "light"))

        assert width == 360
        assert SCREENS * 0.8 < height <= SCREENS

    @pytest.mark.parametrize(
        "text", ["q" * 80, "لا أستطيع إتمام الدفع منذ التحديث الأخير " * 6, "語" * 120]
    )
    @pytest.mark.parametrize("width", [600, 360])
    def test_never_scrolls_sideways(self, show, shop, ada, text, width):
        ship = make_deployment(shop, title=text, shipped_at=days_ago(2))
        make_learning(ship, Verdict.REFUTED, confirmed_by=ada, headline=text, takeaway=text)
        link(make_feedback(shop, text, rating=1, created_at=days_ago(1)), ship)
        shop.name = text[:80]
        shop.save()

        found, height = size(show(width, "light"))

        assert found == width
        assert width == 600 or height <= SCREENS
