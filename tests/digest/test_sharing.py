import re

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client

from digest.models import Edition, ShareLink
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from feedback.models import FeedbackItem
from tests.digest.test_archive import MONDAY, PERSONAL
from tests.digest.weeks import make_rich_week
from tests.factories import NOW


@pytest.fixture
def edition(shop, ada, ben, mailbox) -> Edition:
    make_rich_week(shop, ada, ben)
    assert send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)
    return Edition.objects.get()


def page_of(edition: Edition) -> str:
    return f"/p/shop/digest/archive/{edition.pk}/"


def share(client: Client, edition: Edition, words: str = "without") -> str:
    """Make a link as its maker does, and return its path."""
    page = client.post(f"{page_of(edition)}share/", {"words": words})
    found = BeautifulSoup(page.content, "html5lib").select_one(".notice .code code")
    assert found.text.startswith("https://wake.example.com/digest/shared/")
    return found.text.removeprefix("https://wake.example.com")


class TestALink:
    def test_works_without_signing_in(self, as_ben, edition, client):
        path = share(as_ben, edition)

        page, mail = client.get(path), client.get(f"{path}mail/")

        assert (page.status_code, mail.status_code) == (200, 200)
        assert "One-page checkout" in mail.content.decode()

    def test_says_who_made_it_and_when(self, as_ben, ben, edition, client):
        path = share(as_ben, edition)

        row = ShareLink.objects.get()
        assert (row.made_by, row.with_words) == (ben, False)
        assert str(ben) in client.get(path).content.decode()
        assert str(ben) in as_ben.get(page_of(edition)).content.decode()

    def test_is_not_to_be_guessed_nor_read_in_a_dump(self, as_ben, edition):
        token = share(as_ben, edition).split("/")[-2]

        assert len(token) >= 43
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM digest_sharelink")
            assert token not in str(cursor.fetchall())

    def test_is_shown_once(self, as_ben, edition):
        token = share(as_ben, edition).split("/")[-2]

        assert token not in as_ben.get(page_of(edition)).content.decode()

    def test_leads_nowhere_after_it_is_revoked(self, as_ben, edition, client):
        path = share(as_ben, edition)
        row = ShareLink.objects.get()

        as_ben.post(f"{page_of(edition)}share/{row.pk}/revoke/")

        assert [client.get(p).status_code for p in (path, f"{path}mail/")] == [404, 404]
        assert "Revoked by" in as_ben.get(page_of(edition)).content.decode()

    def test_of_another_digest_is_not_revoked_through_this_one(self, as_ben, edition, shop):
        share(as_ben, edition)
        other = Edition.objects.create(
            project=shop, rhythm="daily", ends_on=NOW.date(), start_at=NOW, end_at=NOW,
            subject="", letter={}, sent_at=NOW,
        )  # fmt: skip

        row = ShareLink.objects.get()
        answer = as_ben.post(f"{page_of(other)}share/{row.pk}/revoke/")

        row.refresh_from_db()
        assert (answer.status_code, row.revoked_at) == (404, None)

    def test_keeps_out_of_search_engines_and_other_sites_logs(self, as_ben, edition, client):
        path = share(as_ben, edition)

        for one in (path, f"{path}mail/"):
            answer = client.get(one)
            assert "noindex" in answer["X-Robots-Tag"]
            assert answer["Referrer-Policy"] == "no-referrer"
            assert "no-store" in answer["Cache-Control"]

    def test_counts_no_visitor(self, as_ben, edition, django_assert_num_queries):
        path = share(as_ben, edition)

        visitor = Client()
        with django_assert_num_queries(1) as asked:
            answer = visitor.get(path)

        assert asked[0]["sql"].startswith("SELECT")
        assert not answer.cookies

    def test_shows_no_readers_own_links(self, as_ben, edition, client):
        path = share(as_ben, edition, "with")

        for one in (path, f"{path}?as=text", f"{path}mail/"):
            assert not PERSONAL.search(client.get(one).content.decode())

    @pytest.mark.parametrize("token", ["x", "a" * 300, "%00", "é"])
    def test_that_was_never_made_leads_nowhere(self, token, db, client):
        assert client.get(f"/digest/shared/{token}/").status_code == 404

    def test_changes_nothing_by_a_post(self, as_ben, edition, client):
        assert client.post(share(as_ben, edition)).status_code == 405


class TestCustomersWords:
    def said(self) -> list[str]:
        words = FeedbackItem.objects.exclude(text="").values_list("text", flat=True)
        return [re.sub(r"\s+", " ", text)[:25] for text in words if len(text) > 25]

    def shown(self, client: Client, path: str) -> str:
        parts = [client.get(p).content for p in (path, f"{path}?as=text", f"{path}mail/")]
        texts = [BeautifulSoup(part, "html5lib").text for part in parts]
        return re.sub(r"\s+", " ", " ".join(texts))

    def test_are_left_out_unless_asked_for(self, as_ben, edition, client):
        shown = self.shown(client, share(as_ben, edition))

        assert self.said()
        assert not [words for words in self.said() if words in shown]

    def test_are_shared_by_a_choice(self, as_ben, edition, client):
        shown = self.shown(client, share(as_ben, edition, "with"))

        assert [words for words in self.said() if words in shown]

    def test_are_warned_of_before(self, as_ben, edition):
        page = BeautifulSoup(as_ben.get(page_of(edition)).content, "html5lib")

        assert "quotes customers" in page.select_one("form.card .notice--warning").text
        assert page.find("input", {"name": "words", "checked": True})["value"] == "without"


class TestWhoMayShare:
    def test_members_may(self, as_ben, edition):
        share(as_ben, edition)

        assert ShareLink.objects.count() == 1

    def test_one_who_may_only_look_may_not(self, as_vic, edition):
        assert as_vic.post(f"{page_of(edition)}share/").status_code == 403
        assert "Make a link" not in as_vic.get(page_of(edition)).content.decode()

    def test_a_stranger_finds_nothing_to_share(self, as_cleo, edition):
        assert as_cleo.post(f"{page_of(edition)}share/").status_code == 404

    def test_nobody_makes_links_without_end(self, as_ben, edition):
        for _ in range(25):
            as_ben.post(f"{page_of(edition)}share/")

        assert ShareLink.objects.count() == 20
