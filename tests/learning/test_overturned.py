from datetime import timedelta

import pytest

from common.windows import Window
from dashboard.week import week_in_review
from deployments.ship import Expectation
from digest.compose import compose
from digest.issues import write_issue
from digest.models import Subscription
from digest.parts import Reader
from learning.drafting import Draft
from learning.grounds import grounds_of
from learning.intake import confirm_learning, draft_learning
from learning.models import ImpactEstimate, Learning
from learning.overturned import note_told, overturned_for, overturned_in
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_metric

WEEK, MONTH = timedelta(days=7), timedelta(days=28)
SHIPPED = NOW - MONTH
THIS_WEEK = Window.before(NOW + timedelta(hours=1), WEEK)


def make_estimate(ship, horizon, *, effect=None, smallest=0.03, word="estimated"):
    end = ship.shipped_at + horizon
    interval = {} if effect is None else {"low": effect - 0.02, "high": effect + 0.02}
    return ImpactEstimate.objects.create(
        checkup=ship.checkups.get(horizon=horizon), deployment=ship,
        metric=ship.hypothesis.metric, word=word, effect=effect, **interval,
        smallest_visible=smallest, window_start_at=ship.shipped_at, window_end_at=end,
        method="bank-v3", estimated_at=end,
    )  # fmt: skip


@pytest.fixture
def ship(shop, ben):
    make_metric(shop)
    bet = Expectation("checkout_conversion", "up", 0.05, window=WEEK)
    return make_deployment(shop, shipped_at=SHIPPED, by="ben@example.com", expectation=bet)


@pytest.fixture
def overturned(ship, ada):
    """Ben shipped it, Ada confirmed that it worked, and after four weeks it no longer does."""
    make_estimate(ship, WEEK, effect=0.08)
    make_estimate(ship, MONTH, effect=0.01, smallest=0.02)
    first = draft_learning(
        ship.checkups.get(horizon=WEEK), Draft(Verdict.SUPPORTED, "It worked", "Rose."), now=SHIPPED
    )
    confirm_learning(first, by=ada, headline="It worked", takeaway="More", now=SHIPPED)
    return draft_learning(
        ship.checkups.get(horizon=MONTH), Draft(Verdict.NO_EFFECT, "It wore off", "Even."), now=NOW
    )


class TestGrounds:
    def test_name_the_look_that_decided(self, ship, overturned):
        found = grounds_of([overturned])[overturned.pk]

        assert found.looked_after == MONTH
        assert found.measured == "+1% (−1% to +3%)"
        assert found.unseen == "A change below 2% could not have been seen."

    def test_of_an_older_version_are_those_of_its_own_look(self, overturned):
        old = overturned.supersedes

        assert grounds_of([old])[old.pk].measured == "+8% (+6% to +10%)"

    def test_rest_on_the_last_look_that_had_a_number(self, ship):
        make_estimate(ship, WEEK, effect=0.08)
        make_estimate(ship, MONTH, word="confounded", smallest=None)
        learning = draft_learning(
            ship.checkups.get(horizon=MONTH), Draft(Verdict.SUPPORTED, "Up", ""), now=NOW
        )

        found = grounds_of([learning])[learning.pk]

        assert (found.looked_after, found.latest_after) == (WEEK, MONTH)
        assert found.later_could_not_tell

    def test_say_when_wake_looks_again(self, ship, overturned):
        ship.checkups.filter(horizon__lte=MONTH).update(finished_at=NOW)

        found = grounds_of([overturned])[overturned.pk]

        assert found.next_look_at == SHIPPED + timedelta(days=90)

    def test_say_that_the_last_look_is_done(self, ship, overturned, as_vic):
        ship.checkups.update(finished_at=NOW)

        assert grounds_of([overturned])[overturned.pk].next_look_at is None
        page = as_vic.get(f"/p/shop/learnings/{overturned.pk}/").content.decode()
        assert "the last look is done" in page

    def test_of_an_inconclusive_one_say_what_would_settle_it(self, ship):
        make_estimate(ship, WEEK, effect=0.04, smallest=0.10)
        learning = draft_learning(
            ship.checkups.get(horizon=WEEK), Draft(Verdict.INCONCLUSIVE, "?", ""), now=NOW
        )

        found = grounds_of([learning])[learning.pk]

        assert found.needed_window == 4 * WEEK
        assert "about 28 days" in found.needed

    def test_are_none_without_a_hypothesis(self, shop):
        checkup = make_deployment(shop).checkups.get(horizon=WEEK)
        learning = draft_learning(checkup, Draft(Verdict.NO_HYPOTHESIS, "So", ""), now=NOW)

        assert grounds_of([learning]) == {}

    def test_take_three_queries_however_many(self, overturned, django_assert_num_queries):
        both = list(Learning.objects.all())

        with django_assert_num_queries(3):
            assert len(grounds_of(both)) == 2

    def test_are_told_by_the_api(self, overturned, api):
        row = api.get("/api/v1/learnings/").json()["results"][0]

        told = row["grounds"]
        assert (told["effect"], told["smallest_visible"], told["method"]) == (0.01, 0.02, "bank-v3")
        assert told["decided_after_seconds"] == MONTH.total_seconds()
        assert row["supersedes"] == overturned.supersedes_id

    def test_are_shown_on_the_ships_page(self, ship, overturned, as_vic):
        page = as_vic.get(f"/p/shop/ships/{ship.pk}/").content.decode()

        assert "+1% (−1% to +3%)" in page
        assert "A change below 2% could not have been seen." in page


class TestWhatWasOverturned:
    def test_stands_with_its_old_and_new_numbers(self, shop, overturned):
        one = overturned_in(shop, THIS_WEEK)[0]

        rows = {change.name: (change.was, change.now) for change in one.changes}
        assert rows["Verdict"] == ("Supported", "No effect of that size")
        assert rows["Measured, with 95% interval"] == ("+8% (+6% to +10%)", "+1% (−1% to +3%)")
        assert rows["Seen within"] == ("7 days", "28 days")

    def test_concerns_who_shipped_it_and_who_confirmed_it(self, shop, overturned, ada, ben, vic):
        one = overturned_in(shop, THIS_WEEK)[0]

        assert one.concerns(ben.pk) == "You shipped it"
        assert one.concerns(ada.pk) == "You confirmed what it overturns"
        assert one.concerns(vic.pk) == ""

    def test_waits_in_the_library_for_those_whom_it_concerns(
        self, overturned, as_ada, as_ben, as_vic
    ):
        words = "Overturned by a look-back:"

        assert words in as_ada.get("/p/shop/learnings/").content.decode()
        assert words in as_ben.get("/p/shop/learnings/").content.decode()
        assert words not in as_vic.get("/p/shop/learnings/").content.decode()

    def test_waits_no_longer_once_somebody_confirmed_what_it_means(self, shop, overturned, ada):
        confirm_learning(overturned, by=ada, headline="", takeaway="Not so", now=NOW)

        assert overturned_for(ada, shop) == []

    def test_is_told_in_the_digest_of_its_week_and_no_other(self, shop, overturned, ben):
        reader = Reader(name="Ben", user_id=ben.pk)

        def mail(week):
            return compose(shop, week_in_review(shop, week=week, now=NOW), reader)

        this, before = mail(THIS_WEEK), mail(Window.before(THIS_WEEK.start, WEEK))
        assert "OVERTURNED BY A LOOK-BACK" in this.text
        assert "Supported before, No effect of that size now" in " ".join(this.text.split())
        assert "You shipped it" in this.text
        assert "Overturned by a look-back" in this.html
        assert "OVERTURNED" not in before.text

    def test_is_not_told_a_second_time_among_the_lessons(self, shop, overturned):
        mail = compose(shop, week_in_review(shop, week=THIS_WEEK, now=NOW), Reader())

        assert mail.text.count("It wore off") <= 2  # its headline, and the subject's
        assert "WHAT IT TAUGHT" not in mail.text

    def test_is_noted_as_told_by_the_first_who_tells_it(self, shop, overturned):
        assert note_told(shop, THIS_WEEK, now=NOW) == 1
        assert note_told(shop, THIS_WEEK, now=NOW + WEEK) == 0

        overturned.refresh_from_db()
        assert overturned.overturned_told_at == NOW

    def test_is_noted_as_told_when_the_first_digest_with_it_is_written(self, shop, overturned, ben):
        subscription = Subscription.objects.create(project=shop, user=ben, next_due_at=NOW)

        write_issue(subscription, THIS_WEEK, recipient=ben.email, now=NOW)

        overturned.refresh_from_db()
        assert overturned.overturned_told_at == NOW

    def test_costs_one_query_where_there_is_nothing(self, shop, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert overturned_in(shop, THIS_WEEK) == []

    def test_a_look_back_that_agrees_overturns_nothing(self, shop, overturned):
        Learning.objects.filter(pk=overturned.pk).update(verdict=Verdict.SUPPORTED)

        assert overturned_in(shop, THIS_WEEK) == []


class TestTheHistory:
    def test_shows_what_each_version_changed(self, overturned, as_vic):
        page = as_vic.get(f"/p/shop/learnings/{overturned.pk}/").content.decode()

        assert "What version 2 changed" in page
        assert "<del>Rose.</del><ins>Even.</ins>" in page
        assert "A look-back came to another verdict than version 1" in page
