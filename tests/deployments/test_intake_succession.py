"""What the API and the pages tell of a ship's place in its line."""

from datetime import timedelta

import pytest

from deployments.succession import successions
from tests.factories import NOW, make_deployment

HOUR = timedelta(hours=1)
URL = "/api/v1/deployments/"


def place_of(ship):
    ship.refresh_from_db()
    return successions([ship])[ship.pk]


@pytest.fixture
def story(shop):
    """Three ships: the last is the first again."""
    return [
        make_deployment(shop, version, shipped_at=NOW - hours * HOUR)
        for version, hours in (("1.0", 9), ("1.1", 5), ("1.0", 1))
    ]


class TestSuccession:
    def test_a_ship_is_superseded_by_the_next_in_its_place(self, story):
        first, second, _ = story

        assert (place_of(first).state, place_of(first).next) == ("superseded", second)
        assert place_of(first).lasted == 4 * HOUR

    def test_a_ship_that_was_taken_back_says_so_rather_than_that_another_came(self, story):
        _, second, back = story

        assert (place_of(second).state, place_of(second).taken_back_by) == ("rolled_back", back)

    def test_the_last_one_runs_now(self, story):
        *_, back = story

        assert place_of(back).runs_now
        assert [ship.version for ship in place_of(back).takes_back] == ["1.1"]

    @pytest.mark.parametrize("facts", [{"environment": "staging"}, {"service": "api"}])
    def test_what_ships_elsewhere_takes_over_from_nothing(self, shop, story, facts):
        make_deployment(shop, "9", shipped_at=NOW, **facts)

        assert place_of(story[-1]).runs_now

    @pytest.mark.parametrize("facts", [{"kind": "flag"}, {"status": "failed"}])
    def test_a_flag_or_a_ship_that_failed_takes_over_from_nothing(self, shop, story, facts):
        make_deployment(shop, "9", shipped_at=NOW, **facts)

        assert place_of(story[-1]).runs_now

    def test_services_are_lines_of_their_own(self, shop):
        first = make_deployment(shop, "1", service="api", shipped_at=NOW - HOUR)
        second = make_deployment(shop, "2", service="api", shipped_at=NOW)

        assert (place_of(first).next, place_of(second).next) == (second, None)

    def test_what_comes_in_late_finds_its_place(self, shop, story):
        late = make_deployment(shop, "1.0.5", shipped_at=NOW - 7 * HOUR)

        assert place_of(story[0]).next == late
        assert place_of(late).next == story[1]

    def test_costs_as_many_queries_for_many_as_for_one(
        self, shop, story, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(4):
            successions(list(shop.deployments.all()))


class TestTheApi:
    def test_tells_each_ships_state_and_what_it_took_back(self, api, story):
        rows = api.get(URL).json()["results"]

        assert [row["state"] for row in rows] == ["succeeded", "rolled_back", "superseded"]
        assert rows[0]["rolls_back"] == [story[1].pk]
        assert rows[1]["rolled_back_by"] == story[2].pk
        assert rows[2]["superseded_by"] == story[1].pk

    def test_tells_ci_that_its_ship_is_a_roll_back(self, api, shop, story):
        make_deployment(shop, "1.2", shipped_at=NOW - HOUR / 2)

        answer = api.post(URL, {"version": "1.1"}, content_type="application/json").json()

        assert len(answer["rolls_back"]) == 1

    @pytest.mark.parametrize(("sent", "kept"), [("Flag", "flag"), ("", "code"), ("magic", "code")])
    def test_takes_what_kind_of_change_it_was(self, api, sent, kept):
        body = {"version": "1", "kind": sent}

        answer = api.post(URL, body, content_type="application/json").json()

        assert answer["kind"] == kept
        assert bool(answer["problems"]) == (sent == "magic")


class TestThePages:
    def test_the_list_says_what_runs_now_and_what_was_taken_back(self, as_vic, story):
        page = as_vic.get("/p/shop/ships/").content.decode()

        assert page.count("runs now") == 1
        assert "taken back after 4 h" in page
        assert "replaced after 4 h" in page
        assert page.count(">Roll-back<") == 1

    def test_a_ship_links_to_the_one_that_took_it_back(self, as_vic, story):
        page = as_vic.get(f"/p/shop/ships/{story[1].pk}/").content.decode()

        assert f'by <a href="/p/shop/ships/{story[2].pk}/"' in page

    def test_a_roll_back_links_to_what_it_took_back(self, as_vic, story):
        page = as_vic.get(f"/p/shop/ships/{story[2].pk}/").content.decode()

        assert f'took back <a href="/p/shop/ships/{story[1].pk}/"' in page

    def test_a_flag_is_shown_as_one(self, as_vic, shop):
        make_deployment(shop, "cart on", kind="flag")

        assert ">Feature flag<" in as_vic.get("/p/shop/ships/").content.decode()
