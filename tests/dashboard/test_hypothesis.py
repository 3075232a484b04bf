from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from deployments.models import Hypothesis, HypothesisEdit
from deployments.ship import Expectation
from learning.checkup import freeze_hypothesis
from learning.models import ImpactEstimate, Learning
from tests.factories import NOW, make_deployment, make_metric

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
FORM = {
    "metric": "orders", "direction": "down", "min_effect": "2.5", "window": "3d",
    "statement": "fewer clicks", "because": "one page less",
}  # fmt: skip


@pytest.fixture
def ship(shop):
    return make_deployment(shop, "2.0.0", shipped_at=NOW)


@pytest.fixture
def page(shop, ship):
    return f"/p/shop/ships/{ship.pk}/hypothesis/"


def make_look(shop, metric, effect, *, visible, horizon=WEEK, verdict="", is_real=False, goal=0.02):
    """A ship whose effect on the metric was estimated, and the verdict on its bet, if any."""
    bet = Expectation(metric.key, "up", goal) if verdict else None
    ship = make_deployment(shop, expectation=bet)
    checkup = ship.checkups.get(horizon=horizon)
    ImpactEstimate.objects.create(
        checkup=checkup, deployment=ship, metric=metric, word="estimated", effect=effect,
        low=effect - 0.01, high=effect + 0.01, smallest_visible=visible, is_real=is_real,
        window_start_at=ship.shipped_at, window_end_at=NOW, method="m", estimated_at=NOW,
    )  # fmt: skip
    if verdict:
        Learning.objects.create(
            project=shop, deployment=ship, checkup=checkup, verdict=verdict, headline="x",
            method="m", drafted_at=NOW, due_at=NOW,
        )  # fmt: skip
    return ship


def parse(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(tag):
    return " ".join(tag.get_text(" ").split())


class TestWritingAHypothesis:
    def test_states_one_for_a_ship_that_had_none(self, ship, page, as_ben, ben):
        answer = as_ben.post(page, FORM)

        bet = Hypothesis.objects.get()
        assert answer.url == f"/p/shop/ships/{ship.pk}/"
        assert (bet.goal, bet.window, bet.because) == (-0.025, timedelta(days=3), "one page less")
        assert bet.stated_by == ben

    def test_fills_the_form_with_what_was_said(self, ship, page, as_ben):
        as_ben.post(page, FORM)

        fields = {f["name"]: f.get("value") for f in parse(as_ben.get(page)).select("main input")}

        assert (fields["metric"], fields["min_effect"], fields["window"]) == ("orders", "2.5", "3d")

    def test_shows_a_change_as_a_change_on_the_ships_page(self, ship, page, as_ben):
        as_ben.post(page, FORM)
        as_ben.post(page, FORM | {"min_effect": "5"})

        text = words(parse(as_ben.get(f"/p/shop/ships/{ship.pk}/")))

        assert "Changed once" in text
        assert "Ben just now : from orders −2.5% within 3 d to orders −5% within 3 d" in text

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"window": "soon"}, "is not a length of time"),
            ({"min_effect": "0"}, "greater than or equal to"),
            ({"metric": "!!"}, "key"),
        ],
    )
    def test_says_what_is_wrong_beside_the_field(self, page, as_ben, wrong, told):
        page = parse(as_ben.post(page, FORM | wrong))

        assert told in words(page.select_one(".errorlist"))
        assert not Hypothesis.objects.exists()

    def test_is_refused_after_the_first_look(self, ship, page, as_ben):
        as_ben.post(page, FORM)
        freeze_hypothesis(ship, now=NOW)

        answer = as_ben.post(page, FORM | {"min_effect": "50"})

        assert "Wake has looked at this ship already" in words(parse(answer))
        assert Hypothesis.objects.get().min_effect == 0.025
        assert not HypothesisEdit.objects.exists()

    def test_is_offered_on_the_ships_page_until_then(self, ship, page, as_ben, as_vic):
        address = f"/p/shop/ships/{ship.pk}/"
        assert page in as_ben.get(address).content.decode()
        assert page not in as_vic.get(address).content.decode()

        ship.checkups.update(finished_at=NOW)

        assert page not in as_ben.get(address).content.decode()

    def test_what_ci_said_too_late_is_shown_as_a_remark(self, shop, as_ben):
        bet = Expectation("orders", "up", 0.02)
        ship = make_deployment(shop, "3.0.0", expectation=bet)
        freeze_hypothesis(ship, now=NOW)
        make_deployment(shop, "3.0.0", expectation=Expectation("orders", "up", 0.9))

        text = words(parse(as_ben.get(f"/p/shop/ships/{ship.pk}/")))

        assert "CI said orders +90% within 7 d" in text
        assert "after Wake’s first look: a remark, which changes nothing" in text


class TestPriorArtWhileWriting:
    def ask(self, client, page, **typed):
        """What htmx asks while somebody types."""
        return client.get(page, typed, headers={"HX-Request": "true", "HX-Target": "prior-art"})

    def test_answers_with_its_part_of_the_page_alone(self, page, as_ben):
        assert b"<html" not in self.ask(as_ben, page, metric="orders").content

    def test_tells_what_size_can_be_seen_and_how_bets_fared(self, shop, page, as_ben):
        metric = make_metric(shop, "orders")
        for effect, verdict in ((0.03, "supported"), (-0.04, "refuted"), (0.0, "inconclusive")):
            make_look(shop, metric, effect, visible=0.03 + effect / 10, verdict=verdict)

        text = words(parse(self.ask(as_ben, page, metric="orders", window="7d", min_effect="2")))

        assert "Orders usually shows a change of 3% or more, over 3 looks" in text
        assert "Of 2 bets on Orders that could be judged, 1 came true" in text
        assert "1 more could not be judged" in text
        assert "smaller than that" in text

    def test_says_nothing_of_size_when_the_bet_is_large_enough(self, shop, page, as_ben):
        make_look(shop, make_metric(shop, "orders"), 0.03, visible=0.03)

        answer = self.ask(as_ben, page, metric="orders", min_effect="5")

        assert "smaller than that" not in answer.content.decode()

    def test_takes_the_looks_nearest_to_the_window(self, shop, page, as_ben):
        metric = make_metric(shop, "orders")
        make_look(shop, metric, 0.03, visible=0.08, horizon=timedelta(days=1))
        make_look(shop, metric, 0.03, visible=0.02, horizon=timedelta(days=28))

        assert (
            b"<strong>8%</strong>" in self.ask(as_ben, page, metric="orders", window="2d").content
        )
        assert (
            b"<strong>2%</strong>" in self.ask(as_ben, page, metric="orders", window="3w").content
        )

    @pytest.mark.parametrize("typed", [{"metric": "<b>"}, {"metric": "\x00", "window": "x"}, {}])
    def test_bears_whatever_is_typed(self, page, as_ben, typed):
        answer = self.ask(as_ben, page, **typed)

        assert answer.status_code == 200
        assert b"<b>" not in answer.content

    def test_tells_nothing_of_the_metrics_of_others(self, shop, page, as_ben, cleo):
        make_metric(cleo.projects.get(), "bread")

        assert "no metric with the key" in words(parse(self.ask(as_ben, page, metric="bread")))


class TestPriorArtByTheApi:
    def test_tells_the_same(self, shop, api):
        metric = make_metric(shop, "orders")
        ship = make_look(shop, metric, 0.03, visible=0.02, verdict="supported", is_real=True)

        answer = api.get("/api/v1/metrics/orders/prior-art/?window=7d").json()

        assert answer["smallest_visible"] == {"size": 0.02, "after_seconds": 604800, "looks": 1}
        assert (answer["ships_measured"], answer["ships_that_moved_it"]) == (1, 1)
        assert answer["effects"][0]["deployment"] == ship.pk
        assert answer["bets_on_metric"] == {
            "supported": 1, "refuted": 0, "no_effect": 0, "untold": 0, "share": 1.0,
        }  # fmt: skip

    def test_of_a_metric_without_a_past_is_empty(self, shop, api):
        make_metric(shop, "orders")

        answer = api.get("/api/v1/metrics/orders/prior-art/").json()

        assert (answer["smallest_visible"], answer["effects"]) == (None, [])
        assert answer["bets_on_metric"]["share"] is None

    def test_names_a_window_that_cannot_be_read(self, shop, api):
        make_metric(shop, "orders")

        answer = api.get("/api/v1/metrics/orders/prior-art/?window=soon")

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "window")

    def test_costs_as_many_queries_for_many_ships_as_for_one(
        self, shop, api, django_assert_max_num_queries
    ):
        metric = make_metric(shop, "orders")
        for _ in range(12):
            make_look(shop, metric, 0.03, visible=0.02, verdict="supported")

        with django_assert_max_num_queries(9):
            api.get("/api/v1/metrics/orders/prior-art/")
