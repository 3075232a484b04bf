from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from feedback.models import Status
from learning.linking import link_feedback
from tests.factories import NOW, make_deployment, make_feedback, make_project

HOUR = timedelta(hours=1)


def read(client, item, query=""):
    response = client.get(f"/p/shop/feedback/{item.pk}/{query}")
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "1.4.0", shipped_at=NOW - 5 * HOUR)


@pytest.fixture
def item(shop, ship):
    item = make_feedback(shop, "It hangs", version="1.4.0", created_at=NOW - HOUR)
    link_feedback(shop, now=NOW)
    return item


class TestFeedbackItem:
    def test_is_hidden_from_strangers(self, shop, item, as_cleo):
        assert as_cleo.get(f"/p/shop/feedback/{item.pk}/").status_code == 404

    def test_is_not_found_in_another_project(self, shop, as_ben):
        other = make_feedback(make_project("Elsewhere"))

        assert as_ben.get(f"/p/shop/feedback/{other.pk}/").status_code == 404

    def test_is_not_found_when_there_is_none(self, shop, as_ben):
        assert as_ben.get(f"/p/shop/feedback/{10**30}/").status_code == 404

    def test_shows_the_reasons_for_each_ship(self, shop, item, as_vic):
        text = read(as_vic, item).get_text(" ", strip=True)

        for reason in item.attributions.get(is_best=True).reasons:
            assert reason in text

    def test_shows_all_that_a_customer_sent_as_text(self, shop, as_vic):
        evil = "<script>alert(1)</script>"
        item = make_feedback(
            shop, evil, version=evil, area=evil, url="javascript:alert(1)", plan=evil,
            customer={"id": "c1", "name": evil}, reply_text=evil,
        )  # fmt: skip

        page = read(as_vic, item)

        assert not [tag for tag in page.select("script") if not tag.get("src")]
        assert not page.select('a[href^="javascript:"]')
        assert page.get_text().count(evil) >= 5

    def test_is_seen_when_a_member_opens_it(self, shop, item, as_ben, ben):
        read(as_ben, item)

        item.refresh_from_db()
        assert (item.status, item.seen_by) == (Status.SEEN, ben)
        assert item.seen_at

    def test_keeps_who_saw_it_first(self, shop, item, as_ben, as_ada, ben):
        read(as_ben, item)
        first = item.__class__.objects.get(pk=item.pk).seen_at
        read(as_ada, item)

        item.refresh_from_db()
        assert (item.seen_by, item.seen_at) == (ben, first)

    def test_is_not_seen_by_the_team_when_a_viewer_opens_it(self, shop, item, as_vic):
        read(as_vic, item)

        item.refresh_from_db()
        assert item.seen_at is None

    def test_is_not_seen_when_a_browser_fetches_it_ahead(self, shop, item, as_ben):
        as_ben.get(f"/p/shop/feedback/{item.pk}/", headers={"Sec-Purpose": "prefetch"})

        item.refresh_from_db()
        assert item.seen_at is None

    def test_leads_to_its_neighbours(self, shop, item, as_vic):
        newer = make_feedback(shop, "newer", created_at=NOW - HOUR / 2)
        older = make_feedback(shop, "older", created_at=NOW - 2 * HOUR)

        page = read(as_vic, item)

        assert page.select_one("a[rel=prev]")["href"] == f"/p/shop/feedback/{newer.pk}/"
        assert page.select_one("a[rel=next]")["href"] == f"/p/shop/feedback/{older.pk}/"

    def test_leads_to_neighbours_within_the_filters(self, shop, item, as_vic):
        make_feedback(shop, "another version", created_at=NOW - 2 * HOUR)
        older = make_feedback(shop, "older", version="1.4.0", created_at=NOW - 3 * HOUR)

        link = read(as_vic, item, "?version=1.4.0").select_one("a[rel=next]")["href"]

        assert link == f"/p/shop/feedback/{older.pk}/?version=1.4.0"

    def test_tells_neighbours_of_the_same_moment_apart(self, shop, item, as_vic):
        twin = make_feedback(shop, "twin", created_at=NOW - HOUR)

        assert str(twin.pk) in read(as_vic, item).select_one("a[rel=prev]")["href"]
        assert str(item.pk) in read(as_vic, twin).select_one("a[rel=next]")["href"]

    def test_offers_viewers_nothing_to_change(self, shop, item, as_vic):
        main = read(as_vic, item).select_one("main")

        assert not main.select("button")

    def test_costs_few_queries_however_many_ships_it_may_be_about(
        self, shop, as_ben, django_assert_max_num_queries
    ):
        for n in range(20):
            make_deployment(shop, f"2.{n}", shipped_at=NOW - timedelta(hours=20 + n))
        item = make_feedback(shop, "It hangs", created_at=NOW - HOUR)
        link_feedback(shop, now=NOW)

        with django_assert_max_num_queries(21):
            read(as_ben, item)

    def test_cannot_be_merged_into_itself(self, shop, item, as_ben):
        page = as_ben.post(
            f"/p/shop/feedback/{item.pk}/merge/", {"into": item.pk}, follow=True
        ).content.decode()

        assert "Choose another one" in page and "Merged." not in page


class TestSayingWhichShip:
    def test_takes_a_members_word_for_it(self, shop, item, as_ben):
        other = make_deployment(shop, "1.3.0", shipped_at=NOW - 90 * HOUR)

        as_ben.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": other.pk})

        assert item.attributions.get(is_best=True).deployment == other
        assert "said by Ben" in read(as_ben, item).get_text()

    def test_takes_that_it_is_about_none_of_ours(self, shop, item, as_ben):
        as_ben.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": "none"})

        assert item.attributions.get(is_best=True).deployment is None

    def test_can_be_taken_back(self, shop, item, ship, as_ben):
        as_ben.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": "none"})
        as_ben.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": "ask"})
        link_feedback(shop, now=NOW)

        assert item.attributions.get(is_best=True).deployment == ship

    def test_is_refused_to_viewers(self, shop, item, as_vic):
        response = as_vic.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": "none"})

        assert response.status_code == 403

    def test_is_hidden_from_strangers(self, shop, item, as_cleo):
        response = as_cleo.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": "none"})

        assert response.status_code == 404

    @pytest.mark.parametrize("choice", ["", "x", "-1", "9" * 40, "²"])
    def test_refuses_a_ship_that_there_is_not(self, shop, item, as_ben, choice):
        response = as_ben.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": choice})

        assert response.status_code == 404

    def test_refuses_a_ship_of_another_project(self, shop, item, as_ben):
        other = make_deployment(make_project("Elsewhere"), "9.9")

        response = as_ben.post(f"/p/shop/feedback/{item.pk}/ship/", {"ship": other.pk})

        assert response.status_code == 404
