"""Which ship a feedback is about: evidence of each kind, alone and against the others."""

import gzip
import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.versions import Match, compare
from learning.attribution import (
    LOOK_BACK,
    METHODS,
    MOST_CANDIDATES,
    NEVER_SURER,
    Candidate,
    Known,
    Said,
    Share,
    attribute,
)
from learning.attribution_adoption import (
    DEFAULT,
    NOTHING_SEEN,
    Seen,
    shares_by_adoption,
    surer,
)
from learning.attribution_learning import fit_adoption
from learning.attribution_learning_v3 import fit_sureness

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
SHA = "3f2b9c1de0a4455f8a67c2d1e9b0f3a7c6d5e4f3"
SHARED = Path(os.environ.get("WAKE_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
needs_real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"REAL DATA MISSING: no {SHARED}; set WAKE_SHARED_DATA"
)


def ship(key: int, *, hours_ago: float = 0, version: str = "", **facts: Any) -> Candidate:
    defaults = {"sha": "", "environment": "production", "text": ""}
    return Candidate(
        key=key,
        version=version or f"1.{key}.0",
        shipped_at=NOW - timedelta(hours=hours_ago),
        **{**defaults, **facts},
    )


def said(text: str = "", **facts: Any) -> Said:
    defaults = {
        "external_id": "said-1", "version": "", "environment": "", "area": "", "url": "",
        "said_at": NOW,
    }  # fmt: skip
    return Said(key=1, text=text, **{**defaults, **facts})


def of(shares: list[Share], key: int | None) -> Share:
    return next(share for share in shares if share.candidate == key)


def likeliest(shares: list[Share]) -> int | None:
    """Return the likeliest ship, "none" apart."""
    return next(share.candidate for share in shares if share.candidate is not None)


class TestAttribute:
    def test_is_sure_of_a_ship_of_exactly_the_customers_version(self):
        ships = [ship(1, hours_ago=2), ship(2, hours_ago=900, version="v4.2.1"), ship(3)]

        best = attribute(said(version="4.2.1"), ships)[0]

        assert (best.candidate, best.probability) == (2, pytest.approx(NEVER_SURER))
        assert best.reasons[0] == "The customer runs exactly this version, 4.2.1."

    def test_thinks_of_none_where_the_customers_version_is_none_of_the_ships(self):
        shares = attribute(said(version="9.9"), [ship(1, hours_ago=2), ship(2, hours_ago=30)])

        assert shares[0].candidate is None
        assert shares[0].probability > 0.95
        assert shares[0].reasons == ("The customer runs 9.9, which is none of these ships.",)

    def test_knows_none_without_ships(self):
        assert attribute(said("Hello"), []) == [
            Share(None, 1.0, ("No ship that it could be about was live at that time.",))
        ]

    def test_leaves_out_ships_that_came_later(self):
        later = ship(1, hours_ago=-0.001, version="4.2.1")

        shares = attribute(said(version="4.2.1"), [later])

        assert [share.candidate for share in shares] == [None]

    def test_counts_a_ship_of_the_same_moment(self):
        assert of(attribute(said(), [ship(1)]), 1).probability > 0

    def test_prefers_the_newest_ship_when_nothing_else_is_known(self):
        ships = [ship(1, hours_ago=300), ship(3, hours_ago=9), ship(2, hours_ago=80)]

        shares = attribute(said("It is slow"), ships)

        assert likeliest(shares) == 3
        assert of(shares, 3).reasons[0].startswith("Said 9 hours after it shipped, when about ")

    def test_is_not_sure_of_a_ship_by_its_time_alone(self):
        assert of(attribute(said(), [ship(1, hours_ago=1)]), 1).probability < 0.7

    def test_thinks_more_of_a_ship_once_customers_have_had_time_to_update(self):
        fresh, grown = (
            of(attribute(said(), [ship(1, hours_ago=hours)]), 1).probability
            for hours in (6, 20 * 24)
        )

        assert grown > fresh + 0.2

    def test_knows_a_fix_of_an_older_line_for_what_few_customers_have(self):
        ships = [
            ship(1, hours_ago=200, version="2.0.0"),
            ship(2, hours_ago=20, version="1.9.1"),
            ship(3, hours_ago=900, version="1.9.0"),
        ]

        shares = attribute(said("It is slow"), ships)

        assert likeliest(shares) == 1
        assert of(shares, 2).probability < 0.15

    def test_thinks_little_of_a_version_that_only_some_try(self):
        ships = [ship(1, hours_ago=20, version="2.0-beta1"), ship(2, hours_ago=90, version="1.9")]

        assert of(attribute(said(), ships), 1).probability < 0.05

    def test_orders_ships_without_telling_names_by_time(self):
        ships = [ship(1, hours_ago=30, version="main-9"), ship(2, hours_ago=200, version="main-42")]

        assert likeliest(attribute(said(), ships)) == 1

    def test_takes_the_last_of_a_version_that_came_back_for_the_newest(self):
        ships = [
            ship(1, hours_ago=90, version="1.0"),
            ship(2, hours_ago=50, version="1.1"),
            ship(3, hours_ago=20, version="1.0"),
        ]

        assert likeliest(attribute(said(), ships)) == 3

    def test_does_not_compare_the_versions_of_different_services(self):
        ships = [
            ship(1, hours_ago=20, version="1.2", train="search"),
            ship(2, hours_ago=20, version="7.0", train="checkout"),
        ]

        shares = attribute(said(), ships)

        assert of(shares, 1).probability == pytest.approx(of(shares, 2).probability)

    @pytest.mark.parametrize(
        ("text", "facts", "reason"),
        [
            ("Broken since #812", {"refs": ("812",)}, "Names #812, which went out in it."),
            ("Broken since PR 812", {"refs": ("#812",)}, "Names #812, which went out in it."),
            ("See https://git.example/pull/812", {"refs": ("812",)},
             "Names #812, which went out in it."),
            ("Since 3f2b9c1 it fails", {"sha": SHA},
             "Names the commit 3f2b9c1, which went out in it."),
            ("Since 3f2b9c1 it fails", {"refs": (SHA,)},
             "Names the commit 3f2b9c1, which went out in it."),
            ("Since v4.2.1 it fails", {"version": "4.2.1"}, "Names this version, 4.2.1."),
            ("Thanks", {"fixes": ("said-1",)},
             "The ship names this feedback as one that it answers."),
        ],
    )  # fmt: skip
    def test_believes_a_customer_who_names_the_ship(self, text, facts, reason):
        ships = [ship(1, hours_ago=50, **facts), ship(2, hours_ago=2)]

        best = attribute(said(text), ships)[0]

        assert best.candidate == 1
        assert best.reasons[0] == reason
        assert best.probability > 0.8

    @pytest.mark.parametrize(
        "text", ["It took 812 seconds", "I paid #9 and 812", "a812b", "&#812;"]
    )
    def test_takes_no_other_number_for_a_pull_request(self, text):
        shares = attribute(said(text), [ship(1, hours_ago=50, refs=("812",)), ship(2)])

        assert not any("812" in reason for reason in of(shares, 1).reasons)

    def test_prefers_the_ship_that_shares_the_customers_words(self):
        ships = [
            ship(1, hours_ago=30, text="New address form in checkout, with postcodes"),
            ship(2, hours_ago=2, text="Faster search"),
        ]

        shares = attribute(said("The checkout forgets my address and postcode"), ships)

        assert shares[0].candidate == 1
        assert shares[0].reasons[0] == "Shares the words: address, checkout, postcode."

    def test_makes_little_of_words_that_all_ships_share(self):
        text = "Improve the checkout"
        ships = [ship(key, hours_ago=key, text=text) for key in (1, 2, 3, 4)]

        with_word = attribute(said("The checkout is slow"), ships)
        without = attribute(said("It is slow"), ships)

        assert of(with_word, 1).probability - of(without, 1).probability < 0.05

    @pytest.mark.parametrize(
        ("facts", "ours"),
        [
            ({"area": "Checkout"}, {"areas": ("checkout",)}),
            ({"area": "checkout"}, {"paths": ("shop/checkout/address.py",)}),
            ({"url": "https://shop.example/checkout/address"},
             {"paths": ("shop/checkout/address.py",)}),
            ({"url": "https://shop.example/checkout"}, {"areas": ("checkout",)}),
        ],
    )  # fmt: skip
    def test_prefers_a_ship_that_changed_the_same_place(self, facts, ours):
        ships = [ship(1, hours_ago=1), ship(2, hours_ago=2, **ours)]

        plain, placed = attribute(said(), ships), attribute(said(**facts), ships)

        assert of(placed, 2).probability > 1.3 * of(plain, 2).probability
        assert "heckout" in of(placed, 2).reasons[0]

    def test_thinks_less_of_a_ship_of_another_area(self):
        ships = [ship(1, hours_ago=1, areas=("search",))]

        assert (
            of(attribute(said(area="checkout"), ships), 1).probability
            < of(attribute(said(), ships), 1).probability
        )

    def test_thinks_little_of_a_ship_to_another_environment(self):
        ships = [ship(1, hours_ago=1, environment="staging"), ship(2, hours_ago=90)]

        shares = attribute(said(environment="production"), ships)

        assert likeliest(shares) == 2
        assert "this ship went to staging" in of(shares, 1).reasons[0]

    def test_tells_a_version_shipped_twice_apart_by_time(self):
        ships = [ship(1, hours_ago=400, version="4.2.1"), ship(2, hours_ago=4, version="4.2.1")]

        assert likeliest(attribute(said(version="4.2.1"), ships)) == 2

    def test_keeps_the_likeliest_candidates_only(self):
        ships = [ship(key, hours_ago=24 * key, version=f"1.{99 - key}") for key in range(1, 40)]

        shares = attribute(said(), ships)

        assert len(shares) == MOST_CANDIDATES + 1
        assert {share.candidate for share in shares} == {None, *range(1, MOST_CANDIDATES + 1)}

    @pytest.mark.parametrize(
        "facts",
        [{"url": "http://[half an address"}, {"version": "🐟"}, {"text": "#" * 500}, {"area": "/"}],
    )
    def test_bears_whatever_customers_write(self, facts):
        shares = attribute(said(**facts), [ship(1, hours_ago=1, paths=("a/b.py",), areas=("x",))])

        assert sum(share.probability for share in shares) == pytest.approx(1)

    def test_does_not_mind_the_order_of_the_candidates(self):
        ships = [ship(key, hours_ago=key % 3, text="checkout") for key in range(1, 9)]
        shuffled = random.Random(4).sample(ships, len(ships))

        assert attribute(said("checkout"), ships) == attribute(said("checkout"), shuffled)


class TestWhatATextSaysOfVersions:
    SHIPS = (
        ship(1, hours_ago=900, version="1.1.0"),
        ship(2, hours_ago=400, version="1.2.0"),
        ship(3, hours_ago=200, version="1.2.1"),
        ship(4, hours_ago=72, version="1.3.0"),
    )

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("Since 1.2.0 it crashes", 2),
            ("Broken after v1.1.0", 1),
            ("1.2.x loses my address", 3),
            ("It worked before 1.2.1", 4),
            ("I went back to 1.1.0 and it works", 2),
            ("It was fine in 1.2.0, now it hangs", 3),
        ],
    )
    def test_decides(self, text, key):
        assert likeliest(attribute(said(text), self.SHIPS)) == key

    def test_says_so(self):
        best = attribute(said("It was fine in 1.2.0, now it hangs"), self.SHIPS)[0]

        assert "Says that 1.2.0 was still good, and it is the one that came next." in best.reasons

    def test_thinks_more_of_the_last_ship_after_an_update(self):
        plain = attribute(said("It hangs and I do not know why"), self.SHIPS)
        updated = attribute(said("It hangs since I updated it"), self.SHIPS)

        assert of(updated, 4).probability > of(plain, 4).probability + 0.02

    def test_says_less_than_a_version_that_was_given(self):
        shares = attribute(said("Worse than 1.2.0", version="1.3.0"), self.SHIPS)

        assert likeliest(shares) == 4


class TestWhatTheSameCustomerRan:
    def test_rules_older_ships_out(self):
        ships = [ship(1, hours_ago=500, version="1.1"), ship(2, hours_ago=6, version="1.2")]

        plain, known = attribute(said(), ships), attribute(said(ran_before="1.2"), ships)

        assert of(known, 1).probability < of(plain, 1).probability / 5
        assert "The same customer ran 1.2 before, which is newer." in of(known, 1).reasons

    def test_leaves_newer_ships_open(self):
        ships = [ship(1, hours_ago=500, version="1.1"), ship(2, hours_ago=60, version="1.2")]

        assert attribute(said(ran_before="1.1"), ships) == attribute(said(), ships)


def seen_to_run(*pairs: tuple[float, int]) -> Known:
    """Return that customers ran the ship of a key so many hours ago."""
    ordered = sorted((NOW.timestamp() - hours * 3600, key) for hours, key in pairs)
    return Known(
        seen=Seen(np.array([at for at, _ in ordered]), np.array([key for _, key in ordered]))
    )


class TestRolledBack:
    """1.2 shipped and was taken back: 1.1 is what customers have."""

    def ships(self, *, back_hours_ago: float) -> list[Candidate]:
        gone_at = NOW - timedelta(hours=back_hours_ago)
        return [
            ship(1, hours_ago=600, version="1.1"),
            ship(2, hours_ago=400, version="1.2", gone_at=gone_at),
        ]

    def test_is_no_candidate_well_after(self):
        shares = attribute(said("It hangs"), self.ships(back_hours_ago=90))

        assert {share.candidate for share in shares} == {1, None}

    def test_still_is_for_a_customer_of_exactly_that_version(self):
        shares = attribute(said("It hangs", version="1.2"), self.ships(back_hours_ago=90))

        assert likeliest(shares) == 2

    def test_still_is_for_what_it_says_it_answers(self):
        ships = self.ships(back_hours_ago=90)
        ships[1] = replace(ships[1], fixes=("said-1",))

        assert likeliest(attribute(said("It hangs"), ships)) == 2

    def test_loses_its_customers_within_a_day(self):
        before, at_once, later = (
            of(attribute(said("It hangs"), self.ships(back_hours_ago=hours)), 2).probability
            for hours in (-1, 1, 30)
        )

        assert before > 0.6
        assert at_once < before
        assert later < 0.2

    def test_counts_only_once_it_happened(self):
        not_yet = self.ships(back_hours_ago=-1)
        never = [replace(one, gone_at=None) for one in not_yet]

        assert attribute(said("It hangs"), not_yet) == attribute(said("It hangs"), never)

    def test_alone_leaves_none_of_ours(self):
        gone = self.ships(back_hours_ago=90)[1:]

        assert [share.candidate for share in attribute(said("It hangs"), gone)] == [None]


class TestCurve:
    def shares(self, *ages: float) -> list[float]:
        """Return the shares of ships of these ages in days, the newest version first."""
        ships = [
            ship(key, hours_ago=24 * age, version=f"1.{len(ages) - key}")
            for key, age in enumerate(ages)
        ]
        return shares_by_adoption(ships, NOW)[0].tolist()

    def test_thinks_less_of_the_newest_where_ships_are_rare(self):
        often = self.shares(4, *range(9, 60, 5))
        rarely = self.shares(4, *range(34, 400, 30))

        assert rarely[0] < often[0] - 0.05

    def test_thinks_less_of_the_newest_where_many_lines_ship_side_by_side(self):
        one_line = self.shares(3, *range(10, 80, 7))
        many_lines = self.shares(3, 30, *(0.5 * age for age in range(1, 40)))

        assert many_lines[0] < one_line[0] - 0.2

    def test_knows_what_never_was_the_newest_for_what_few_have(self):
        shares = self.shares(20, 5, 30)

        assert shares[1] < min(shares[0], shares[2])


class TestSureness:
    def test_leaves_the_shares_as_they_are_by_default(self):
        shares = np.array([0.5, 0.3, 0.1])

        assert surer(shares, (0.0, 1.0)) == pytest.approx(shares)

    def test_makes_the_largest_surer_and_keeps_the_sum_and_the_order(self):
        found = surer(np.array([0.1, 0.5, 0.3]), (1.0, 1.0))

        assert found[1] > 0.6
        assert found.sum() == pytest.approx(0.9)
        assert found[2] == pytest.approx(3 * found[0])

    def test_never_makes_another_the_largest(self):
        found = surer(np.array([0.4, 0.35, 0.1]), (-5.0, 1.0))

        assert found.argmax() == 0

    def test_bears_a_ship_alone(self):
        assert surer(np.array([0.8]), (3.0, 2.0)) == pytest.approx([0.8])

    def test_is_learned_where_the_shares_proved_too_careful(self):
        ships = [ship(1, hours_ago=2000, version="1.1"), ship(2, hours_ago=1500, version="1.2")]
        # Three in four had the newest within hours, and no more ever came to it.
        seen = seen_to_run(*((hours, 2 if hours % 4 else 1) for hours in range(2, 400))).seen
        weights = [0.0] * len(DEFAULT)

        sharpness, sureness = fit_sureness(ships, seen, weights=weights)

        plain, _ = shares_by_adoption(ships, NOW, weights=weights)
        found, _ = shares_by_adoption(
            ships, NOW, weights=weights, sharpness=sharpness, sureness=sureness
        )
        assert found[1] / found.sum() > plain[1] / plain.sum()
        assert found[1] / found.sum() == pytest.approx(0.75, abs=0.07)

    def test_of_nobody_is_the_default(self):
        assert fit_sureness([ship(1)], NOTHING_SEEN, weights=DEFAULT) == (1.0, (0.0, 1.0))


class TestAdoption:
    SHIPS = (ship(1, hours_ago=600, version="1.1"), ship(2, hours_ago=60, version="1.2"))

    def test_follows_what_customers_were_seen_to_run(self):
        slow = seen_to_run(*((hours, 1) for hours in range(1, 40)))

        assert likeliest(attribute(said(), self.SHIPS)) == 2
        assert likeliest(attribute(said(), self.SHIPS, known=slow)) == 1

    def test_learns_nothing_from_the_future(self):
        later = seen_to_run(*((-hours, 1) for hours in range(40)))

        assert attribute(said(), self.SHIPS, known=later) == attribute(said(), self.SHIPS)

    def test_shares_out_all_customers(self):
        shares, unreached = shares_by_adoption(self.SHIPS, NOW)

        assert shares.sum() + unreached == pytest.approx(1)

    def test_counts_a_day_without_an_hour_as_its_end(self):
        exact = [ship(1, hours_ago=600, version="1.1"), ship(2, hours_ago=12, version="1.2")]
        day = [exact[0], ship(2, hours_ago=12, version="1.2", day_only=True)]

        assert likeliest(attribute(said(), exact)) == 2
        assert likeliest(attribute(said(), day)) == 1

    def test_weights_come_back_as_they_are_from_too_few(self):
        few = seen_to_run((3, 1), (2, 1)).seen

        assert fit_adoption(self.SHIPS, few) == DEFAULT

    def test_weights_learn_that_customers_update_late(self):
        ships = [ship(key, hours_ago=24 * 9 * (20 - key), version=f"1.{key}") for key in range(20)]
        # Everybody waits for six days before they update.
        late = seen_to_run(
            *((hours, 20 - 1 - (hours + 24 * 6) // (24 * 9)) for hours in range(5, 24 * 100, 12))
        ).seen

        fitted = fit_adoption(ships, late)
        fresh = [ship(1, hours_ago=24 * 10, version="1.1"), ship(2, hours_ago=24, version="1.2")]

        before, _ = shares_by_adoption(fresh, NOW)
        after, _ = shares_by_adoption(fresh, NOW, weights=fitted)
        assert after[1] < before[1] / 2


texts = st.one_of(
    st.text(max_size=60), st.sampled_from(["Broken since #12", "checkout 1.2.3", SHA, "v2 build 7"])
)
some_ships = st.lists(
    st.builds(
        Candidate,
        key=st.integers(1, 10**6),
        version=st.one_of(st.sampled_from(["", "1.2.3", "v1.2", "2.0rc1", SHA]), texts),
        sha=st.sampled_from(["", SHA]),
        shipped_at=st.integers(-(10**5), 10**7).map(lambda ago: NOW - timedelta(seconds=ago)),
        environment=st.sampled_from(["", "production", "staging"]),
        text=texts,
        areas=st.lists(texts, max_size=2).map(tuple),
        paths=st.lists(texts, max_size=2).map(tuple),
        refs=st.lists(st.sampled_from(["12", "#13", SHA]), max_size=2).map(tuple),
        fixes=st.lists(texts, max_size=1).map(tuple),
    ),
    max_size=15,
    unique_by=lambda ship: ship.key,
)
anything_said = st.builds(
    Said,
    key=st.just(1),
    external_id=texts,
    text=texts,
    version=st.one_of(st.sampled_from(["", "1.2.3", "1.2", "2.0", SHA[:8]]), texts),
    environment=st.sampled_from(["", "production"]),
    area=texts,
    url=texts,
    said_at=st.just(NOW),
)


class TestAttributeAlways:
    @settings(max_examples=150, deadline=None)
    @given(anything_said, some_ships)
    def test_shares_out_exactly_one(self, one, ships):
        shares = attribute(one, ships)

        assert sum(share.probability for share in shares) == pytest.approx(1, abs=1e-9)
        assert all(0 <= share.probability <= 1 for share in shares)
        assert all(a.probability >= b.probability for a, b in pairwise(shares))
        assert [share.candidate for share in shares].count(None) == 1
        assert len(shares) <= MOST_CANDIDATES + 1

    @settings(max_examples=100, deadline=None)
    @given(anything_said, some_ships)
    def test_gives_reasons_and_no_ship_of_the_future(self, one, ships):
        live = {ship.key for ship in ships if ship.shipped_at <= NOW}

        for share in attribute(one, ships):
            assert share.reasons
            assert share.candidate is None or share.candidate in live

    @settings(max_examples=50, deadline=None)
    @given(some_ships)
    def test_never_rules_out_that_it_is_none_of_ours(self, ships):
        none = of(attribute(said(version="1.2.3"), ships), None)

        assert none.probability >= 1 - NEVER_SURER - 1e-9

    @settings(max_examples=60, deadline=None)
    @given(anything_said, some_ships, st.randoms(use_true_random=False))
    def test_does_not_mind_the_order(self, one, ships, chance):
        shuffled = chance.sample(ships, len(ships))

        assert attribute(one, shuffled) == attribute(one, ships)

    @settings(max_examples=60, deadline=None)
    @given(some_ships, st.sampled_from(sorted(METHODS)))
    def test_never_thinks_less_of_a_ship_that_answers_it(self, ships, method):
        one = said("It hangs", external_id="said-1")
        ships = [ship for ship in ships if ship.shipped_at <= NOW]
        if not ships:
            return
        key = ships[0].key
        answering = [replace(ships[0], fixes=("said-1",)), *ships[1:]]

        before = attribute(one, ships, method=method, most=99)
        after = attribute(one, answering, method=method, most=99)

        assert of(after, key).probability >= of(before, key).probability - 1e-9


class TestCompare:
    @pytest.mark.parametrize(
        ("theirs", "ours", "match"),
        [
            ("4.2.1", "4.2.1", Match.SAME),
            ("v4.2.1", "4.2.1", Match.SAME),
            ("Version 4.2.1", "V4.2.1", Match.SAME),
            ("4.2", "4.2.0", Match.SAME),
            ("2.0-rc1", "2.0rc1", Match.SAME),
            ("4.2.1+91", "4.2.1", Match.SAME),
            ("4.2.1 (91)", "4.2.1", Match.SAME),
            ("8.127.1 build 10 50788", "8.127.1", Match.SAME),
            ("8.127.1 build 10 50788", "8.127.1 build 11 50790", Match.OTHER),
            ("4.2.1+91", "4.2.1+92", Match.OTHER),
            ("4.2", "4.2.1", Match.LINE),
            ("89", "89.0.2", Match.LINE),
            ("4.2.1", "4.2.2", Match.OTHER),
            ("4.2.1", "4.2", Match.OTHER),
            ("4.2.0", "4.2.0rc1", Match.OTHER),
            (SHA[:7], SHA, Match.SAME),
            (SHA, SHA[:12], Match.SAME),
            ("main-42", "main-42", Match.SAME),
            ("main-42", "main-43", Match.OTHER),
            ("", "4.2.1", Match.UNKNOWN),
            ("4.2.1", "", Match.UNKNOWN),
        ],
    )
    def test_tells_same_from_other(self, theirs, ours, match):
        assert compare(theirs, ours) == match

    def test_knows_a_ship_by_its_commit_though_it_has_a_version(self):
        assert compare(SHA[:8], "4.2.1", SHA) == Match.SAME


REVIEWS = (
    ("greenlight-android.play", "greenlight-android.first-sighting"),
    ("netflix-android.play", "netflix-android.first-sighting"),
    ("firefox-android.play", "firefox-android"),
)


@needs_real_data
class TestOnRealReviews:
    """Reviews name the version that they were written on; here it is hidden, or given."""

    @pytest.mark.parametrize(("feedback", "releases"), REVIEWS)
    def test_finds_the_ship_of_the_version_that_is_given(self, feedback, releases):
        hits = [
            likeliest(attribute(one, ships)) in right
            for one, ships, right in reviews(feedback, releases)
        ]

        assert sum(hits) / len(hits) > 0.99

    @pytest.mark.parametrize(("feedback", "releases"), REVIEWS)
    def test_does_as_well_as_the_newest_release_when_no_version_is_given(self, feedback, releases):
        cases = list(reviews(feedback, releases))
        newest = [
            max(ships, key=lambda ship: ship.shipped_at).key in right for _, ships, right in cases
        ]

        hits = [
            likeliest(attribute(said(one.text, said_at=one.said_at), ships)) in right
            for one, ships, right in cases
        ]

        assert sum(hits) / len(hits) >= sum(newest) / len(newest) - 0.02


def reviews(feedback: str, releases: str) -> Iterator[tuple[Said, list[Candidate], set[int]]]:
    """Yield reviews with the ships they may be about, and the keys of those of their version."""
    ships = [
        Candidate(
            key, row["version"], "", moment(row["released_at"]), "production", row["notes"] or ""
        )
        for key, row in enumerate(lines(SHARED / "releases" / f"{releases}.jsonl.gz"))
        if row["extra"].get("channel", "release") == "release"
    ]
    rows = list(lines(SHARED / "feedback" / f"{feedback}.jsonl.gz"))
    for row in random.Random(1).sample(rows, 500):
        at = moment(row["created_at"])
        right = {
            ship.key for ship in ships if ship.version == row["version"] and ship.shipped_at <= at
        }
        near = [
            ship for ship in ships if ship.key in right or at - LOOK_BACK <= ship.shipped_at <= at
        ]
        if right:
            yield said(row["text"], version=row["version"], said_at=at), near, right


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        yield from map(json.loads, file)


def moment(text: str) -> datetime:
    """Return a time of the real data, whose zone is not always known, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
