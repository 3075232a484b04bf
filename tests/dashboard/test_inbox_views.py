from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from feedback.models import SavedView
from tests.factories import NOW, make_feedback, make_project

HOUR = timedelta(hours=1)
VIEWS = "/p/shop/feedback/views/"


def keep(client, name="Bad ones", query="mood=bad", **more):
    return client.post(VIEWS, {"name": name, "query": query, **more})


def page_of(client, address="/p/shop/feedback/?all=on"):
    return BeautifulSoup(client.get(address).content, "html.parser")


class TestAView:
    @pytest.fixture(autouse=True)
    def words(self, shop):
        make_feedback(shop, "It crashed", rating=1)
        make_feedback(shop, "Lovely", rating=5)

    def test_keeps_filters_under_a_name(self, shop, as_ben):
        keep(as_ben)

        link = page_of(as_ben).select_one(".inbox-views__row a")
        assert (link.get_text(strip=True), link["href"]) == (
            "Bad ones",
            "/p/shop/feedback/?mood=bad",
        )

    def test_is_seen_by_its_owner_alone(self, shop, as_ben, as_ada):
        keep(as_ben)

        assert not page_of(as_ada).select(".inbox-views__row")

    def test_that_is_shared_is_seen_by_all(self, shop, as_ben, as_vic):
        keep(as_ben, shared="on")

        assert "Bad ones" in page_of(as_vic).select_one(".inbox-views").get_text()

    def test_is_not_shared_by_viewers(self, shop, as_vic):
        assert keep(as_vic, shared="on").status_code == 403
        assert keep(as_vic).status_code == 302

    def test_of_the_same_name_takes_the_new_filters(self, shop, as_ben):
        keep(as_ben)
        keep(as_ben, query="rating=1")

        assert SavedView.objects.get().query == "rating=1"

    def test_keeps_only_filters_that_there_are(self, shop, as_ben):
        keep(as_ben, query="mood=bad&evil=1&cursor=x&status=burning")

        assert SavedView.objects.get().query == "mood=bad"

    @pytest.mark.parametrize("wrong", [{"name": " "}, {"query": ""}, {"query": "x=1"}])
    def test_needs_a_name_and_a_filter(self, shop, as_ben, wrong):
        keep(as_ben, **wrong)

        assert not SavedView.objects.exists()

    def test_can_be_what_the_inbox_opens_with(self, shop, as_ben):
        keep(as_ben)
        as_ben.post(f"{VIEWS}{SavedView.objects.get().pk}/", {"do": "open"})

        assert as_ben.get("/p/shop/feedback/").url == "/p/shop/feedback/?mood=bad"
        assert as_ben.get("/p/shop/feedback/?all=on").status_code == 200

    def test_that_is_shared_opens_first_only_for_whoever_chose_it(self, shop, as_ben, as_ada):
        keep(as_ada, shared="on")
        as_ben.post(f"{VIEWS}{SavedView.objects.get().pk}/", {"do": "open"})

        assert as_ben.get("/p/shop/feedback/").status_code == 302
        assert as_ada.get("/p/shop/feedback/").status_code == 200

    def test_that_is_shared_is_removed_by_owners(self, shop, as_ben, as_ada):
        keep(as_ben, shared="on")
        address = f"{VIEWS}{SavedView.objects.get().pk}/"

        assert as_ben.post(address, {"do": "remove"}).status_code == 403
        as_ada.post(address, {"do": "remove"})
        assert not SavedView.objects.exists()

    def test_of_another_person_is_not_found(self, shop, as_ben, as_ada):
        keep(as_ben)

        answer = as_ada.post(f"{VIEWS}{SavedView.objects.get().pk}/", {"do": "remove"})
        assert answer.status_code == 404


class TestMoreFilters:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"heard"}), ("?place=held", {"spam"}), ("?place=merged", {"again"}),
            ("?place=all", {"heard", "spam", "again"}), ("?assigned=me", set()),
            ("?assigned=nobody", {"heard"}), ("?assigned=99", {"heard"}),
            ("?unanswered=on", {"heard"}),
            ("?language=de", set()), ("?environment=staging", set()), ("?connection=1", {"heard"}),
            ("?none=on", set()), ("?sort=lowest", set()), ("?sort=oldest", {"heard"}),
        ],
    )  # fmt: skip
    def test_leave_what_fits(self, shop, as_ben, query, found):
        heard = make_feedback(shop, "heard", rating=None)
        make_feedback(shop, "spam").__class__.objects.filter(text="spam").update(held_at=NOW)
        make_feedback(shop, "again")
        shop.feedback.filter(text="again").update(merged_into=heard)

        rows = page_of(as_ben, f"/p/shop/feedback/{query}").select("blockquote")

        assert {row.get_text(strip=True) for row in rows} == found

    def test_are_shown_as_chips_that_take_them_away(self, shop, as_ben):
        make_feedback(shop, "It crashed", rating=1, version="1.4.0")

        chips = page_of(as_ben, "/p/shop/feedback/?mood=bad&version=1.4.0").select(".chip")

        assert [chip["href"] for chip in chips] == [
            "/p/shop/feedback/?version=1.4.0",
            "/p/shop/feedback/?mood=bad",
        ]

    def test_order_by_the_lowest_rating_and_page_on(self, shop, as_ben):
        for n in range(60):
            make_feedback(shop, f"{n}", rating=1 + n % 5, created_at=NOW - n * HOUR)
        make_feedback(shop, "no rating")

        first = page_of(as_ben, "/p/shop/feedback/?sort=lowest")
        second = page_of(as_ben, first.select_one("a[rel=next]")["href"])
        back = page_of(as_ben, second.select_one("a[rel=prev]")["href"])

        said = [[q.get_text(strip=True) for q in p.select("blockquote")] for p in (first, second)]
        assert said[0][:2] == ["0", "5"] and len(said[0]) == 50
        assert set(said[0]).isdisjoint(said[1]) and len(said[1]) == 10
        assert [q.get_text(strip=True) for q in back.select("blockquote")] == said[0]

    def test_keep_their_place_when_something_new_arrives(self, shop, as_ben):
        for n in range(55):
            make_feedback(shop, f"{n}", created_at=NOW - HOUR)  # all at one moment
        link = page_of(as_ben).select_one("a[rel=next]")["href"]
        make_feedback(shop, "new", created_at=NOW)

        rest = page_of(as_ben, link).select("blockquote")
        assert [row.get_text(strip=True) for row in rest] == ["4", "3", "2", "1", "0"]

    def test_offer_nothing_of_another_project(self, shop, as_ben):
        make_feedback(shop, "ours", source="widget")
        make_feedback(make_project("Elsewhere"), "theirs", source="secret_store")

        assert "secret" not in str(page_of(as_ben)).lower()
