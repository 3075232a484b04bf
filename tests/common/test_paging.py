from datetime import timedelta

import pytest
from django.http import Http404
from django.test import RequestFactory

from common import paging
from common.paging import page_of
from feedback.models import FeedbackItem
from tests.factories import NOW, make_feedback

NEWEST = ("-said_at", "-pk")
pytestmark = pytest.mark.django_db


def ask(shop, address="/", size=3, **more):
    rows = FeedbackItem.objects.filter(project=shop)
    page = page_of(RequestFactory().get(address), rows, by=NEWEST, size=size, **more)
    return [row.text for row in page.rows], page


@pytest.fixture
def seven(shop):
    for n in range(7):  # three of them in one moment
        make_feedback(shop, f"{n}", created_at=NOW - timedelta(hours=min(n, 4)))


class TestPaging:
    def test_walks_there_and_back_through_rows_of_one_moment(self, shop, seven):
        first, page = ask(shop)
        second, page2 = ask(shop, page.next)
        third, page3 = ask(shop, page2.next)
        back, _ = ask(shop, page3.previous)

        assert (first, second, third) == (["0", "1", "2"], ["3", "6", "5"], ["4"])
        assert back == second and page3.next is None and page.previous is None

    def test_fills_the_first_page_when_the_way_back_is_short(self, shop, seven):
        _, page = ask(shop, size=5)
        _, page2 = ask(shop, page.next, size=5)
        FeedbackItem.objects.filter(text__in=["0", "1"]).delete()

        assert ask(shop, page2.previous, size=5)[0] == ["2", "3", "6", "5", "4"]

    def test_finds_far_rows_when_the_near_ones_do_not_fill_a_page(self, shop, seven, monkeypatch):
        monkeypatch.setattr(paging, "NEAR", 2)
        among = FeedbackItem.objects.filter(project=shop)
        rare = among.filter(text__in=["1", "5"])

        page = page_of(RequestFactory().get("/"), rare, by=NEWEST, among=among, far=rare)

        assert [row.text for row in page.rows] == ["1", "5"]

    @pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WyJuIl0=", "WyJuIiwxLDJd", "ÿ", "e30="])
    def test_does_not_know_a_cursor_that_is_not_ours(self, shop, cursor):
        with pytest.raises(Http404):
            ask(shop, f"/?cursor={cursor}")
