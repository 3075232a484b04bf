import re

import pytest
from django.test import Client

from feedback.models import FeedbackItem
from tests.feedback.test_widget import make_widget

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(shop):
    return make_widget(shop, options={"question": "How was the checkout?"})


def fields_of(page):
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.content.decode()))


def write(widget, query="", *, client=None, **words):
    """Open the form page, fill it in and send it, as a browser without scripts does."""
    client = client or Client(enforce_csrf_checks=True)
    url = f"/f/{widget.key}/{query}"
    hidden = {k: v for k, v in fields_of(client.get(url)).items() if k != "rating"}
    return client.post(url, {**hidden, **words})


class TestTheFormPage:
    def test_asks_the_teams_question(self, widget, client):
        page = client.get(f"/f/{widget.key}/").content.decode()

        assert '<h1 dir="auto">How was the checkout?</h1>' in page
        assert "Shop" in page

    def test_leaves_out_what_the_team_does_not_ask(self, shop, client):
        widget = make_widget(shop, options={"rating": "no", "mail": "no"})
        page = client.get(f"/f/{widget.key}/")

        assert 'name="rating"' not in page.content.decode()
        assert 'name="mail"' not in page.content.decode()

    def test_sets_no_cookie_and_is_kept_by_nobody(self, widget, client):
        page = client.get(f"/f/{widget.key}/")

        assert not page.cookies
        assert page["Cache-Control"] == "no-store"
        assert page["X-Robots-Tag"] == "noindex"

    def test_works_without_any_script(self, widget, client):
        assert "<script" not in client.get(f"/f/{widget.key}/").content.decode()

    def test_shows_what_its_address_says_escaped_and_without_the_query(self, widget, client):
        query = "?version=%3Cb%3E1&page=https://shop.example/pay%3Ftoken=1"
        page = client.get(f"/f/{widget.key}/{query}").content.decode()

        assert "&lt;b&gt;1" in page
        assert "<b>1" not in page
        assert "token" not in page

    def test_says_nothing_of_who_is_signed_in(self, widget, as_ada):
        assert "ada@example.com" not in as_ada.get(f"/f/{widget.key}/").content.decode()


class TestWritingOnIt:
    def test_stores_the_message_and_says_thanks(self, widget, client):
        answer = write(
            widget, "?version=1.4.0&page=https://shop.example/pay",
            text="Where is my order?", rating="4", mail="dora@example.com",
        )  # fmt: skip

        item = FeedbackItem.objects.get()
        assert answer.status_code == 303
        assert "Thank you" in client.get(answer.url).content.decode()
        assert (item.text, item.rating, item.version) == ("Where is my order?", 4, "1.4.0")
        assert item.url == "https://shop.example/pay"
        assert item.customer.email == "dora@example.com"
        assert "seconds" in item.extra["signals"]

    def test_twice_by_an_impatient_finger_stores_it_once(self, widget, client):
        hidden = fields_of(client.get(f"/f/{widget.key}/"))
        for _ in range(2):
            client.post(f"/f/{widget.key}/", {"ticket": hidden["ticket"], "text": "Hello"})

        assert FeedbackItem.objects.count() == 1

    def test_without_a_word_or_a_rating_says_what_is_missing_and_keeps_the_rest(self, widget):
        answer = write(widget, mail="dora@example.com")

        assert answer.status_code == 400
        assert "is missing" in answer.content.decode()
        assert 'value="dora@example.com"' in answer.content.decode()

    def test_with_a_wrong_mail_address_says_so(self, widget):
        answer = write(widget, text="Hello", mail="dora")

        assert answer.status_code == 400
        assert "valid email" in answer.content.decode()

    def test_with_a_ticket_of_ones_own_making_is_still_a_message(self, widget, client):
        answer = client.post(f"/f/{widget.key}/", {"ticket": "made-up", "text": "Hello"})

        assert answer.status_code == 303
        assert FeedbackItem.objects.get().extra.get("signals") is None

    def test_too_often_keeps_the_words_and_says_when(self, widget, client, monkeypatch):
        monkeypatch.setattr("feedback.messages.MOST_OF_A_PLACE", 0)
        answer = client.post(f"/f/{widget.key}/", {"text": "My last words"})

        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "My last words" in answer.content.decode()

    def test_from_a_page_of_a_site_that_is_not_listed_is_refused(self, shop, client):
        widget = make_widget(shop, options={"origins": "https://shop.example"})
        headers = {"Origin": "https://evil.example"}
        answer = client.post(f"/f/{widget.key}/", {"text": "Hello"}, headers=headers)

        assert answer.status_code == 403
        assert FeedbackItem.objects.count() == 0

    def test_of_wakes_own_page_is_taken_whatever_sites_are_listed(self, shop, client):
        widget = make_widget(shop, options={"origins": "https://shop.example"})
        headers = {"Origin": "http://testserver"}
        answer = client.post(f"/f/{widget.key}/", {"text": "Hello"}, headers=headers)

        assert answer.status_code == 303

    def test_of_a_size_that_nobody_writes_is_refused(self, widget, client):
        assert client.post(f"/f/{widget.key}/", {"text": "x" * 40_000}).status_code == 413
