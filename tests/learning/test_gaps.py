"""Gaps that are zeros, and those that are not."""

import numpy as np
import pytest

from learning.gaps import with_zeros
from learning.impact import make_series

HOUR = 3600


def series(*values):
    rows = [(n * HOUR, value, None) for n, value in enumerate(values) if value is not None]
    return make_series(rows, interval=HOUR, kind="count", start=0, end=len(values) * HOUR)


def filled(values, start: float, end: float) -> list[float | None]:
    found = with_zeros(series(*values), int(start * HOUR), int(end * HOUR)).values
    return [None if np.isnan(value) else float(value) for value in found]


class TestAGap:
    @pytest.mark.parametrize(
        ("values", "start", "end", "expected"),
        [
            ((1, None, 3), 0, 3, [1, 0, 3]),
            ((None, None, 3), 1, 3, [None, 0, 3]),
            ((1, None, None), 0, 2, [1, 0, None]),
            ((1, None, None), 0, 2.9, [1, 0, None]),
            ((None, 2, None), 0.5, 3, [0, 2, 0]),
        ],
    )
    def test_is_zero_within_the_time_that_was_measured(self, values, start, end, expected):
        assert filled(values, start, end) == expected

    def test_changes_no_value_that_is_known(self):
        assert filled((1, 2, 3), 0, 3) == [1, 2, 3]
