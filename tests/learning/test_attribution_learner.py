"""How sure an attribution may be: guessed customer by customer, told, and learned from that."""

import gzip
import json
import math
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learning.attribution import (
    NEVER_SURER,
    NOTHING_KNOWN,
    Candidate,
    Known,
    Said,
    Share,
    attribute,
)
from learning.attribution_adoption import AS_SURE, DEFAULT, NOTHING_SEEN, Seen
from learning.attribution_curve import IN_STAGES
from learning.attribution_learner import Learner, fit_sureness
from learning.attribution_series import Fleet, attribute_series
from learning.attribution_shares import OFF_TOPIC_FOR_RAN
from learning.attribution_v4 import usual_weights
from learning.calibration import Told, about_eighty, interval

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RAN = replace(NOTHING_KNOWN, off_topic=OFF_TOPIC_FOR_RAN)
SHARED = Path(os.environ.get("WAKE_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")


def ship(key: int, days_ago: float, **facts: Any) -> Candidate:
    return Candidate(key, f"1.{key}", "", NOW - days_ago * DAY, "", **{"text": "", **facts})


def said(text: str = "", **facts: Any) -> Said:
    return Said(1, "s", text, "", "", "", "", NOW, **facts)


def weekly(*, late: float, until: int = 40, customers: int = 4) -> tuple[list[Candidate], Seen]:
    """Return a ship a week, and customers each day who wait for `late` days before they update."""
    ships = [ship(week, 7 * (until - week)) for week in range(until)]
    named = []
    for hour in range(24 * 7, 24 * 7 * until, 24 // customers):
        at = ships[0].shipped_at + timedelta(hours=hour)
        live = [one.key for one in ships if one.shipped_at + late * DAY <= at]
        if live:
            named.append((at.timestamp(), live[-1]))
    return ships, Seen(np.array([at for at, _ in named]), np.array([key for _, key in named]))


def given_to_80(sureness: tuple[float, float]) -> float:
    odds = sureness[0] + sureness[1] * math.log(0.8 / 0.2)
    return 1 / (1 + math.exp(-odds))


class TestFitSureness:
    def test_leaves_shares_as_they_are_without_a_guess(self):
        assert fit_sureness([]) == AS_SURE

    def test_makes_guesses_that_proved_too_sure_less_sure(self):
        # Given 80 %, right every second time.
        guesses = [(math.log(4), 1.0, float(number % 2)) for number in range(200)]

        assert given_to_80(fit_sureness(guesses)) == pytest.approx(0.5, abs=0.05)

    def test_makes_guesses_that_proved_too_careful_surer(self):
        guesses = [(math.log(4), 1.0, float(number % 20 > 0)) for number in range(200)]

        assert given_to_80(fit_sureness(guesses)) == pytest.approx(0.95, abs=0.03)

    def test_leaves_to_none_what_is_nones(self):
        # Ships together had 90 %, and were right 72 % of the time: so 80 % of theirs.
        guesses = [(math.log(4), 0.9, float(7 * number % 25 < 18)) for number in range(500)]

        assert given_to_80(fit_sureness(guesses)) == pytest.approx(0.8, abs=0.04)

    def test_moves_little_for_a_few(self):
        wrong = [(math.log(4), 1.0, 0.0)] * 3

        assert given_to_80(fit_sureness(wrong)) > 0.55

    def test_forgets_what_was_long_ago(self):
        right, wrong = [(math.log(4), 1.0, 1.0)] * 150, [(math.log(4), 1.0, 0.0)] * 150

        assert given_to_80(fit_sureness(right + wrong)) < 0.4
        assert given_to_80(fit_sureness(wrong + right)) > 0.8


class TestLearner:
    def test_knows_the_usual_at_first(self):
        known = Learner([ship(1, 3)], NOTHING_KNOWN, usual=IN_STAGES).after(0)

        assert (known.adoption, known.sureness) == (IN_STAGES, AS_SURE)

    def test_learns_from_those_before_alone(self):
        ships, seen = weekly(late=3)
        others = Seen(seen.at, np.where(np.arange(len(seen.at)) < 200, seen.ships, 0))

        assert _learned(Learner(ships, Known(seen=seen)).after(200)) == _learned(
            Learner(ships, Known(seen=others)).after(200)
        )

    def test_says_the_same_whether_it_was_asked_on_the_way_or_not(self):
        ships, seen = weekly(late=3)
        often = Learner(ships, Known(seen=seen))
        for count in range(0, 301, 7):
            often.after(count)

        assert _learned(often.after(301)) == _learned(Learner(ships, Known(seen=seen)).after(301))

    def test_tells_customers_better_once_it_has_learned(self):
        ships, seen = weekly(late=5)
        learner = Learner(ships, Known(seen=seen))

        learner.after(600)

        first, last = (
            np.mean([learner.losses[place] for place in part])
            for part in (range(40), range(560, 600))
        )
        assert last < first / 2

    def test_bears_customers_of_a_ship_that_it_was_not_told_of(self):
        seen = Seen(np.full(50, NOW.timestamp()), np.full(50, 99))

        assert Learner([ship(1, 3)], Known(seen=seen)).after(50).sureness == AS_SURE


def _learned(known: Known) -> tuple[Any, ...]:
    return known.adoption, known.sureness


OFF_TOPIC = "The weather is dreadful today, and so are you"


def none_of(shares: list[Share]) -> float:
    return next(one.probability for one in shares if one.candidate is None)


class TestWhoRanWhat:
    SHIPS = (
        ship(1, 60, text="New address form"),
        ship(2, 30, text="Faster search"),
        ship(3, 9, text="Vouchers"),
    )

    def test_thinks_no_more_of_none_for_what_is_off_the_topic(self):
        off, on = (
            none_of(attribute(said(text), self.SHIPS, known=RAN))
            for text in (OFF_TOPIC, "The search is slow")
        )

        assert off == pytest.approx(on, abs=0.01)
        assert off < none_of(
            attribute(said(OFF_TOPIC), self.SHIPS, known=RAN, method="evidence-v3")
        )

    def test_still_does_when_asked_which_ship_it_is_about(self):
        assert attribute(said(OFF_TOPIC), self.SHIPS)[0].candidate is None

    def test_is_never_surer_of_one_ship_than_it_may_be(self):
        ships = [ship(1, 400), ship(2, 200)]
        sure = replace(RAN, sureness=(9.0, 3.0))

        best = attribute(said(), ships, known=sure)[0]

        assert best.probability == pytest.approx(NEVER_SURER)

    def test_is_as_sure_as_it_proved_to_be(self):
        plain = attribute(said(), self.SHIPS, known=RAN)[0]
        less = attribute(said(), self.SHIPS, known=replace(RAN, sureness=(-1.0, 1.0)))[0]

        assert less.candidate == plain.candidate
        assert less.probability < plain.probability - 0.1


class TestInAStore:
    def test_the_newest_comes_later(self):
        ships = [ship(1, 40), ship(2, 3)]

        plain, staged = (
            attribute(said(in_store=in_store), ships, known=RAN)[0].probability
            for in_store in (False, True)
        )

        assert staged < plain - 0.05

    def test_what_a_project_taught_counts_more(self):
        ships = [ship(1, 40), ship(2, 3)]
        taught = replace(RAN, adoption=tuple(weight + 0.01 for weight in DEFAULT))

        assert attribute(said(in_store=True), ships, known=taught) == attribute(
            said(), ships, known=taught
        )

    def test_is_usual_where_most_is_said_there(self):
        assert usual_weights([said(in_store=True)] * 2 + [said()]) == IN_STAGES
        assert usual_weights([said(in_store=True), said()]) == DEFAULT
        assert usual_weights([]) == DEFAULT


class TestOlderMethods:
    """Rows that an older method made can be made again."""

    SHIPS = (
        ship(1, 900 / 24, text="New address form in checkout"),
        ship(2, 200 / 24, text="Faster search"),
        ship(3, 30 / 24, text="Postcodes in checkout"),
    )
    LEARNED = replace(RAN, sharpness=1.2, sureness=(-0.2, 0.9))

    @pytest.mark.parametrize(
        ("method", "known", "given"),
        [
            ("evidence-v1", NOTHING_KNOWN, 0.542191),
            ("evidence-v2", NOTHING_KNOWN, 0.747298),
            ("evidence-v3", NOTHING_KNOWN, 0.774092),
            ("evidence-v2", LEARNED, 0.785156),
            ("evidence-v3", LEARNED, 0.772291),
        ],
    )
    def test_give_what_they_gave(self, method, known, given):
        text = "The checkout forgets my postcode, worse than the version before"

        best = attribute(said(text), self.SHIPS, method=method, known=known)[0]

        assert (best.candidate, best.probability) == (3, pytest.approx(given, abs=1e-6))


class TestAboutEighty:
    def test_counts_what_was_given_75_to_85_percent(self):
        told = [Told(0.74, False, 1), Told(0.75, True, 1), Told(0.8, False, 2), Told(0.85, True, 2)]

        found = about_eighty(told)

        assert (found.count, found.ships, found.right) == (2, 2, 0.5)
        assert found.given == pytest.approx(0.775)

    def test_is_none_without_any(self):
        assert about_eighty([Told(0.5, True, 1)]) is None

    def test_is_as_wide_as_for_guesses_alone_where_ships_do_not_matter(self):
        told = [Told(0.8, number % 5 > 0, number // 5) for number in range(500)]

        found = about_eighty(told)

        assert found.range == pytest.approx(interval(0.8, 500), abs=0.002)

    def test_is_wider_where_guesses_on_one_ship_are_right_or_wrong_together(self):
        told = [Told(0.8, number // 50 % 5 > 0, number // 50) for number in range(500)]

        low, high = about_eighty(told).range

        assert high - low > 0.4

    def test_can_tell_nothing_from_one_ship(self):
        assert about_eighty([Told(0.8, True, 1)] * 500).range == (0.0, 1.0)


@pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"REAL DATA MISSING: no {SHARED}; set WAKE_SHARED_DATA"
)
@pytest.mark.parametrize("is_warm", [False, True])
def test_80_percent_means_80_percent_on_the_later_half_of_real_reviews(is_warm):
    with gzip.open(SHARED / "releases" / "firefox-android.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    fleet = Fleet([
        Candidate(key, row["version"], "", _moment(row["released_at"]), "", "", day_only=True)
        for key, row in enumerate(rows)
    ])  # fmt: skip
    keys = {one.version: one.key for one in fleet.ships}
    with gzip.open(SHARED / "feedback" / "firefox-android.play.jsonl.gz", "rt") as file:
        reviews = [row for row in map(json.loads, file) if row["version"] in keys]
    named = [
        Said(key, "", row["text"], row["version"], "", "", "", _moment(row["created_at"]),
             in_store=True)
        for key, row in enumerate(reviews)
    ]  # fmt: skip
    hidden = sorted((replace(one, version="") for one in named), key=lambda one: one.said_at)
    seen = fleet.seen(named) if is_warm else NOTHING_SEEN
    told = []
    for one, shares in attribute_series(fleet, hidden[len(hidden) // 2 :], seen):
        best = next(share for share in shares if share.candidate is not None)
        right = best.candidate == keys[reviews[one.key]["version"]]
        told.append(Told(best.probability, right, best.candidate))

    found = about_eighty(told)

    assert found.count > 100
    assert abs(found.right - found.given) < 0.05


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
