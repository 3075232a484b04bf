from datetime import timedelta

import pytest

from common.windows import Window
from dashboard.week_phrases import voices_turned
from tests.factories import NOW, make_project
from tests.learning.test_phrases import BLANK, chatter
from tests.learning.test_telling import said

WEEK = Window.before(NOW, timedelta(days=7))
MONTH = timedelta(days=28)


@pytest.fixture
def talk(shop):
    said(shop, chatter(300, seed=1), start=WEEK.start - MONTH, over=MONTH)
    said(shop, chatter(190, seed=2), start=WEEK.start, over=WEEK.length)
    said(shop, BLANK * 3, start=WEEK.start + timedelta(hours=1), over=timedelta(days=5))


class TestVoicesTurned:
    def test_tells_what_customers_started_saying_this_week(self, shop, talk):
        [one] = voices_turned(shop, WEEK).started
        assert (one.phrase, one.before, one.after) == ("blank screen", 0, 15)
        assert (one.before_total, one.after_total) == (300, 205)

    def test_quotes_them_in_short(self, shop, talk):
        quotes = voices_turned(shop, WEEK).quotes
        assert 1 <= len(quotes) <= 3
        assert all("blank screen" in quote.text.casefold() for quote in quotes)
        assert {quote.phrase for quote in quotes} == {"blank screen"}

    def test_tells_what_they_stopped_saying(self, shop):
        said(shop, chatter(260, seed=1) + BLANK * 10, start=WEEK.start - MONTH, over=MONTH)
        said(shop, chatter(300, seed=2), start=WEEK.start, over=WEEK.length)
        assert [one.phrase for one in voices_turned(shop, WEEK).stopped] == ["blank screen"]

    def test_says_that_there_is_too_little(self, shop):
        assert voices_turned(shop, WEEK).note == "0 texts before, 0 after: too few to tell."

    def test_hears_nothing_of_another_project(self, shop, talk):
        assert voices_turned(make_project("Bakery"), WEEK).started == ()

    def test_asks_five_questions(self, shop, talk, django_assert_num_queries):
        with django_assert_num_queries(5):
            voices_turned(shop, WEEK)
