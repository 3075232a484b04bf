from datetime import timedelta

import pytest

from learning.power import needed_window, unseen, what_is_needed
from learning.verdict import Verdict

WEEK = timedelta(days=7)


class TestNeededWindow:
    def test_grows_with_the_square_of_how_much_smaller_the_goal_is(self):
        assert needed_window(goal=0.02, smallest_visible=0.04, window=WEEK) == 4 * WEEK

    def test_is_the_same_for_a_hoped_for_fall(self):
        assert needed_window(goal=-0.02, smallest_visible=0.04, window=WEEK) == 4 * WEEK

    def test_is_none_where_the_look_could_have_seen_the_goal(self):
        assert needed_window(goal=0.05, smallest_visible=0.04, window=WEEK) is None

    def test_stays_a_length_of_time_for_a_goal_next_to_nothing(self):
        assert needed_window(goal=1e-9, smallest_visible=0.5, window=WEEK) == 10_000 * WEEK


class TestWhatIsNeeded:
    @pytest.mark.parametrize("verdict", [v for v in Verdict if v != Verdict.INCONCLUSIVE])
    def test_is_nothing_where_the_question_is_not_left_open_by_noise(self, verdict):
        assert what_is_needed(verdict, goal=0.02, smallest_visible=0.04, window=WEEK) == ""

    def test_names_how_much_longer_it_would_take(self):
        said = what_is_needed(Verdict.INCONCLUSIVE, goal=0.02, smallest_visible=0.04, window=WEEK)

        assert "at least 4.0 times" in said
        assert "28 days" in said

    def test_advises_another_bet_where_half_a_year_would_not_do(self):
        said = what_is_needed(Verdict.INCONCLUSIVE, goal=0.01, smallest_visible=0.4, window=WEEK)

        assert "more than half a year" in said
        assert "Bet on 40% or more" in said

    def test_says_when_the_look_was_sharp_enough(self):
        said = what_is_needed(Verdict.INCONCLUSIVE, goal=0.05, smallest_visible=0.04, window=WEEK)

        assert "sharp enough for 5%" in said


class TestUnseen:
    def test_names_the_size_below_which_a_change_is_missed(self):
        assert "below 4%" in unseen(0.04)

    def test_says_nothing_where_that_is_not_known(self):
        assert unseen(None) == ""
