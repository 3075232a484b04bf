"""Asks the estimator about moments when nothing was shipped: how far a metric can be trusted. Pure.

At each of these moments it should find nothing; it is also shown the same window raised or lowered
by 10 %, and should find that. (Placebo in time: Bertrand, Duflo and Mullainathan 2004.)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from learning.impact import CURRENT_METHOD, estimate
from learning.impact_series import Series, between

MOST_MOMENTS = 60
FEWEST_MOMENTS = 20  # below, a share of them says nothing
PUT_IN = 0.10
CLAIMED = 0.05  # the share of false alarms that the estimator promises not to pass


@dataclass(frozen=True, slots=True)
class Placebos:
    """What was found at quiet moments; times are in epoch seconds."""

    moments: tuple[int, ...]
    alarms: int  # moments at which an effect was claimed
    looks: int  # intervals, with and without an effect put in
    covered: int  # ... that held the truth
    put_in: int
    found: int  # of the effects of 10 % put in, claimed with the right sign


def placebos(
    series: Series,
    *,
    history: int,
    window: int,
    ships: Sequence[int],
    method: str = CURRENT_METHOD,
) -> Placebos:
    """Return how `method` does on the metric at moments with no ship within `window` seconds.

    `history` is how many seconds before each moment it may see, `ships` are all ships of the
    environment in epoch seconds. At most 60 moments, spread over all that there is.
    """
    asked: list[int] = []
    alarms = looks = covered = found = 0
    for number, moment in enumerate(quiet_moments(series, history, window, ships)):
        part = between(series, moment - history, moment + window)
        told = {"shipped_at": moment, "window_end": moment + window, "other_ships": ships}
        nothing = estimate(part, method=method, **told)
        if nothing.low is None or nothing.high is None or nothing.p_value is None:
            continue
        asked.append(moment)
        alarms += nothing.p_value < CLAIMED
        looks += 1
        covered += nothing.low <= 0 <= nothing.high
        truth = PUT_IN if number % 2 else -PUT_IN
        something = estimate(_moved(part, moment, truth), method=method, **told)
        if something.effect is None or something.low is None or something.high is None:
            continue
        looks += 1
        covered += something.low <= truth <= something.high
        is_claimed = something.p_value is not None and something.p_value < CLAIMED
        found += is_claimed and math.copysign(1, something.effect) == math.copysign(1, truth)
    return Placebos(tuple(asked), alarms, looks, covered, len(asked), found)


def quiet_moments(
    series: Series, history: int, window: int, ships: Sequence[int]
) -> NDArray[np.int64]:
    """Return starts of buckets with `history` before, `window` after and no ship in that."""
    if not len(series.times):
        return np.zeros(0, dtype=np.int64)
    end = int(series.times[-1]) + series.interval
    times = series.times[(series.times >= series.times[0] + history)]
    times = times[times + window <= end]
    gone = np.sort(np.array(ships, dtype=np.int64))
    # The first ship at or after each moment; the bucket that holds a ship is not quiet either.
    place = np.searchsorted(gone, times - series.interval, side="right")
    following = np.append(gone, np.iinfo(np.int64).max)[place]
    quiet = times[following >= times + window]
    if len(quiet) <= MOST_MOMENTS:
        return quiet
    chosen = np.linspace(0, len(quiet) - 1, MOST_MOMENTS).round().astype(int)
    return quiet[chosen]


def _moved(series: Series, moment: int, share: float) -> Series:
    after = series.times >= moment
    return replace(series, values=np.where(after, series.values * (1 + share), series.values))
