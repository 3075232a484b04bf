from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from deployments.models import Hypothesis
from deployments.ship import Expectation
from learning.models import ImpactEstimate, Learning
from learning.predictions import predictions_of
from learning.predictions_rules import Bet, drawn, record_of
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_metric, make_project

WEEK = timedelta(days=7)
PAGE = "/p/shop/learnings/expectations/"


def make_bet(
    project, verdict=Verdict.SUPPORTED, *, goal=0.05, effect=None, by="ada@example.com", at=NOW
):
    """A bet that ended, with the estimate that decided it if there is an `effect`."""
    metric = project.metrics.first() or make_metric(project)
    way = "up" if goal > 0 else "down"
    ship = make_deployment(
        project, by=by, expectation=Expectation(metric.key, way, abs(goal), window=WEEK)
    )
    checkup = ship.checkups.get(horizon=WEEK)
    if effect is not None:
        ImpactEstimate.objects.create(
            checkup=checkup, deployment=ship, metric=metric, word="estimated", effect=effect,
            low=effect - 0.02, high=effect + 0.02, smallest_visible=0.03, window_start_at=at - WEEK,
            window_end_at=at, method="test", estimated_at=at,
        )  # fmt: skip
    return Learning.objects.create(
        project=project, deployment=ship, checkup=checkup, verdict=verdict, headline="It moved",
        method="test", drafted_at=at, due_at=at + WEEK,
    )  # fmt: skip


def text_of(client):
    response = client.get(PAGE)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser").get_text(" ", strip=True)


class TestRecordOf:
    def test_tells_by_how_much_a_typical_bet_over_promises(self):
        record = record_of([Bet(0.05, 0.0125, Verdict.NO_EFFECT)] * 5)

        assert record.ratio == pytest.approx(0.25)
        assert "promises 4.0 times what comes" in record.sentence

    def test_tells_when_bets_bring_more_than_they_promise(self):
        assert "brings 2.0 times" in record_of([Bet(0.05, 0.1, Verdict.SUPPORTED)] * 5).sentence

    def test_tells_when_nothing_comes(self):
        assert "moved nothing" in record_of([Bet(0.05, -0.01, Verdict.REFUTED)] * 5).sentence

    def test_tells_nothing_typical_of_too_few(self):
        assert record_of([Bet(0.05, 0.01, Verdict.SUPPORTED)] * 4).sentence == ""

    def test_counts_as_open_what_came_to_no_verdict(self):
        record = record_of([Bet(0.05, None, Verdict.CONFOUNDED), Bet(0.1, 0.1, Verdict.SUPPORTED)])

        assert (record.decided, record.open, record.share) == (1, 1, 1.0)

    def test_gives_the_share_with_its_interval_by_wilson(self):
        bets = [Bet(0.1, None, Verdict.SUPPORTED)] * 8 + [Bet(0.1, None, Verdict.REFUTED)] * 2
        record = record_of(bets)

        # Newcombe 1998, statsmodels proportion_confint(8, 10, method="wilson")
        assert (record.low, record.high) == pytest.approx((0.4902, 0.9433), abs=1e-3)

    def test_has_no_share_without_a_bet(self):
        assert record_of([]).share is None


class TestDrawn:
    def test_puts_a_bet_that_brought_what_it_promised_on_the_line(self):
        points, edge = drawn([Bet(0.05, 0.05, Verdict.SUPPORTED)])

        across, up = (points[0].x - 44) / 240, (128 - points[0].y) / 120
        assert across == pytest.approx(up, abs=0.01)
        assert edge > 0.05

    def test_keeps_a_wild_bet_at_the_edge(self):
        usual, wild = Bet(0.05, 0.04, Verdict.SUPPORTED), Bet(0.05, 9.0, Verdict.SUPPORTED)

        points, _ = drawn([*[usual] * 20, wild])

        assert points[-1].is_beyond
        assert points[-1].y == 8


class TestPredictions:
    def test_turn_over_a_fall_that_was_hoped_for(self, shop, ada):
        make_bet(shop, goal=-0.05, effect=-0.04)

        assert predictions_of(shop, reader=ada).whole.measured_median == pytest.approx(0.04)

    def test_count_the_failed_bets_among_the_measured(self, shop, ada):
        make_bet(shop, effect=0.06)
        make_bet(shop, Verdict.INCONCLUSIVE, effect=0.0)

        assert predictions_of(shop, reader=ada).whole.measured == 2

    def test_leave_out_what_is_too_early_and_what_was_no_bet(self, shop, ada):
        make_bet(shop, Verdict.TOO_EARLY)

        assert predictions_of(shop, reader=ada).rows == []

    def test_count_only_the_newest_version(self, shop, ada):
        first = make_bet(shop, effect=0.06)
        Learning.objects.create(
            project=shop, deployment=first.deployment, verdict=Verdict.REFUTED, headline="No",
            method="test", drafted_at=NOW, due_at=NOW, version=2, supersedes=first,
        )  # fmt: skip

        whole = predictions_of(shop, reader=ada).whole

        assert (whole.supported, whole.refuted) == (0, 1)

    def test_are_grouped_by_quarter_newest_first(self, shop, ada):
        make_bet(shop, at=NOW - timedelta(days=120))
        make_bet(shop, at=NOW)

        days = [one.first_day for one in predictions_of(shop, reader=ada).quarters]

        assert days == sorted(days, reverse=True)
        assert len(days) == 2

    def test_of_other_projects_do_not_count(self, shop, ada):
        make_bet(make_project("Elsewhere"))

        assert predictions_of(shop, reader=ada).rows == []

    def test_take_five_queries_however_many_bets(self, shop, ada, django_assert_num_queries):
        for _ in range(12):
            make_bet(shop, effect=0.02)

        with django_assert_num_queries(5):
            assert len(predictions_of(shop, reader=ada).rows) == 12


class TestThePage:
    def test_is_hidden_from_strangers(self, shop, as_cleo):
        assert as_cleo.get(PAGE).status_code == 404

    def test_teaches_how_to_make_a_bet_when_there_is_none(self, shop, as_vic):
        assert "Expect: checkout_conversion +2% within 7d" in text_of(as_vic)

    def test_tells_how_bets_ended(self, shop, as_vic):
        for effect in (0.06, 0.07):
            make_bet(shop, effect=effect)
        make_bet(shop, Verdict.REFUTED, effect=-0.04)

        assert "2 of 3 decided; likely between" in text_of(as_vic)


class TestWhatIsPrivate:
    def test_shows_me_my_own(self, shop, as_ben, ben):
        make_bet(shop, Verdict.SUPPORTED, by="ben@example.com", effect=0.06)

        assert "Of your 1 decided bet, 1 came true" in text_of(as_ben)

    @pytest.mark.parametrize("address", ["", "?person=BEN", "?user=BEN", "?mine=BEN"])
    def test_not_even_an_owner_sees_that_of_a_colleague(self, shop, as_ada, ben, address):
        make_bet(shop, Verdict.REFUTED, by="ben@example.com", effect=-0.06)

        page = as_ada.get(PAGE + address.replace("BEN", str(ben.pk))).content.decode()

        assert "None of your bets is decided yet" in page
        assert str(ben) not in BeautifulSoup(page, "html.parser").select_one("main").get_text()

    def test_a_bet_belongs_to_who_stated_it_before_who_shipped_it(self, shop, ada, ben):
        learning = make_bet(shop, by="ada@example.com")
        Hypothesis.objects.filter(deployment=learning.deployment).update(stated_by=ben)

        assert predictions_of(shop, reader=ben).mine.decided == 1
        assert predictions_of(shop, reader=ada).mine.decided == 0

    def test_is_kept_by_no_cache(self, shop, as_ada):
        assert "private" in as_ada.get(PAGE).headers["Cache-Control"]
