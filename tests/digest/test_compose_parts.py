"""Each part of a digest: what it says, and where it leads."""

from datetime import timedelta

import pytest

from common.windows import DAY, HOUR, WEEK, Window
from dashboard.week import week_in_review
from digest.compose import Mail, compose
from digest.parts import Reader
from learning.models import ImpactEstimate
from learning.verdict import Verdict
from tests.digest.charted import make_charted_week
from tests.digest.weeks import days_ago, make_bet, make_estimate, make_learning, make_rich_week
from tests.factories import NOW, make_deployment, make_feedback, make_metric


def mail_of(project, *, length=WEEK, now=NOW, **facts) -> Mail:
    review = week_in_review(project, week=Window.before(now, length), now=now)
    return compose(project, review, Reader(**facts))


def said(mail: Mail) -> str:
    return " ".join(mail.text.split())


def say(project, text: str, times: int, *, days: float) -> None:
    for n in range(times):
        facts = {"created_at": days_ago(days) + n * HOUR / 2, "customer": {"id": f"{text}-{n}"}}
        make_feedback(project, f"{text} ({n})", **facts)


class TestComposing:
    def test_asks_the_database_for_nothing(self, shop, ada, ben, django_assert_num_queries):
        make_rich_week(shop, ada, ben)
        make_charted_week(shop, ada, "Order again")
        review = week_in_review(shop, week=Window.before(NOW, WEEK), now=NOW)

        with django_assert_num_queries(0):
            assert compose(shop, review, Reader()).charts


class TestABetThatWasLost:
    def test_is_good_news_when_it_was_known_soon(self, shop, ada):
        make_learning(make_bet(shop, "Tax", days=8), Verdict.REFUTED, confirmed_by=ada)

        assert (
            "Refuted fast, in 7 days: good to know before more is built on it. Confirmed by Ada."
        ) in said(mail_of(shop))

    def test_is_not_called_fast_when_it_was_not(self, shop, ada):
        make_learning(make_bet(shop, "Tax", days=60), Verdict.REFUTED, confirmed_by=ada)

        assert "fast" not in said(mail_of(shop))


class TestLearningSpeed:
    def test_stands_beside_what_this_week_did_to_it(self, shop, ada):
        for shipped, confirmed in ((60, 40), (50, 30), (9, 1)):
            ship = make_deployment(shop, shipped_at=days_ago(shipped))
            make_learning(ship, Verdict.NO_EFFECT, days=confirmed, confirmed_by=ada)

        assert "To a confirmed learning: 20 days, 8 days this week" in mail_of(shop).text

    def test_says_that_a_week_was_like_the_others(self, shop, ada):
        ship = make_deployment(shop, shipped_at=days_ago(9))
        make_learning(ship, Verdict.NO_EFFECT, days=1, confirmed_by=ada)

        assert "To a confirmed learning: 8 days, the same this week" in mail_of(shop).text

    @pytest.mark.parametrize(
        ("length", "words"), [(DAY, "the same that day"), (30 * DAY, "the same that month")]
    )
    def test_speaks_of_the_time_that_the_digest_tells_of(self, shop, ada, length, words):
        ship = make_deployment(shop, shipped_at=days_ago(9))
        make_learning(ship, Verdict.NO_EFFECT, days=0.5, confirmed_by=ada)

        assert words in mail_of(shop, length=length).text


class TestWhatTurned:
    @pytest.fixture
    def turned(self, shop):
        say(shop, "The reminder came at six in the morning", 30, days=20)
        say(shop, "Orders arrive as they should", 40, days=25)
        say(shop, "The voucher field swallows my code", 20, days=3)
        say(shop, "Orders arrive as they should", 40, days=4)

    def test_names_what_customers_started_and_stopped_saying(self, shop, turned):
        text = said(mail_of(shop))

        assert "NEW IN WHAT CUSTOMERS SAY - Started: “" in text
        assert "20 of 60 customers, none of 70 before." in text
        assert "Stopped: “" in text
        assert "none of 60 customers, 30 of 70 before." in text

    def test_quotes_what_is_new_first(self, shop, turned):
        _, _, quotes = mail_of(shop).text.partition("IN CUSTOMERS’ WORDS")

        assert quotes.lstrip().startswith("- “The voucher field swallows my code")

    def test_is_not_repeated_every_day(self, shop, turned):
        monday = NOW - timedelta(days=NOW.weekday())

        assert "Stopped:" not in mail_of(shop, length=DAY, now=monday + DAY).text


class TestWhatNobodyAnswered:
    def test_is_counted_dated_and_linked(self, shop):
        make_feedback(shop, "Hello?", created_at=days_ago(20))
        make_feedback(shop, "Anybody?", created_at=days_ago(1))

        text = said(mail_of(shop))

        assert "Two things said wait for an answer The oldest since Thursday 26 February." in text
        assert "/p/shop/feedback/?unanswered=on" in text

    def test_is_asked_for_on_mondays_only_in_a_daily_digest(self, shop):
        make_feedback(shop, "Hello?", created_at=days_ago(20))
        monday = NOW - timedelta(days=NOW.weekday())

        assert "wait" in mail_of(shop, length=DAY, now=monday).text
        assert "wait" not in mail_of(shop, length=DAY, now=monday + DAY).text


class TestAWeekWithoutALearning:
    def test_says_why_and_the_one_next_step(self, shop):
        ship = make_deployment(shop, title="Photos", shipped_at=days_ago(2))

        text = said(mail_of(shop))

        assert (
            "WHY NOTHING WAS LEARNED - One ship went out without a hypothesis "
            "Next: say of the newest what it was meant to change. "
            f"http://localhost:8000/p/shop/ships/{ship.pk}/"
        ) in text

    def test_of_an_empty_project_shows_the_first_step(self, shop):
        assert "Nothing went out Next: let CI tell Wake of each ship." in said(mail_of(shop))

    def test_is_not_made_of_one_that_has_some(self, shop, ada):
        make_learning(make_bet(shop, "Tax", days=8), Verdict.REFUTED, confirmed_by=ada)

        assert "WHY NOTHING" not in mail_of(shop).text


class TestOldAndMixedShips:
    def test_ships_that_cannot_be_told_apart_are_named_together(self, shop):
        metric = make_metric(shop)
        one = make_deployment(shop, title="One", shipped_at=days_ago(2))
        other = make_deployment(shop, title="Other", shipped_at=days_ago(2) + HOUR)
        ImpactEstimate.objects.create(
            checkup=one.checkups.get(horizon=DAY),
            deployment=one,
            metric=metric,
            word="confounded",
            beside=[other.pk],
            window_start_at=one.shipped_at,
            window_end_at=NOW,
            look_again_at=NOW + 3 * DAY,
            method="test",
            estimated_at=NOW - HOUR,
        )

        text = said(mail_of(shop))

        assert "CANNOT BE TOLD APART - “One” and “Other” They went live too close" in text
        assert "Next look on Saturday 21 March." in text

    def test_an_old_ship_is_remembered_with_what_it_taught(self, shop, ada):
        ship = make_deployment(shop, title="Wish lists", shipped_at=days_ago(70))
        make_learning(
            ship, Verdict.NO_EFFECT, days=60, confirmed_by=ada, headline="Wish lists: no more",
            takeaway="People like them and do not come back for them.",
        )  # fmt: skip

        text = said(mail_of(shop))

        assert "ONE LOOK BACK - Wish lists: no more [No effect of that size]" in text
        assert "Takeaway: People like them and do not come back for them." in text

    def test_a_look_back_of_the_week_is_told_with_what_it_measured(self, shop, ada):
        metric = make_metric(shop)
        ship = make_bet(shop, "Old bet", days=92)
        make_learning(ship, Verdict.SUPPORTED, days=80, confirmed_by=ada)
        make_estimate(ship, metric, 0.04, horizon=timedelta(days=90))
        ship.checkups.filter(horizon=timedelta(days=90)).update(finished_at=days_ago(2))

        assert "Looked at again after 90 days: it rose by about 4%" in said(mail_of(shop))
