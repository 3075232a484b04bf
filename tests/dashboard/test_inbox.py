from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from feedback.models import FeedbackItem, Status
from learning.linking import link_feedback
from tests.factories import NOW, make_deployment, make_feedback, make_project

HOUR = timedelta(hours=1)
SCRIPT = "<script>alert(1)</script> & more"


def read(client, query="", **headers):
    response = client.get(f"/p/shop/feedback/{query}", headers=headers)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def said(page):
    return [quote.get_text(strip=True) for quote in page.select("blockquote")]


class TestInbox:
    def test_is_hidden_from_strangers(self, shop, as_cleo):
        assert as_cleo.get("/p/shop/feedback/").status_code == 404

    def test_asks_who_is_there(self, shop):
        assert Client().get("/p/shop/feedback/").status_code == 302

    def test_leads_to_the_sources_when_empty(self, shop, as_vic):
        links = [link["href"] for link in read(as_vic).select(".empty a")]

        assert "/p/shop/settings/sources/" in links

    def test_teaches_how_to_fill_it_when_empty(self, shop, as_vic):
        page = read(as_vic)

        assert "Nobody has said anything yet" in page.get_text()
        assert "/api/v1/feedback/" in page.select_one(".code").get_text()

    def test_shows_the_newest_first(self, shop, as_vic):
        make_feedback(shop, "older", created_at=NOW - 2 * HOUR)
        make_feedback(shop, "newer", created_at=NOW - HOUR)

        assert said(read(as_vic)) == ["newer", "older"]

    def test_shows_nothing_of_another_project(self, shop, as_vic):
        make_feedback(make_project("Elsewhere"), "not ours")

        assert said(read(as_vic)) == []

    def test_shows_customers_words_as_text(self, shop, as_vic):
        make_feedback(shop, SCRIPT)

        page = read(as_vic)

        assert said(page) == [SCRIPT]
        assert not [tag for tag in page.select("script") if not tag.get("src")]

    def test_lets_the_words_run_in_their_own_direction(self, shop, as_vic):
        make_feedback(shop, "التطبيق بطيء")

        assert read(as_vic).select_one("blockquote")["dir"] == "auto"

    def test_says_when_a_rating_came_without_words(self, shop, as_vic):
        make_feedback(shop, "", rating=2)

        assert said(read(as_vic)) == ["A rating without words."]

    def test_names_the_likeliest_ship_with_its_probability(self, shop, as_vic):
        make_deployment(shop, "1.4.0", shipped_at=NOW - 2 * HOUR)
        make_feedback(shop, "It hangs", version="1.4.0", created_at=NOW - HOUR)
        link_feedback(shop, now=NOW)

        text = read(as_vic).select_one(".list").get_text(" ", strip=True)

        assert "Most likely about 1.4.0 (" in text
        assert "shipped by" in text

    def test_says_when_it_waits_to_be_linked(self, shop, as_vic):
        make_feedback(shop)

        assert "Not linked to a ship yet" in read(as_vic).get_text()

    def test_sends_only_the_list_to_htmx(self, shop, as_vic):
        make_feedback(shop)

        page = read(as_vic, **{"HX-Request": "true", "HX-Target": "list"})

        assert page.select_one("#list") and not page.select_one("html")

    def test_sends_the_whole_page_when_htmx_restores_it(self, shop, as_vic):
        headers = {"HX-Target": "list", "HX-History-Restore-Request": "true"}

        assert read(as_vic, **headers).select_one("html")

    def test_costs_as_many_queries_for_a_full_page_as_for_three(
        self, shop, as_vic, django_assert_max_num_queries
    ):
        make_deployment(shop, "1.4.0", shipped_at=NOW - 50 * HOUR)
        for n in range(45):
            make_feedback(shop, f"number {n}", created_at=NOW - HOUR)
        link_feedback(shop, now=NOW)

        with django_assert_max_num_queries(20):
            assert len(said(read(as_vic))) == 45

    def test_offers_each_source_once(self, shop, as_vic):
        for source in ("widget", "app_store", "widget", "email"):
            make_feedback(shop, source=source)

        offered = read(as_vic).select("#id_source option")

        assert [option["value"] for option in offered] == ["", "app_store", "email", "widget"]

    def test_pages_on_to_older_feedback_with_the_same_filters(self, shop, as_vic):
        for n in range(55):
            make_feedback(shop, f"bad {n}", rating=1, created_at=NOW - n * HOUR)
            make_feedback(shop, f"good {n}", rating=5, created_at=NOW - n * HOUR)

        older = read(as_vic, "?mood=bad").select_one("a[rel=next]")["href"]
        rest = BeautifulSoup(as_vic.get(older).content, "html.parser")

        assert said(rest) == [f"bad {n}" for n in range(50, 55)]

    def test_answers_404_to_a_cursor_that_is_not_ours(self, shop, as_vic):
        assert as_vic.get("/p/shop/feedback/?cursor=nonsense").status_code == 404

    def test_offers_the_import_to_members_only(self, shop, as_vic, as_ben):
        assert "Import a file" not in read(as_vic).get_text()
        assert "Import a file" in read(as_ben).get_text()


class TestFilters:
    @pytest.fixture(autouse=True)
    def words(self, shop, ada):
        make_deployment(shop, "1.4.0", shipped_at=NOW - 40 * HOUR, by="ada@example.com")
        make_deployment(shop, "1.5.0", shipped_at=NOW - 30 * HOUR, by="ben@example.com")
        make_feedback(
            shop, "It crashed twice", rating=1, version="1.4.0", source="app_store",
            created_at=NOW - 25 * HOUR,
        )  # fmt: skip
        make_feedback(
            shop, "I love the new checkout", rating=5, version="1.5.0", created_at=NOW - HOUR
        )
        link_feedback(shop, now=NOW)

    @pytest.mark.parametrize(
        "query",
        [
            "?q=CRASHED", "?q=twice+it", "?mood=bad", "?theme=crash", "?rating=1",
            "?source=app_store", "?version=1.4.0", "?until=2026-03-17", "?yours=on",
            "?q=crashed&mood=bad&status=new",
        ],
    )  # fmt: skip
    def test_leaves_what_fits(self, shop, as_ada, query):
        assert said(read(as_ada, query)) == ["It crashed twice"]

    @pytest.mark.parametrize("query", ["?since=2026-03-18", "?rating=5", "?theme=praise"])
    def test_leaves_out_what_does_not_fit(self, shop, as_ada, query):
        assert said(read(as_ada, query)) == ["I love the new checkout"]

    def test_leaves_what_is_most_likely_about_a_ship(self, shop, as_vic):
        ship = shop.deployments.get(version="1.5.0")

        assert said(read(as_vic, f"?ship={ship.pk}")) == ["I love the new checkout"]

    def test_never_reaches_the_ships_of_another_project(self, shop, as_vic):
        other = make_deployment(make_project("Elsewhere"), "9.9.9")

        page = read(as_vic, f"?ship={other.pk}")

        assert said(page) == []
        assert "9.9.9" not in page.get_text()

    def test_says_that_nothing_matches(self, shop, as_vic):
        assert "Nothing matches" in read(as_vic, "?q=unheard").get_text()

    @pytest.mark.parametrize(
        "query",
        [
            "?mood=furious", "?since=yesterday", "?since=9999-12-31", "?until=0001-01-01",
            "?ship=x", "?ship=99999999999999999999999", "?rating=6", "?q=%00",
        ],
    )  # fmt: skip
    def test_ignores_a_filter_that_cannot_be_read(self, shop, as_vic, query):
        assert len(said(read(as_vic, query))) == 2

    def test_follows_the_day_of_the_reader(self, shop, as_ada, ada):
        make_feedback(shop, "late on the 19th in Kiribati", created_at="2026-03-18T13:00:00Z")
        ada.timezone = "Pacific/Kiritimati"  # 14 hours ahead
        ada.save()

        assert said(read(as_ada, "?since=2026-03-19")) == [
            "late on the 19th in Kiribati",
            "I love the new checkout",
        ]


class TestStatus:
    def test_is_saved_by_members(self, shop, as_ben):
        item = make_feedback(shop)

        response = as_ben.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "closed"})

        assert response.url == f"/p/shop/feedback/{item.pk}/"
        assert FeedbackItem.objects.get().status == Status.CLOSED

    def test_counts_as_the_first_look(self, shop, as_ben, ben):
        item = make_feedback(shop)

        as_ben.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "answered"})

        item.refresh_from_db()
        assert item.seen_by == ben and item.seen_at

    def test_keeps_the_first_look_when_it_is_reopened(self, shop, as_ben, as_ada, ben):
        item = make_feedback(shop)
        as_ben.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "closed"})

        as_ada.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "seen"})

        item.refresh_from_db()
        assert (item.status, item.seen_by) == (Status.SEEN, ben)

    def test_answers_htmx_with_the_new_state(self, shop, as_ben):
        item = make_feedback(shop)

        response = as_ben.post(
            f"/p/shop/feedback/{item.pk}/status/",
            {"status": "answered"},
            headers={"HX-Request": "true"},
        )

        assert b"Answered</span>" in response.content
        assert b"<html" not in response.content

    def test_is_refused_to_viewers_with_the_role_that_it_needs(self, shop, as_vic):
        item = make_feedback(shop)

        response = as_vic.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "closed"})

        assert response.status_code == 403
        assert FeedbackItem.objects.get().status == Status.NEW

    def test_is_hidden_from_strangers(self, shop, as_cleo):
        item = make_feedback(shop)

        response = as_cleo.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "closed"})

        assert response.status_code == 404

    def test_cannot_reach_another_project(self, shop, as_ben):
        item = make_feedback(make_project("Elsewhere"))

        response = as_ben.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "closed"})

        assert response.status_code == 404

    def test_is_not_changed_by_a_get(self, shop, as_ben):
        item = make_feedback(shop)

        assert as_ben.get(f"/p/shop/feedback/{item.pk}/status/").status_code == 405

    def test_needs_the_token_of_a_form(self, shop, ben):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ben)
        item = make_feedback(shop)

        response = client.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "closed"})

        assert response.status_code == 403

    def test_refuses_a_status_that_there_is_not(self, shop, as_ben):
        item = make_feedback(shop)

        response = as_ben.post(f"/p/shop/feedback/{item.pk}/status/", {"status": "lost"})

        assert response.status_code == 404

    def test_never_leads_to_another_host(self, shop, as_ben):
        item = make_feedback(shop)

        response = as_ben.post(
            f"/p/shop/feedback/{item.pk}/status/",
            {"status": "closed", "next": "https://evil.example/"},
        )

        assert response.url == f"/p/shop/feedback/{item.pk}/"
