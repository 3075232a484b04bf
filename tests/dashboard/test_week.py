from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Scope
from common.windows import WEEK, Window
from dashboard.week import WeekInReview, week_in_review
from dashboard.week_headline import headline
from dashboard.week_voices import shortened
from learning.verdict import Verdict
from tests.digest.weeks import (
    days_ago,
    link,
    make_bet,
    make_estimate,
    make_learning,
    make_rich_week,
)
from tests.factories import NOW, make_deployment, make_feedback, make_key, make_metric

LAST_WEEK = Window.before(NOW, WEEK)


def review_of(project) -> WeekInReview:
    return week_in_review(project, week=LAST_WEEK, now=NOW)


class TestShips:
    def test_lists_the_ships_of_the_week_newest_first(self, shop):
        make_deployment(shop, title="Older", shipped_at=days_ago(3))
        make_deployment(shop, title="Newer", shipped_at=days_ago(1))

        assert [line.name for line in review_of(shop).ships.lines] == ["Newer", "Older"]

    def test_counts_a_ship_at_the_border_in_one_week_only(self, shop):
        make_deployment(shop, shipped_at=LAST_WEEK.start)
        make_deployment(shop, shipped_at=LAST_WEEK.end)

        ships = review_of(shop).ships

        assert (ships.count, ships.count_before) == (1, 0)

    def test_leaves_out_what_no_customer_sees(self, shop):
        make_deployment(shop, shipped_at=days_ago(1), environment="staging")

        assert review_of(shop).ships.count == 0

    def test_says_that_a_bet_is_too_early_to_judge_and_when_it_will_be(self, shop):
        ship = make_bet(shop, "Search", days=2)

        line = review_of(shop).ships.lines[0]

        assert (line.verdict, line.next_look_at) == (Verdict.TOO_EARLY, ship.shipped_at + WEEK)

    def test_says_that_a_ship_came_without_a_hypothesis(self, shop):
        make_deployment(shop, shipped_at=days_ago(1))

        assert review_of(shop).ships.lines[0].verdict == Verdict.NO_HYPOTHESIS

    def test_gives_the_verdict_of_the_newest_version_of_a_learning(self, shop):
        ship = make_bet(shop, "Search", days=3)
        first = make_learning(ship, Verdict.SUPPORTED)
        make_learning(ship, Verdict.NO_EFFECT, supersedes=first, version=2)

        assert review_of(shop).ships.lines[0].verdict == Verdict.NO_EFFECT

    def test_counts_what_customers_said_about_each(self, shop):
        ship = make_deployment(shop, shipped_at=days_ago(3))
        link(make_feedback(shop, created_at=days_ago(2)), ship)

        assert review_of(shop).ships.lines[0].feedback_count == 1


class TestLessons:
    def test_tells_a_refuted_hypothesis_as_it_tells_a_supported_one(self, shop):
        make_learning(make_bet(shop, "A", days=9), Verdict.SUPPORTED)
        make_learning(make_bet(shop, "B", days=9), Verdict.REFUTED)

        assert {row.verdict for row in review_of(shop).lessons} == {
            Verdict.SUPPORTED,
            Verdict.REFUTED,
        }

    def test_tells_a_learning_in_the_week_in_which_it_was_confirmed(self, shop, ada):
        make_learning(
            make_deployment(shop),
            Verdict.NO_HYPOTHESIS,
            drafted_at=days_ago(30),
            confirmed_by=ada,
            takeaway="Ask before building.",
        )

        lesson = review_of(shop).lessons[0]

        assert (lesson.confirmed_by, lesson.takeaway) == ("Ada", "Ask before building.")

    def test_tells_of_settled_bets_before_other_learnings(self, shop, ada):
        make_learning(make_deployment(shop), Verdict.NO_HYPOTHESIS, confirmed_by=ada, days=0.5)
        make_learning(make_bet(shop, "A", days=9), Verdict.NO_EFFECT)
        make_learning(make_bet(shop, "B", days=9), Verdict.REFUTED)

        assert [row.verdict for row in review_of(shop).lessons] == [
            Verdict.REFUTED,
            Verdict.NO_EFFECT,
            Verdict.NO_HYPOTHESIS,
        ]

    def test_does_not_call_an_unclear_draft_a_lesson(self, shop):
        make_learning(make_bet(shop, "A", days=9), Verdict.INCONCLUSIVE)

        assert review_of(shop).lessons == []

    def test_says_when_a_look_back_overturned_what_was_believed(self, shop):
        ship = make_bet(shop, "A", days=60)
        first = make_learning(ship, Verdict.SUPPORTED, days=50)
        make_learning(ship, Verdict.REFUTED, supersedes=first, version=2)

        assert review_of(shop).lessons[0].overturns


class TestSurprises:
    def test_tells_of_a_metric_that_nobody_expected_to_move(self, shop):
        make_estimate(make_bet(shop, "Search", days=3), make_metric(shop, "tickets"), 0.12)

        surprise = review_of(shop).surprises[0]

        assert surprise.expected == "nobody expected it to move"
        assert surprise.measured == "rose by about 12% (between +9% and +15%)"

    def test_does_not_call_the_expected_a_surprise(self, shop):
        metric = make_metric(shop)
        make_estimate(make_bet(shop, "Search", days=3, metric=metric.key), metric, 0.12)

        assert review_of(shop).surprises == []

    def test_tells_a_surprise_once_not_every_week(self, shop):
        ship, metric = make_deployment(shop, shipped_at=days_ago(10)), make_metric(shop)
        make_estimate(ship, metric, 0.12, estimated_at=days_ago(9))
        make_estimate(ship, metric, 0.13, horizon=WEEK, estimated_at=days_ago(3))

        assert review_of(shop).surprises == []

    def test_sets_a_refuted_hypothesis_against_what_was_hoped_for(self, shop):
        metric = make_metric(shop)
        ship = make_bet(shop, "Search", days=8, metric=metric.key)
        make_estimate(ship, metric, -0.05, horizon=WEEK)
        make_learning(ship, Verdict.REFUTED)

        surprise = review_of(shop).surprises[0]

        assert (surprise.expected, surprise.is_better) == ("a rise of 2% or more", False)


class TestVoices:
    def test_quotes_the_worst_first_and_ends_with_praise(self, shop):
        for rating in (5, 2, 1):
            make_feedback(shop, f"Rated {rating}", rating=rating, created_at=days_ago(1))

        quotes = review_of(shop).voices.quotes

        assert [quote.rating for quote in quotes] == [1, 2, 5]

    def test_prefers_words_that_are_about_a_ship_and_says_how_sure_it_is(self, shop):
        make_feedback(shop, "Bad", rating=1, created_at=days_ago(1))
        ship = make_deployment(shop, title="Search", shipped_at=days_ago(3))
        link(make_feedback(shop, "Poor", rating=2, created_at=days_ago(1)), ship, 0.7)

        first = review_of(shop).voices.quotes[0]

        assert (first.text, first.ship, first.probability) == ("Poor", "Search", 0.7)

    def test_quotes_the_same_words_once(self, shop):
        for _ in range(2):
            make_feedback(shop, "It broke", rating=1, created_at=days_ago(1))

        assert len(review_of(shop).voices.quotes) == 1

    def test_compares_with_the_week_before(self, shop):
        make_feedback(shop, created_at=days_ago(1))
        for n in range(3):
            make_feedback(shop, created_at=days_ago(8 + n))

        voices = review_of(shop).voices

        assert (voices.count, voices.count_before, voices.unanswered) == (1, 3, 1)

    def test_shortens_between_words(self):
        assert shortened("one two\nthree four", 11) == "one two…"

    def test_shortens_a_text_without_spaces_too(self):
        assert shortened("a" * 50, 10) == "a" * 9 + "…"


class TestWaiting:
    def test_says_whose_draft_is_overdue(self, shop, ben):
        ship = make_deployment(shop, by="ben@example.com")
        make_learning(ship, Verdict.SUPPORTED, days=10)

        overdue = review_of(shop).overdue

        assert (overdue.count, overdue.lines[0].owners) == (1, ("Ben",))
        assert overdue.lines[0].owner_ids == (ben.pk,)

    def test_a_confirmed_learning_waits_for_nobody(self, shop, ada):
        make_learning(make_deployment(shop), Verdict.SUPPORTED, days=10, confirmed_by=ada)

        assert review_of(shop).overdue.count == 0

    def test_still_watches_a_ship_of_the_week_before(self, shop):
        ship = make_bet(shop, "Search", days=8)
        ship.hypothesis.window = timedelta(days=14)
        ship.hypothesis.save()

        assert [line.name for line in review_of(shop).too_early] == ["Search"]

    def test_watches_no_ship_that_has_its_verdict(self, shop):
        make_learning(make_bet(shop, "Search", days=8), Verdict.SUPPORTED)

        assert review_of(shop).too_early == []


QUIET = {
    "lessons": [],
    "ships": 0,
    "with_hypothesis": 0,
    "untold": 0,
    "mixed": 0,
    "waiting": 0,
    "watched": 0,
    "next_verdict_on": None,
    "feedback": 0,
}


class TestHeadline:
    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"lessons": ["Search: tickets fell."]}, "Search: tickets fell."),
            (
                {"lessons": ["Search helped", "B", "C"]},
                "Search helped, and two more things learned.",
            ),
            (
                {"waiting": 2, "ships": 3},
                "Nothing new was learned: two drafts wait for somebody to confirm.",
            ),
            (
                {"ships": 1, "watched": 1, "next_verdict_on": date(2026, 3, 26)},
                "It is too early to judge one ship; the first verdict is due on Thursday 26 March.",
            ),
            (
                {"ships": 1, "with_hypothesis": 1, "untold": 2},
                "Nothing new was learned: the numbers could not decide two hypotheses.",
            ),
            (
                {"ships": 2, "with_hypothesis": 2, "mixed": 1},
                "Nothing new was learned: ships went out too close together to judge one"
                " hypothesis.",
            ),
            (
                {"ships": 3},
                "Three ships went out, and none said what it was meant to change.",
            ),
            ({"feedback": 40}, "Nothing shipped, but customers said 40 things."),
            ({}, "Nothing shipped and nobody wrote, so there was nothing to learn from."),
        ],
    )
    def test_says_the_news_or_why_there_is_none(self, facts, said):
        assert headline(**(QUIET | facts)) == said


class TestWeekInReview:
    def test_knows_nothing_of_another_project(self, shop, ada, ben, cleo):
        make_rich_week(shop, ada, ben)

        other = review_of(cleo.projects.get())

        assert (other.ships.count, other.voices.count, other.lessons) == (0, 0, [])
        assert (other.surprises, other.overdue.count, other.too_early) == ([], 0, [])

    def test_takes_the_same_few_queries_however_long_the_history(self, shop, ada, ben):
        make_rich_week(shop, ada, ben)
        few = _queries(shop)
        for n in range(20):
            ship = make_bet(shop, f"Bet {n}", days=n / 2 + 0.1)
            link(make_feedback(shop, f"Word {n}", rating=1, created_at=days_ago(1)), ship)
            make_learning(ship, Verdict.REFUTED, days=n)

        assert _queries(shop) == few <= 36


def _queries(project) -> int:
    with CaptureQueriesContext(connection) as queries:
        review_of(project)
    return len(queries)


class TestApi:
    def test_tells_what_the_digest_tells(self, api, shop, ada, ben):
        make_rich_week(shop, ada, ben)

        told = api.get("/api/v1/week/", {"ending": NOW.isoformat()}).json()

        assert told["headline"] == review_of(shop).headline
        assert (told["ship_count"], told["feedback"]["count"]) == (4, 4)
        assert [row["verdict"] for row in told["learnings"]] == ["supported", "refuted"]
        assert told["learning_speed"]["time_to_eyes"] == {
            "median": None,
            "previous": None,
            "count": 0,
        }

    def test_tells_of_the_last_seven_days_by_default(self, api):
        told = api.get("/api/v1/week/").json()

        length = datetime.fromisoformat(told["end"]) - datetime.fromisoformat(told["start"])
        assert length == WEEK

    def test_refuses_a_time_that_is_none(self, api):
        answer = api.get("/api/v1/week/", {"ending": "sunday"})

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "ending")

    def test_is_closed_without_a_key_that_may_read(self, client, shop):
        key = make_key(shop, Scope.FEEDBACK_WRITE)

        assert client.get("/api/v1/week/").status_code == 401
        with_key = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/v1/week/", headers=with_key).status_code == 403
