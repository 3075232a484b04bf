"""What a measured change says of a hypothesis, as tables of cases."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.verdict import Verdict, decide, percent, sentence

V = Verdict
effects = st.floats(-0.9, 3.0)


def judged(goal, low, effect, high, word="estimated", window_over=True):
    return decide(goal=goal, word=word, low=low, effect=effect, high=high, window_over=window_over)


class TestDecide:
    @pytest.mark.parametrize(
        ("goal", "low", "effect", "high", "verdict"),
        [
            (0.02, 0.03, 0.05, 0.07, V.SUPPORTED),
            (0.02, 0.001, 0.03, 0.06, V.SUPPORTED),
            (0.02, 0.001, 0.02, 0.04, V.SUPPORTED),
            (0.02, 0.001, 0.019, 0.04, V.INCONCLUSIVE),  # real, but maybe too small to matter
            (0.02, 0.0, 0.03, 0.06, V.INCONCLUSIVE),
            (0.02, -0.01, 0.03, 0.07, V.INCONCLUSIVE),
            (0.02, -0.05, -0.01, 0.03, V.INCONCLUSIVE),
            (0.02, -0.01, 0.0, 0.01, V.NO_EFFECT),
            (0.02, 0.001, 0.01, 0.019, V.NO_EFFECT),  # a rise, but smaller than what matters
            (0.02, -0.01, -0.005, 0.0, V.NO_EFFECT),
            (0.02, -0.05, -0.03, -0.01, V.REFUTED),
        ],
    )
    def test_judges_a_rise_that_was_hoped_for(self, goal, low, effect, high, verdict):
        assert judged(goal, low, effect, high) == verdict

    @given(effects, effects, effects, st.floats(0.001, 0.5))
    def test_judges_a_fall_as_a_rise_in_the_mirror(self, one, two, three, goal):
        low, effect, high = sorted([one, two, three])

        assert judged(goal, low, effect, high) == judged(-goal, -high, -effect, -low)

    @pytest.mark.parametrize(
        ("word", "window_over", "verdict"),
        [
            ("estimated", False, V.TOO_EARLY),
            ("confounded", False, V.TOO_EARLY),
            ("insufficient_data", False, V.TOO_EARLY),
            ("too_early", True, V.TOO_EARLY),
            ("insufficient_data", True, V.INSUFFICIENT_DATA),
            ("confounded", True, V.CONFOUNDED),
            ("a word of another method", True, V.INSUFFICIENT_DATA),
        ],
    )
    def test_says_first_why_it_cannot_know(self, word, window_over, verdict):
        assert judged(0.02, 0.03, 0.04, 0.05, word, window_over) == verdict

    def test_needs_an_interval(self):
        assert judged(0.02, None, None, None) == V.INSUFFICIENT_DATA

    def test_makes_nothing_of_what_is_not_a_number(self):
        assert judged(0.02, math.nan, 0.1, 0.2) == V.INSUFFICIENT_DATA

    def test_takes_the_middle_for_an_effect_it_is_not_told(self):
        verdict = decide(goal=0.02, word="estimated", low=0.01, high=0.05, window_over=True)

        assert verdict == V.SUPPORTED

    @given(effects, effects, effects, st.floats(-0.5, 0.5))
    def test_always_has_one_of_four_verdicts_on_a_measured_effect(self, one, two, three, goal):
        low, effect, high = sorted([one, two, three])

        assert judged(goal, low, effect, high) in {
            V.SUPPORTED, V.REFUTED, V.NO_EFFECT, V.INCONCLUSIVE,
        }  # fmt: skip


class TestPercent:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0.05, "5%"), (0.054, "5.4%"), (0.123, "12%"), (-0.02, "−2%"), (0.0, "0%"),
            (-0.0001, "0%"), (12.0, "1,200%"),
        ],
    )  # fmt: skip
    def test_writes_effects_as_people_do(self, value, shown):
        assert percent(value) == shown

    def test_can_show_the_sign_of_a_rise(self):
        assert percent(0.05, signed=True) == "+5%"


class TestSentence:
    def test_gives_the_goal_and_the_measured_range(self):
        text = sentence(
            V.SUPPORTED, metric="Checkout rate", goal=0.02, effect=0.04, low=0.01, high=0.07
        )

        assert text == (
            "Supported: a rise of 2% or more was hoped for. "
            "Checkout rate rose by about 4% (between +1% and +7%)."
        )

    def test_says_when_nothing_may_have_changed(self):
        text = sentence(
            V.INCONCLUSIVE, metric="Visits", goal=0.02, effect=0.01, low=-0.02, high=0.04
        )

        assert text.endswith("Visits changed by +1%, between −2% and +4%, so maybe not at all.")

    def test_speaks_of_a_fall_where_one_was_hoped_for(self):
        text = sentence(V.TOO_EARLY, metric="Errors", goal=-0.1)

        assert text == "It is too early to say whether Errors shows a fall of 10% or more."

    def test_gives_the_reason_for_no_number(self):
        text = sentence(V.INSUFFICIENT_DATA, metric="Visits", goal=0.1, note="No samples came in.")

        assert text.endswith("No samples came in.")

    @pytest.mark.parametrize("verdict", V)
    def test_has_words_for_every_verdict(self, verdict):
        assert sentence(verdict, metric="Visits", goal=0.1).endswith(".")
