from datetime import timedelta

import pytest

from deployments.hypotheses import TooLate, state_hypothesis
from deployments.models import Hypothesis, HypothesisEdit
from deployments.ship import Expectation
from learning.checkup import freeze_hypothesis
from tests.factories import NOW, make_deployment

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def bet(size=0.02, **facts):
    return Expectation(metric="orders", direction="up", min_effect=size, **facts)


@pytest.fixture
def ship(shop):
    """A ship of half an hour ago, that nobody has looked at."""
    return make_deployment(shop, "2.0.0", shipped_at=NOW - HOUR / 2, expectation=bet())


def tell_again(ship, expectation):
    """CI tells of the same ship once more."""
    return make_deployment(
        ship.project, ship.version, shipped_at=ship.shipped_at, expectation=expectation
    )


class TestBeforeTheFirstLook:
    def test_a_person_changes_the_bet_and_what_it_said_is_kept(self, ship, ada):
        state_hypothesis(ship, bet(0.05), now=NOW, by=ada)

        edit = HypothesisEdit.objects.get()
        assert Hypothesis.objects.get().min_effect == 0.05
        assert (edit.old["min_effect"], edit.new["min_effect"]) == (0.02, 0.05)
        assert (edit.by, edit.edited_at, edit.is_late) == (ada, NOW, False)

    def test_the_same_words_again_are_no_edit(self, ship):
        tell_again(ship, bet())

        assert not HypothesisEdit.objects.exists()

    def test_ci_may_change_its_own_words(self, ship):
        tell_again(ship, bet(0.03))

        assert Hypothesis.objects.get().min_effect == 0.03
        assert HypothesisEdit.objects.get().by is None

    def test_ci_does_not_take_back_what_a_person_wrote(self, ship, ada):
        state_hypothesis(ship, bet(0.05), now=NOW, by=ada)

        tell_again(ship, bet())

        assert Hypothesis.objects.get().min_effect == 0.05
        assert HypothesisEdit.objects.count() == 1

    def test_a_longer_window_makes_the_checkup_at_its_end(self, ship, ada):
        state_hypothesis(ship, bet(window=timedelta(days=14)), now=NOW, by=ada)

        assert ship.checkups.filter(horizon=timedelta(days=14)).exists()


class TestAfterTheFirstLook:
    def test_a_person_is_refused_with_the_reason(self, ship, ada):
        freeze_hypothesis(ship, now=NOW)

        with pytest.raises(TooLate, match="looked at this ship already"):
            state_hypothesis(ship, bet(0.05), now=NOW, by=ada)

        assert Hypothesis.objects.get().min_effect == 0.02

    def test_what_ci_says_late_is_kept_as_a_remark_and_changes_nothing(self, ship):
        freeze_hypothesis(ship, now=NOW)

        for _ in range(3):
            tell_again(ship, bet(0.05))

        edit = HypothesisEdit.objects.get()
        assert Hypothesis.objects.get().min_effect == 0.02
        assert (edit.is_late, edit.new["min_effect"]) == (True, 0.05)

    def test_a_first_word_comes_too_late_and_the_ship_says_so(self, shop):
        ship = make_deployment(shop, "3.0.0")
        ship.checkups.update(finished_at=NOW)

        tell_again(ship, bet())

        ship.refresh_from_db()
        assert not Hypothesis.objects.exists()
        assert "looked at this ship already" in ship.extra["problems"][0]
