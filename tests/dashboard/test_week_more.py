"""What a week says beyond its ships and learnings: pace, overlaps, a look back, and reasons."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common.windows import DAY, HOUR, WEEK, Window
from dashboard.week import week_in_review
from dashboard.week_lessons import Overdue
from dashboard.week_lookback import lookback_of
from dashboard.week_overlaps import overlaps_of
from dashboard.week_pace import pace_of
from dashboard.week_reasons import Undecided, Why, why_nothing
from dashboard.week_ships import Ships
from dashboard.week_voices import unanswered_of
from feedback.models import FeedbackItem, Status
from learning.models import ImpactEstimate
from learning.verdict import Verdict
from tests.digest.weeks import days_ago, make_bet, make_estimate, make_learning
from tests.factories import NOW, make_deployment, make_feedback, make_metric, make_project

THIS_WEEK = Window.before(NOW, WEEK)


def make_mixed(ship, metric, *beside):
    return ImpactEstimate.objects.create(
        checkup=ship.checkups.get(horizon=DAY),
        deployment=ship,
        metric=metric,
        word="confounded",
        beside=[one.pk for one in beside],
        window_start_at=ship.shipped_at,
        window_end_at=NOW,
        look_again_at=NOW + 3 * DAY,
        method="test",
        estimated_at=NOW - HOUR,
    )


class TestPace:
    def test_is_of_what_was_reached_in_the_week_whenever_it_shipped(self, shop, ada):
        old = make_deployment(shop, shipped_at=days_ago(20))
        make_learning(old, Verdict.SUPPORTED, days=2, confirmed_by=ada)
        slow = make_deployment(shop, shipped_at=days_ago(40))
        make_learning(slow, Verdict.SUPPORTED, days=15, confirmed_by=ada)

        pace = pace_of(shop, THIS_WEEK)

        assert (pace.to_learning.median, pace.to_learning.count) == (timedelta(days=18), 1)

    def test_of_a_week_in_which_nothing_was_reached_is_unknown(self, shop):
        assert pace_of(shop, THIS_WEEK).to_verdict.median is None

    def test_counts_only_the_first_verdict_of_a_ship(self, shop, ada):
        ship = make_deployment(shop, shipped_at=days_ago(30))
        first = make_learning(ship, Verdict.SUPPORTED, days=20, confirmed_by=ada)
        make_learning(ship, Verdict.REFUTED, days=1, version=2, supersedes=first)

        assert pace_of(shop, THIS_WEEK).to_verdict.count == 0


class TestUnanswered:
    def test_counts_what_nobody_answered_and_names_the_oldest(self, shop):
        make_feedback(shop, "Answered", created_at=days_ago(30))
        FeedbackItem.objects.update(status=Status.ANSWERED)
        oldest = make_feedback(shop, "Hello?", created_at=days_ago(20))
        make_feedback(shop, "Anybody?", created_at=days_ago(1))

        waits = unanswered_of(shop, now=NOW)

        assert (waits.count, waits.oldest_id) == (2, FeedbackItem.objects.get(text="Hello?").pk)
        assert waits.oldest_said_at == days_ago(20)
        assert oldest is not None

    def test_leaves_to_the_inbox_what_is_older_than_twelve_weeks(self, shop):
        make_feedback(shop, "Long ago", created_at=days_ago(90))

        assert unanswered_of(shop, now=NOW).count == 0

    def test_of_another_project_is_not_counted(self, shop):
        make_feedback(make_project("Bakery"), "Hello?", created_at=days_ago(2))

        assert unanswered_of(shop, now=NOW).count == 0


class TestOverlaps:
    def test_two_ships_that_are_mixed_with_each_other_are_told_once(self, shop):
        metric = make_metric(shop)
        one = make_deployment(shop, title="One", shipped_at=days_ago(2))
        other = make_deployment(shop, title="Other", shipped_at=days_ago(2) + HOUR)
        make_mixed(one, metric, other)
        make_mixed(other, metric, one)

        told = overlaps_of(shop, THIS_WEEK, now=NOW)

        assert [sorted([row.ship, *(name for _, name in row.beside)]) for row in told] == [
            ["One", "Other"]
        ]
        assert told[0].next_look_at == NOW + 3 * DAY

    def test_only_ships_that_went_live_close_by_are_named(self, shop):
        metric = make_metric(shop)
        ship = make_deployment(shop, title="One", shipped_at=days_ago(5))
        near = make_deployment(shop, title="Near", shipped_at=days_ago(5) + HOUR)
        far = make_deployment(shop, title="Far", shipped_at=days_ago(2))
        make_mixed(ship, metric, near, far)

        told = overlaps_of(shop, THIS_WEEK, now=NOW)

        assert told[0].beside == ((near.pk, "Near"),)

    def test_a_ship_whose_effect_was_told_before_is_left_out(self, shop):
        metric = make_metric(shop)
        ship = make_deployment(shop, shipped_at=days_ago(5))
        make_mixed(ship, metric, make_deployment(shop, shipped_at=days_ago(4)))
        make_estimate(ship, metric, 0.05, horizon=timedelta(days=7))

        assert overlaps_of(shop, THIS_WEEK, now=NOW) == []

    def test_the_metric_of_the_hypothesis_comes_first(self, shop):
        conversion, other = make_metric(shop), make_metric(shop, "load", name="Load")
        bet = make_bet(shop, "Bet", days=5)
        beside = make_deployment(shop, shipped_at=days_ago(5) + HOUR)
        make_mixed(bet, conversion, beside)
        make_mixed(bet, other, beside)

        (told,) = overlaps_of(shop, THIS_WEEK, now=NOW)

        assert (told.was_bet, told.metric) == (True, str(conversion.name))


class TestLookBack:
    def test_tells_what_a_late_look_of_the_week_measured(self, shop, ada):
        metric = make_metric(shop)
        ship = make_bet(shop, "Old bet", days=92)
        make_learning(ship, Verdict.SUPPORTED, days=80, confirmed_by=ada, takeaway="Do it again.")
        make_estimate(ship, metric, 0.04, horizon=timedelta(days=90))
        ship.checkups.filter(horizon=timedelta(days=90)).update(finished_at=days_ago(2))

        told = lookback_of(shop, THIS_WEEK)

        assert (told.ship, told.looked_after) == ("Old bet", timedelta(days=90))
        assert told.measured.startswith("rose by about 4%")

    def test_remembers_old_learnings_in_turn_where_nobody_looked(self, shop, ada):
        for n in range(3):
            ship = make_deployment(shop, title=f"Ship {n}", shipped_at=days_ago(70 + n))
            make_learning(ship, Verdict.NO_EFFECT, days=60, confirmed_by=ada, takeaway="So so.")

        told = [lookback_of(shop, Window.before(NOW + n * WEEK, WEEK)).ship for n in range(3)]

        assert sorted(told) == ["Ship 0", "Ship 1", "Ship 2"]

    def test_is_none_where_nothing_old_was_learned(self, shop, ada):
        make_learning(
            make_deployment(shop, shipped_at=days_ago(20)),
            Verdict.SUPPORTED,
            confirmed_by=ada,
            takeaway="New.",
        )

        assert lookback_of(shop, THIS_WEEK) is None


NO_SHIPS = Ships((), 0, 0, 0)
NOTHING = {
    "ships": NO_SHIPS,
    "early": [],
    "overdue": Overdue((), 0),
    "undecided": Undecided(0, 0, None),
    "said": 3,
}


class TestWhyNothing:
    def test_was_learned_where_nothing_went_out(self):
        assert [row.why for row in why_nothing(**NOTHING)] == [Why.NO_SHIP]

    @pytest.mark.parametrize(
        ("undecided", "why"),
        [(Undecided(1, 0, 7), Why.MIXED), (Undecided(0, 2, 7), Why.NO_SIGNAL)],
    )
    def test_names_the_learning_whose_numbers_could_not_decide(self, undecided, why):
        first = why_nothing(**(NOTHING | {"undecided": undecided}))[0]

        assert (first.why, first.learning_id) == (why, 7)

    def test_names_the_newest_ship_without_a_hypothesis(self, shop):
        make_bet(shop, "Bet", days=3)
        make_deployment(shop, title="Older", shipped_at=days_ago(2))
        newest = make_deployment(shop, title="Newest", shipped_at=days_ago(1))

        because = week_in_review(shop, week=THIS_WEEK, now=NOW).nothing_because

        told = next(row for row in because if row.why == Why.NO_HYPOTHESIS)
        assert (told.count, told.of, told.ship_id) == (2, 3, newest.pk)

    def test_says_that_nobody_looked_and_names_the_oldest_draft(self, shop):
        ship = make_deployment(shop, shipped_at=days_ago(30))
        draft = make_learning(ship, Verdict.NO_HYPOTHESIS, days=12)

        first = week_in_review(shop, week=THIS_WEEK, now=NOW).nothing_because[0]

        assert (first.why, first.learning_id) == (Why.NO_LOOK, draft.pk)

    def test_is_not_said_of_a_week_that_taught_something(self, shop, ada):
        make_learning(make_bet(shop, "Bet", days=9), Verdict.REFUTED, confirmed_by=ada)

        assert week_in_review(shop, week=THIS_WEEK, now=NOW).nothing_because == ()


class TestApi:
    def test_tells_all_of_it(self, api, shop):
        make_deployment(shop, shipped_at=days_ago(1))
        make_feedback(shop, "Hello?", created_at=days_ago(1))

        told = api.get("/api/v1/week/", {"ending": NOW.isoformat()}).json()

        assert told["nothing_learned_because"][0]["why"] == "no_hypothesis"
        assert told["feedback_turned"]["started"] == []
        assert told["cannot_be_told_apart"] == []
        assert told["look_back"] is None
        assert told["learning_speed_of_the_week"]["to_verdict"] == {"median": None, "count": 0}

    def test_tells_times_in_seconds(self, api, shop):
        now = timezone.now()
        ship = make_deployment(shop, shipped_at=now - 8 * DAY, now=now)
        make_learning(ship, Verdict.NO_EFFECT, drafted_at=now - DAY)

        told = api.get("/api/v1/week/").json()

        assert told["learning_speed"]["time_to_verdict"]["median"] == 7 * 86_400
        assert told["learning_speed_of_the_week"]["to_verdict"] == {
            "median": 7 * 86_400,
            "count": 1,
        }

    def test_tells_a_look_back_that_is_only_remembered(self, api, shop, ada):
        ship = make_deployment(shop, title="Old", shipped_at=days_ago(70))
        make_learning(ship, Verdict.NO_EFFECT, days=60, confirmed_by=ada, takeaway="So so.")

        told = api.get("/api/v1/week/", {"ending": NOW.isoformat()}).json()["look_back"]

        assert (told["ship"], told["looked_after_days"]) == ("Old", None)
