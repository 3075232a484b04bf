from math import expm1, log1p

import numpy as np
import pytest

from learning.sums import Measured, totals


def measured(found, error):
    return Measured(expm1(found), expm1(found - 1.96 * error), expm1(found + 1.96 * error))


def simulated(*, ships, share, mean, spread, seed, rounds=100):
    """Return, per round: the true sum of the effects that stand out, and their total."""
    draw = np.random.default_rng(seed)
    answers = []
    for _round in range(rounds):
        errors = draw.uniform(0.02, 0.05, ships)
        true = np.where(draw.random(ships) < share, draw.normal(mean, spread, ships), 0.0)
        found = true + draw.normal(0, errors)
        picked = np.flatnonzero(found > 1.96 * errors)
        (total,) = totals(list(map(measured, found, errors)), [picked.tolist()])
        if total:
            answers.append((true[picked].sum(), total))
    return answers


class TestTheSumOfThoseThatStandOut:
    @pytest.mark.parametrize(
        ("kind", "curse", "left"),
        [
            ({"share": 1.0, "mean": 0.01, "spread": 0.03}, 0.10, 0.03),
            ({"share": 0.3, "mean": 0.03, "spread": 0.06}, 0.08, 0.07),
            ({"share": 0.0, "mean": 0.0, "spread": 0.1}, 0.10, 0.03),
        ],
    )
    def test_promises_too_much_as_measured_and_not_when_shrunk(self, kind, curse, left):
        rounds = simulated(ships=40, seed=3, **kind)

        raw = np.mean([log1p(total.raw) - true for true, total in rounds])
        shrunk = np.mean([log1p(total.shrunk) - true for true, total in rounds])
        held = np.mean([total.low <= expm1(true) <= total.high for true, total in rounds])
        assert raw > curse
        assert abs(shrunk) < left
        assert held >= 0.9

    def test_multiplies_effects(self):
        (total,) = totals([measured(log1p(0.1), 1e-3), measured(log1p(0.2), 1e-3)], [[0, 1]])

        assert total.raw == pytest.approx(1.1 * 1.2 - 1)
        assert total.ships == 2

    def test_leaves_alone_what_is_beyond_doubt(self):
        sure = [measured(log1p(effect), 0.002) for effect in (0.3, -0.2, 0.25, 0.4)]

        (total,) = totals(sure, [range(4)])

        assert total.shrunk == pytest.approx(total.raw, rel=0.02)

    def test_has_none_for_an_empty_group(self):
        assert totals([measured(0.1, 0.02)], [[], [0]])[0] is None
        assert totals([], [[]]) == [None]

    def test_stays_finite_where_an_interval_reaches_a_fall_to_nothing(self):
        odd = [Measured(-0.6, -1.0, 0.4), Measured(-1.0, -1.0, 2.0), Measured(900.0, 2.0, 1e9)]

        (total,) = totals(odd, [range(3)])

        numbers = (total.raw, total.raw_low, total.raw_high, total.shrunk, total.low, total.high)
        assert all(np.isfinite(number) for number in numbers)
        assert total.low <= total.shrunk <= total.high
