"""What customers named lately, held against what the curve of adoption says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.attribution import Candidate, Known, Said, attribute
from learning.attribution_adoption import Seen
from learning.attribution_memory import MEMORY, MEMORY_V4, PRIOR, Memory, corrected
from tests.learning.test_attribution_learner import DAY, NOW, RAN, ship

HALF = np.array([0.5, 0.5])
NEVER_FORGETS = Memory(newest=1e9, grown=1e9, second=1e9, older=1e9)


def named(*customers: tuple[float, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return how many days ago each named the ship at which place."""
    return np.array([ago for ago, _ in customers]), np.array([at for _, at in customers])


class TestWhoSpokeBeforeAShipWasOut:
    CROWD = named(*((1 + hour / 24, 1) for hour in range(96)))
    AGES = np.array([0.2, 10.0])

    def test_says_nothing_of_it(self):
        found = corrected(HALF, self.AGES, *self.CROWD, MEMORY)

        assert found[0] == pytest.approx(0.5)

    def test_was_counted_against_it_by_older_methods(self):
        found = corrected(HALF, self.AGES, *self.CROWD, MEMORY_V4)

        assert found[0] < 0.4

    def test_leaves_a_new_ship_likely_where_many_customers_write(self):
        ships = [ship(1, 10), ship(2, 0.4)]
        at = [(NOW - days * DAY).timestamp() for days in np.linspace(9, 0.41, 900)]
        crowd = Seen(np.array(at), np.ones(len(at), np.int64))

        given_to = {
            method: _given(2, ships, crowd, method) for method in ("evidence-v4", "evidence-v5")
        }

        assert given_to["evidence-v4"] < 0.2
        assert given_to["evidence-v5"] > 0.45


class TestWhoSpokeSince:
    def test_moves_it_by_the_weight_of_a_customer_each(self):
        since = named((0.1, 1), (0.1, 1), (0.1, 1), (0.1, 0))

        found = corrected(HALF, np.array([0.2, 10.0]), *since, NEVER_FORGETS)

        assert found[0] == pytest.approx((0.5 * PRIOR + 1) / (PRIOR + 4))

    def test_counts_less_the_longer_ago_it_was(self):
        lately = corrected(HALF, np.array([9.0, 30.0]), *named(*[(0.1, 1)] * 20), MEMORY)
        before = corrected(HALF, np.array([9.0, 30.0]), *named(*[(6.0, 1)] * 20), MEMORY)

        assert lately[0] < before[0] < 0.5

    def test_had_it_although_it_was_announced_for_later(self):
        early = named((0.1, 0), (0.2, 0))

        found = corrected(HALF, np.array([-0.3, 10.0]), *early, NEVER_FORGETS)

        assert found[0] == pytest.approx((0.5 * PRIOR + 2) / (PRIOR + 2))

    @given(
        st.lists(st.floats(-1, 20), min_size=1, max_size=6),
        st.lists(st.tuples(st.floats(0.01, 20), st.integers(0, 5)), max_size=12),
    )
    def test_is_counted_as_one_by_one(self, ages, customers):
        customers = [(ago, at % len(ages)) for ago, at in customers]
        ratios = np.full(len(ages), 0.3)

        found = corrected(ratios, np.array(ages), *_typed(customers), NEVER_FORGETS)

        for place, age in enumerate(ages):
            mine = sum(at == place for _, at in customers)
            asked = sum(at >= place and ago <= age for ago, at in customers)
            expected = (0.3 * PRIOR + mine) / (PRIOR + max(asked, mine))
            assert found[place] == pytest.approx(np.clip(expected, 1e-4, 1 - 5e-4), abs=1e-6)


def _given(key: int, ships: list[Candidate], seen: Seen, method: str) -> float:
    known = Known(seen=seen, off_topic=RAN.off_topic)
    said = Said(1, "s", "It hangs", "", "", "", "", NOW)
    shares = attribute(said, ships, known=known, method=method)
    return next(share.probability for share in shares if share.candidate == key)


def _typed(customers: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    days, at = named(*customers)
    return days.astype(float), at.astype(np.int64)
