from datetime import timedelta

import pytest

from learning.checkup import perform_checkup
from learning.estimating import estimate_checkup
from learning.models import ImpactEstimate, Untouched
from tests.factories import NOW, make_deployment, make_metric, make_samples

DAY = timedelta(days=1)
WEEK = 7 * DAY
WHY = {"because": "only the help pages changed"}


@pytest.fixture
def orders(shop):
    metric = make_metric(shop, "orders", name="Orders")
    make_samples(metric, NOW - 40 * DAY, [100 + n % 7 + n % 24 for n in range(24 * 40)])
    return metric


def looked_at(shop, version, ago, **facts):
    """Return a ship that went out so long ago, with all its looks until now done."""
    ship = make_deployment(shop, version, shipped_at=NOW - ago, **facts)
    for checkup in ship.checkups.filter(due_at__lte=NOW).order_by("due_at"):
        ImpactEstimate.objects.bulk_create(estimate_checkup(checkup, now=NOW))
    ship.checkups.filter(due_at__lte=NOW).update(finished_at=NOW)
    return ship


def look_again(ship):
    """Do what the worker does with the looks that are due."""
    for checkup in ship.checkups.filter(due_at__lte=NOW, finished_at=None).order_by("due_at"):
        perform_checkup(checkup, now=NOW)


def window_end(ship):
    return ImpactEstimate.objects.get(deployment=ship, checkup__horizon=WEEK).window_end_at


def post(client, ship, **facts):
    return client.post(f"/p/shop/ships/{ship.pk}/untouched/", {"metric": "orders", **WHY, **facts})


class TestSayingThatAShipCannotTouchAMetric:
    def test_is_kept_with_the_name_and_the_reason(self, shop, orders, as_ben):
        ship = looked_at(shop, "1.0", 8 * DAY)

        post(as_ben, ship)

        said = Untouched.objects.get(deployment=ship)
        assert (said.metric, str(said.by), said.because) == (orders, "Ben", WHY["because"])

    def test_makes_its_own_estimate_anew(self, shop, orders, as_ben):
        ship = looked_at(shop, "1.0", 8 * DAY)

        post(as_ben, ship)
        look_again(ship)

        row = ImpactEstimate.objects.get(deployment=ship, checkup__horizon=WEEK)
        assert row.effect is None
        assert "Ben said that this ship cannot touch it" in row.note

    def test_gives_the_ship_before_it_its_whole_window(self, shop, orders, as_ben):
        docs = make_deployment(shop, "1.1", shipped_at=NOW - 4 * DAY)
        before = looked_at(shop, "1.0", 8 * DAY)
        assert window_end(before) == docs.shipped_at

        post(as_ben, docs)
        look_again(before)

        assert window_end(before) == before.shipped_at + WEEK

    def test_gives_it_back_when_it_is_taken_back(self, shop, orders, as_ben):
        docs = make_deployment(shop, "1.1", shipped_at=NOW - 4 * DAY)
        before = looked_at(shop, "1.0", 8 * DAY)
        post(as_ben, docs)
        look_again(before)

        as_ben.post(f"/p/shop/untouched/{Untouched.objects.get().pk}/")
        look_again(before)

        assert not Untouched.objects.exists()
        assert window_end(before) == docs.shipped_at

    def test_leaves_ships_alone_that_it_has_nothing_to_do_with(self, shop, orders, as_ben):
        looked_at(shop, "0.2", 20 * DAY)
        far = looked_at(shop, "0.1", 30 * DAY)
        staging = looked_at(shop, "1.0", 8 * DAY, environment="staging")

        post(as_ben, make_deployment(shop, "1.1", shipped_at=NOW - 4 * DAY))

        for ship in (far, staging):
            assert not ship.checkups.filter(due_at__lte=NOW, finished_at=None).exists()

    def test_said_twice_is_kept_once_in_the_last_words(self, shop, orders, as_ben, as_ada):
        ship = looked_at(shop, "1.0", 8 * DAY)

        post(as_ben, ship)
        post(as_ada, ship, because="nothing but docs")

        said = Untouched.objects.get()
        assert (str(said.by), said.because) == ("Ada", "nothing but docs")

    @pytest.mark.parametrize("facts", [{"because": "  "}, {"metric": "other"}, {"metric": "\x00"}])
    def test_wants_a_metric_and_a_reason(self, shop, orders, as_ben, facts):
        ship = looked_at(shop, "1.0", 8 * DAY)

        answer = post(as_ben, ship, **facts)

        assert answer.status_code == 302
        assert not Untouched.objects.exists()

    def test_is_not_for_viewers_or_strangers(self, shop, orders, as_vic, as_cleo):
        ship = looked_at(shop, "1.0", 8 * DAY)

        assert post(as_vic, ship).status_code == 403
        assert post(as_cleo, ship).status_code == 404
        assert not Untouched.objects.exists()


class TestSayingItOfAnArea:
    def say(self, client, area="docs"):
        return client.post("/p/shop/metrics/orders/untouched/", {"area": area, **WHY})

    def test_holds_for_ships_to_that_area_alone(self, shop, orders, as_ben):
        docs = looked_at(shop, "1.0", 8 * DAY, areas=("Docs",))
        both = looked_at(shop, "1.1", 30 * DAY, areas=("docs", "cart"))

        self.say(as_ben)
        look_again(docs)
        look_again(both)

        notes = dict(
            ImpactEstimate.objects.filter(checkup__horizon=WEEK).values_list("deployment", "note")
        )
        assert "Docs alone" in notes[docs.pk]
        assert "alone" not in notes[both.pk]

    def test_is_kept_once_whatever_its_case(self, shop, orders, as_ben):
        self.say(as_ben, "docs")
        self.say(as_ben, "DOCS")

        assert Untouched.objects.get().area == "docs"

    @pytest.mark.parametrize("area", ["", " ", "x" * 201])
    def test_wants_an_area(self, shop, orders, as_ben, area):
        self.say(as_ben, area)

        assert not Untouched.objects.exists()


class TestThePages:
    def test_of_the_ship_shows_who_said_it_and_why_and_escapes_it(self, shop, orders, as_ben, bs):
        ship = looked_at(shop, "1.0", 8 * DAY)
        post(as_ben, ship, because="<b>docs</b>")

        page = bs(as_ben.get(f"/p/shop/ships/{ship.pk}/"))

        section = page.select_one("section[aria-labelledby=untouched]")
        assert "This ship cannot touch Orders: <b>docs</b> Ben" in " ".join(
            section.get_text().split()
        )

    def test_say_that_a_metric_was_ruled_out_rather_than_that_data_is_missing(
        self, shop, orders, as_ben
    ):
        ship = looked_at(shop, "1.0", 8 * DAY)
        post(as_ben, ship)
        look_again(ship)

        page = as_ben.get(f"/p/shop/ships/{ship.pk}/").content.decode()

        assert "Said not to touch it" in page
        assert "Not enough data" not in page

    def test_of_the_ship_shows_what_was_said_of_its_area(self, shop, orders, as_ben, bs):
        ship = looked_at(shop, "1.0", 8 * DAY, areas=("Docs",))
        other = looked_at(shop, "1.1", 20 * DAY, areas=("Docs", "Cart"))
        TestSayingItOfAnArea().say(as_ben)

        shown, not_shown = (
            bs(as_ben.get(f"/p/shop/ships/{one.pk}/")).get_text() for one in (ship, other)
        )

        assert "alone cannot touch" in shown
        assert "alone cannot touch" not in not_shown

    def test_of_the_metric_shows_both_kinds(self, shop, orders, as_ben, bs):
        post(as_ben, looked_at(shop, "1.0", 8 * DAY))
        TestSayingItOfAnArea().say(as_ben)

        rows = bs(as_ben.get("/p/shop/metrics/orders/")).select("[aria-labelledby=untouched] li")

        assert ["docs" in rows[0].get_text(), "1.0" in rows[1].get_text()] == [True, True]

    def test_offer_a_viewer_no_button(self, shop, orders, as_ben, as_vic, bs):
        ship = looked_at(shop, "1.0", 8 * DAY)
        post(as_ben, ship)

        for path in (f"ships/{ship.pk}/", "metrics/orders/"):
            section = bs(as_vic.get(f"/p/shop/{path}")).select_one("[aria-labelledby=untouched]")
            assert "help pages" in section.get_text()
            assert not section.select("form")

    def test_lead_from_an_effect_to_the_ships_in_its_window(self, shop, orders, as_vic, bs):
        make_deployment(shop, "1.1", shipped_at=NOW - 4 * DAY)
        ship = looked_at(shop, "1.0", 8 * DAY)

        effects = bs(as_vic.get(f"/p/shop/ships/{ship.pk}/")).select_one(
            "[aria-labelledby=effects]"
        )

        links = [link.get_text() for link in effects.select("table:not(.table--plain) td a")]
        assert links == ["1.1"]
