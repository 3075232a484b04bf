from xml.etree import ElementTree

import feedparser
import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.models import Membership
from digest.models import Edition, FeedLink
from digest.sending import send_digest_to
from digest.subscribe import subscribe
from feedback.models import FeedbackItem
from tests.digest.test_archive import MONDAY, PERSONAL, make_editions
from tests.digest.weeks import make_rich_week
from tests.factories import NOW

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def edition(shop, ada, ben, mailbox) -> Edition:
    make_rich_week(shop, ada, ben)
    assert send_digest_to(subscribe(shop, ada, now=NOW), now=MONDAY)
    return Edition.objects.get()


def make_feed(client: Client) -> str:
    """Ask for an address as its owner does, and return its path."""
    page = client.post("/p/shop/digest/feed/", {"make": "1"})
    found = BeautifulSoup(page.content, "html5lib").select_one(".notice .code code")
    return found.text.removeprefix("https://wake.example.com")


class TestTheFeed:
    def test_is_read_by_feed_readers_without_complaint(self, as_ben, edition, client):
        answer = client.get(make_feed(as_ben))

        read = feedparser.parse(answer.content)
        assert (read.bozo, read.version) == (False, "atom10")
        assert read.feed.title == "Shop: digest"
        entry = read.entries[0]
        assert "One-page checkout" in entry.title
        assert entry.link == f"https://wake.example.com/p/shop/digest/archive/{edition.pk}/"
        assert entry.content[0].type == "text/html"

    def test_keeps_the_rules_of_rfc_4287(self, as_ben, edition, client):
        path = make_feed(as_ben)
        answer = client.get(path)

        assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
        root = ElementTree.fromstring(answer.content)
        assert root.tag == f"{ATOM}feed"
        for where in (root, root.find(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):  # 4.1.1 and 4.1.2: exactly one of each
                assert len(where.findall(f"{ATOM}{name}")) == 1, name
        assert root.find(f"{ATOM}author/{ATOM}name").text
        links = {one.get("rel"): one.get("href") for one in root.findall(f"{ATOM}link")}
        assert links["self"] == f"https://wake.example.com{path}"
        ids = [one.text for one in root.iter(f"{ATOM}id")]
        assert len(ids) == len(set(ids))
        assert all(one.startswith("tag:wake.example.com,") for one in ids)

    def test_names_an_entry_the_same_whoever_reads_it(self, as_ben, as_ada, edition, client):
        ids = [
            feedparser.parse(client.get(make_feed(who)).content).entries[0].id
            for who in (as_ben, as_ada)
        ]

        assert ids[0] == ids[1]

    def test_holds_no_words_of_customers_and_nobodys_own_links(self, as_ben, edition, client):
        said = client.get(make_feed(as_ben)).content.decode()

        words = [one.text[:25] for one in FeedbackItem.objects.all() if len(one.text) > 25]
        assert words
        assert not [one for one in words if one in said]
        assert not PERSONAL.search(said)

    def test_is_well_formed_whatever_anybody_wrote(self, as_ben, shop, client):
        make_editions(shop, 1)
        Edition.objects.update(letter={"headline": "]]> <b>&\x07\ufffe", "summary": "<i>"})

        assert not feedparser.parse(client.get(make_feed(as_ben)).content).bozo

    def test_has_the_newest_first_and_an_end(self, as_ben, shop, client):
        make_editions(shop, 40)

        entries = feedparser.parse(client.get(make_feed(as_ben)).content).entries

        assert [entry.title for entry in entries[:2]] == ["Day 0", "Day 1"]
        assert len(entries) == 30

    def test_can_be_had_of_one_rhythm(self, as_ben, edition, shop, client):
        make_editions(shop, 3)
        path = make_feed(as_ben)

        assert len(feedparser.parse(client.get(path, {"rhythm": "weekly"}).content).entries) == 1
        assert client.get(path, {"rhythm": "hourly"}).status_code == 404

    def test_of_a_young_project_is_empty_but_valid(self, as_ben, shop, client):
        read = feedparser.parse(client.get(make_feed(as_ben)).content)

        assert (read.bozo, read.entries) == (False, [])

    def test_tells_caches_and_search_engines_to_stay_away(self, as_ben, shop, client):
        answer = client.get(make_feed(as_ben))

        assert answer["Cache-Control"].startswith("private")
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "no-referrer"

    def test_takes_the_same_queries_however_long_the_archive_is(
        self, as_ben, shop, client, django_assert_max_num_queries
    ):
        make_editions(shop, 100)
        path = make_feed(as_ben)

        with django_assert_max_num_queries(4):
            client.get(path)


class TestItsAddress:
    def test_is_kept_only_as_a_fingerprint(self, as_ben, shop):
        token = make_feed(as_ben).split("/")[-2]

        assert FeedLink.objects.get().token_hash != token
        assert token not in as_ben.get("/p/shop/digest/archive/").content.decode()

    def test_ends_when_another_is_made(self, as_ben, shop, client):
        old, new = make_feed(as_ben), make_feed(as_ben)

        assert [client.get(one).status_code for one in (old, new)] == [404, 200]

    def test_ends_when_its_owner_ends_it(self, as_ben, shop, client):
        path = make_feed(as_ben)
        as_ben.post("/p/shop/digest/feed/", {"end": "1"})

        assert client.get(path).status_code == 404

    def test_ends_with_the_membership(self, as_ben, ben, shop, client):
        path = make_feed(as_ben)
        Membership.objects.filter(user=ben).delete()

        assert client.get(path).status_code == 404

    def test_ends_with_the_account(self, as_ben, ben, shop, client):
        path = make_feed(as_ben)
        ben.is_active = False
        ben.save()

        assert client.get(path).status_code == 404

    def test_shows_nothing_of_another_project(self, as_ben, edition, as_cleo, client):
        page = as_cleo.post("/p/bakery/digest/feed/", {"make": "1"})
        path = BeautifulSoup(page.content, "html5lib").select_one(".notice .code code").text

        assert feedparser.parse(client.get(path.split("example.com")[1]).content).entries == []

    def test_of_one_who_may_only_look_works_too(self, as_vic, shop, client):
        assert client.get(make_feed(as_vic)).status_code == 200
