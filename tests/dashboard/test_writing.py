"""How numbers, times and verdicts are written."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone

from dashboard.reads.estimates import effects
from dashboard.speed import WeekPoint
from dashboard.templatetags.drawings import spark, week_bars, whisker
from dashboard.templatetags.wake import number, span, stars, told
from engagement.models import Metric
from learning.models import ImpactEstimate
from tests.factories import NOW


def render(text: str, **context) -> str:
    return Template("{% load wake %}" + text).render(Context({"now": NOW, **context}))


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (None, "–"),
        (timedelta(seconds=20), "under a minute"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(hours=17, minutes=31), "18 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=9), "9 days"),
    ],
)
def test_a_length_of_time_is_told_in_its_largest_units(length, words):
    assert span(length) == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=-5), "5 min ago"),
        (timedelta(hours=-7, minutes=-2), "7 h ago"),
        (timedelta(days=-6), "6 days ago"),
        (timedelta(days=2), "in 2 days"),
        (timedelta(days=-30), "16 Feb"),
        (timedelta(days=-400), "11 Feb 2025"),
    ],
)
def test_a_moment_is_told_as_people_do(gap, words):
    assert told(NOW + gap, now=NOW) == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(minutes=-5), "any minute now"),
        (timedelta(hours=2), "today at 14:00"),
        (timedelta(days=1), "tomorrow at 12:00"),
        (timedelta(days=5), "Monday"),
        (timedelta(days=28), "15 Apr"),
    ],
)
def test_an_appointment_is_told_as_people_do(gap, words):
    assert f">{words}</time>" in render("{% upcoming at %}", at=NOW + gap)


def test_a_moment_is_told_in_the_readers_zone():
    with timezone.override("Asia/Tokyo"):
        shown = render("{% moment at %}", at=datetime(2026, 3, 17, 20, 0, tzinfo=UTC))

    assert 'title="Wednesday 18 March 2026, 05:00"' in shown


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0.0, "0"), (-3.456, "−3.46"), (12.34, "12.3"), (12345.6, "12,346")],
)
def test_a_number_has_three_digits_that_matter(value, words):
    assert number(value) == words


def test_a_rating_is_read_out_as_words():
    assert 'aria-label="4 of 5 stars"' in stars(4.0)
    assert stars(None) == ""


def test_a_verdict_that_nobody_gave_is_too_early():
    assert "pill--too_early" in render("{% verdict word %}", word="")


class TestDrawings:
    def test_a_line_needs_two_values(self):
        assert spark([1.0]) == ""

    def test_a_flat_line_runs_through_the_middle(self):
        assert 'd="M0.0 12.0L100.0 12.0"' in spark([5.0, 5.0])

    def test_weeks_without_ships_are_not_drawn(self):
        assert week_bars([WeekPoint(NOW, 0, 0, None)]) == ""

    def test_an_interval_beyond_the_drawing_ends_at_its_edge(self):
        (wide,) = effects([ImpactEstimate(metric=Metric(), effect=2.0, low=-3.0, high=4.0)])

        assert 'x1="1.0" x2="99.0"' in whisker(wide, [wide])

    def test_no_number_has_no_drawing(self):
        (none,) = effects([ImpactEstimate(word="too_early")])

        assert whisker(none, [none]) == ""


class TestWhatAnEffectSays:
    @pytest.mark.parametrize(
        ("direction", "effect", "is_good"),
        [("up", 0.1, True), ("up", -0.1, False), ("down", -0.1, True), ("neither", 0.1, None)],
    )
    def test_it_is_good_when_it_goes_the_good_way(self, direction, effect, is_good):
        assert self.of(effect, effect, effect, direction=direction).is_good is is_good

    def test_one_that_is_not_real_but_leaves_out_zero_is_a_hint(self):
        assert self.of(0.05, 0.01, 0.09).is_hint
        assert not self.of(0.05, -0.01, 0.09).is_hint
        assert not self.of(0.05, 0.01, 0.09, is_real=True).is_hint

    def of(self, effect, low, high, *, direction="up", is_real=False):
        row = SimpleNamespace(
            effect=effect,
            low=low,
            high=high,
            is_real=is_real,
            beside=[],
            metric=SimpleNamespace(good_direction=direction),
        )
        return effects([row])[0]
