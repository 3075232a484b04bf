"""When something deserves attention: tables of cases, without a database."""

from datetime import date, timedelta

import numpy as np
import pytest

from learning.findings_rules import (
    HIGHEST_BAR,
    LOWEST_BAR,
    Bar,
    Rated,
    Saying,
    chance_of,
    complaints_strength,
    design_effect,
    gathered,
    interval_strength,
    rating_fall,
)

START = date(2026, 3, 1)
STARS = np.array([1, 2, 3, 4, 5])
USUAL = [0.08, 0.07, 0.10, 0.25, 0.50]


def rated(values, *, days=14, customers=None):
    return [
        Rated(float(value), START + timedelta(days=n % days), customers and customers[n])
        for n, value in enumerate(values)
    ]


class TestRatingFall:
    def test_sees_a_clear_fall_with_its_interval(self):
        fall = rating_fall(rated([5, 5, 4, 4] * 20), rated([3, 2, 2, 3] * 5))

        assert (fall.before, fall.after) == (4.5, 2.5)
        assert fall.low < -2 < fall.high < 0
        assert fall.strength >= 1

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([5, 4] * 40, [5, 4] * 10),  # as before
            ([2, 3] * 40, [5, 4] * 10),  # better
            ([5, 4] * 40, [1] * 7),  # too few after
            ([5, 4] * 9, [1] * 30),  # too few before
            ([5, 4, 5, 5] * 400, [5, 4, 4, 5] * 400),  # certain, but too small to matter
            ([5, 1] * 30, [5, 1, 1, 1, 5] * 2),  # large, but may be chance
            ([], []),
        ],
    )
    def test_says_nothing_where_nothing_can_be_said(self, before, after):
        assert rating_fall(rated(before), rated(after)) is None

    def test_one_angry_customer_counts_once(self):
        angry = rated([1] * 30, customers=[7] * 30)

        assert rating_fall(rated([5, 4] * 40), [*angry, *rated([5, 4] * 6)]) is None

    def test_equal_ratings_of_a_handful_are_no_proof(self):
        assert rating_fall(rated([5] * 20), rated([4.6] * 8)) is None

    def test_days_that_resemble_themselves_make_it_careful(self):
        by_day = [5] * 10 + [2] * 10
        before = [
            Rated(float(by_day[(n // 10) % 20]), START + timedelta(days=n // 10))
            for n in range(200)
        ]

        assert design_effect(before) > 3
        assert design_effect(rated([5, 2, 4, 3, 5, 1] * 30, days=13)) < 2

    @pytest.mark.parametrize("count", [8, 20, 100])
    def test_hardly_ever_cries_wolf_on_quiet_weeks(self, count):
        rng = np.random.default_rng(7)
        alarms = sum(
            rating_fall(
                rated(rng.choice(STARS, 4 * count + 20, p=USUAL)),
                rated(rng.choice(STARS, count, p=USUAL)),
            )
            is not None
            for _ in range(400)
        )

        assert alarms <= 400 * 0.02

    def test_finds_a_fall_of_a_star_among_thirty_customers_mostly(self):
        rng = np.random.default_rng(7)
        worse = [0.30, 0.20, 0.15, 0.15, 0.20]
        found = sum(
            rating_fall(
                rated(rng.choice(STARS, 150, p=USUAL)), rated(rng.choice(STARS, 30, p=worse))
            )
            is not None
            for _ in range(100)
        )

        assert found >= 80


class TestComplaints:
    def test_three_that_nobody_had_are_several(self):
        assert complaints_strength(3, 0, share=1 / 29) == 1

    @pytest.mark.parametrize(
        ("after", "before", "share"),
        [(1, 0, 0.01), (3, 20, 0.2), (5, 20, 0.2), (3, 0, 0.5)],
    )
    def test_what_was_always_said_is_not_new(self, after, before, share):
        assert complaints_strength(after, before, share=share) is None

    def test_chance_is_the_tail_of_the_binomial_distribution(self):
        assert chance_of(3, 0, share=0.5) == pytest.approx(1 / 8)
        assert chance_of(1, 1, share=0.5) == pytest.approx(3 / 4)
        assert chance_of(0, 9, share=0.5) == 1


class TestIntervalStrength:
    def test_is_one_where_the_interval_just_touches_the_border(self):
        assert interval_strength(0.1, 0.0, 0.2) == pytest.approx(1)
        assert interval_strength(-0.1, -0.15, -0.05) == pytest.approx(2)
        assert interval_strength(0.0, -0.01, 0.01, border=0.02) == pytest.approx(2)


class TestBar:
    @pytest.mark.parametrize(
        ("useful", "noise", "height"),
        [
            (0, 0, 1.0),
            (0, 3, 1.0),  # too few answers to move it
            (3, 0, 1.0),
            (4, 0, 2**-0.5),
            (2, 2, 2**0.5),
            (0, 4, 2**1.5),
            (0, 40, HIGHEST_BAR),
            (40, 0, LOWEST_BAR),
        ],
    )
    def test_follows_the_share_of_noise(self, useful, noise, height):
        assert Bar(useful, noise).height == pytest.approx(height)

    def test_never_falls_when_somebody_says_noise(self):
        heights = [Bar(6, noise).height for noise in range(30)]

        assert heights == sorted(heights)

    def test_knows_the_share_of_noise(self):
        assert Bar(3, 1).noise_share == 0.25
        assert Bar().noise_share is None


class TestGathered:
    def test_phrases_out_of_the_same_texts_are_one_thing(self):
        found = gathered(
            [
                Saying(("spinner",), frozenset({1, 2})),
                Saying(("forever",), frozenset({2, 3})),
                Saying(("refund",), frozenset({9})),
            ]
        )

        assert [one.words for one in found] == [("spinner", "forever"), ("refund",)]
        assert found[0].feedback == {1, 2, 3}

    def test_a_phrase_within_a_phrase_is_one_thing(self):
        found = gathered(
            [Saying(("dark mode",), frozenset()), Saying(("the dark mode broke",), frozenset())]
        )

        assert len(found) == 1
