"""Gaps in a series that are zeros, because that is what a team says of its metric. Pure."""

from dataclasses import replace

import numpy as np

from learning.impact_series import Series


def with_zeros(series: Series, start: int, end: int) -> Series:
    """Return the series with 0 in the empty buckets that lie wholly in the time (epoch seconds).

    The bucket that `start` lies in counts, too; the one that is not over by `end` does not.
    """
    whole = (series.times > start - series.interval) & (series.times + series.interval <= end)
    return replace(series, values=np.where(whole & np.isnan(series.values), 0.0, series.values))
