from datetime import timedelta

import pytest

from dashboard.speed import learning_speed
from learning.drafting import Draft
from learning.intake import confirm_learning, draft_learning
from learning.linking import link_feedback
from learning.looking import note_look, read_feedback
from learning.models import ShipLook
from learning.verdict import Verdict
from tests.factories import NOW, make_deployment, make_feedback

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def learn(deployment, *, by, drafted_after, confirmed_after):
    checkup = deployment.checkups.get(horizon=7 * DAY)
    draft = Draft(Verdict.SUPPORTED, "It worked", "")
    learning = draft_learning(checkup, draft, now=deployment.shipped_at + drafted_after)
    at = deployment.shipped_at + confirmed_after
    confirm_learning(learning, by=by, headline="", takeaway="", now=at)


class TestLearningSpeed:
    def test_measures_each_step_from_the_moment_the_ship_went_live(self, shop, ada):
        ship = make_deployment(shop, "1.0", shipped_at=NOW - 20 * DAY)
        said = make_feedback(shop, version="1.0", created_at=ship.shipped_at + 2 * HOUR)
        link_feedback(shop, now=NOW)
        read_feedback(said, by=ada, now=ship.shipped_at + 5 * HOUR)
        learn(ship, by=ada, drafted_after=7 * DAY, confirmed_after=9 * DAY)

        speed = learning_speed(shop, now=NOW)

        assert speed.time_to_feedback.median == 2 * HOUR
        assert speed.time_to_eyes.median == 5 * HOUR
        assert speed.time_to_verdict.median == 7 * DAY
        assert speed.time_to_learning.median == 9 * DAY

    def test_share_learned_counts_the_ships_nobody_looked_at(self, shop, ada):
        ships = [make_deployment(shop, shipped_at=NOW - n * DAY) for n in (10, 20, 30, 40)]
        learn(ships[0], by=ada, drafted_after=DAY, confirmed_after=DAY)

        speed = learning_speed(shop, now=NOW)

        assert (speed.ships, speed.share_learned) == (4, 0.25)
        assert speed.time_to_learning.count == 1

    def test_compares_with_the_stretch_before(self, shop, ada):
        old = make_deployment(shop, shipped_at=NOW - 100 * DAY)
        learn(old, by=ada, drafted_after=DAY, confirmed_after=3 * DAY)

        speed = learning_speed(shop, now=NOW)

        assert speed.share_learned is None
        assert speed.share_previous == 1
        assert speed.time_to_learning.previous == 3 * DAY

    def test_a_rehearsal_in_staging_is_no_ship_to_learn_from(self, shop):
        make_deployment(shop, environment="staging")

        assert learning_speed(shop, now=NOW).ships == 0

    def test_has_a_point_for_every_week(self, shop):
        make_deployment(shop, shipped_at=NOW - 10 * DAY)

        trend = learning_speed(shop, now=NOW, weeks=4).trend

        assert [week.ships for week in trend] == [0, 0, 1, 0]

    def test_tells_the_eyes_of_those_who_shipped_from_those_of_the_team(self, shop, ada, ben):
        ship = make_deployment(shop, shipped_at=NOW - 20 * DAY, by=ada.email)
        note_look(ship, by=ben, now=ship.shipped_at + 2 * HOUR)
        note_look(ship, by=ada, now=ship.shipped_at + 9 * HOUR)
        note_look(ship, by=ada, now=ship.shipped_at + 10 * HOUR)

        speed = learning_speed(shop, now=NOW)

        assert speed.time_to_eyes.median == 9 * HOUR
        assert speed.time_to_team_eyes.median == 2 * HOUR
        assert ShipLook.objects.count() == 2

    def test_the_first_word_is_that_of_the_first_who_counts(self, shop):
        ship = make_deployment(shop, "1.0", shipped_at=NOW - 20 * DAY)
        first, _ = (
            make_feedback(shop, version="1.0", created_at=ship.shipped_at + n * HOUR)
            for n in (1, 3)
        )
        link_feedback(shop, now=NOW)
        shop.feedback.filter(pk=first.pk).update(held_at=NOW)

        assert learning_speed(shop, now=NOW).time_to_feedback.median == 3 * HOUR

    @pytest.mark.parametrize("ships", [1, 12])
    def test_asks_three_questions_however_many_ships_there_are(
        self, shop, ships, django_assert_max_num_queries
    ):
        for number in range(ships):
            make_deployment(shop, shipped_at=NOW - (number + 1) * DAY)

        with django_assert_max_num_queries(3):
            learning_speed(shop, now=NOW)
