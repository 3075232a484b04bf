"""Takes out of a metric what it shares with one that the ship cannot have touched. Pure.

What moves both (a holiday, the weather, an outage elsewhere) is then no effect, and less noise is
left to look through: Brodersen and others (2015) on synthetic controls, here with one control and
a slope from the history alone.
"""

from collections.abc import Sequence

import numpy as np

from learning.impact_series import Floats

# The two must move together at least so much from block to block, or nothing is taken out.
LEAST_ALIKE = 0.5
# Fewer blocks cannot tell whether two metrics go together, or did so by chance.
FEWEST_BLOCKS = 20
# Two metrics that went together may part, for reasons of their own: set on the public half of the
# yardstick, on real series with others of the same place beside them.
WIDER_WITH_CONTROL = 1.25


def less_control(
    values: Floats, before: int, period: int, controls: Sequence[Floats | None]
) -> tuple[Floats, int | None]:
    """Return the blocks less what the most alike control explains, and which that is, or None.

    All are blocks on a scale where effects are shifts, the first `before` of them history; the
    season repeats every `period` blocks. A control that has no such blocks is None.
    """
    if before < FEWEST_BLOCKS:
        return values, None
    own = np.diff(_without_season(values, before, period)[:before])
    best: tuple[float, float, int, Floats] | None = None
    for place, control in enumerate(controls):
        if control is None or len(control) != len(values):
            continue
        rest = _without_season(control, before, period)
        moves = np.diff(rest[:before])
        if not own.std() > 0 or not moves.std() > 0:
            continue
        alike = float(np.corrcoef(own, moves)[0, 1])
        if alike >= LEAST_ALIKE and (best is None or alike > best[0]):
            slope = float(own @ moves / (moves @ moves))
            best = alike, slope, place, rest
    if best is None:
        return values, None
    alike, slope, place, rest = best
    # A slope found in few blocks is drawn towards nothing.
    slope *= max(0.0, 1 - (1 - alike**2) / (alike**2 * len(own)))
    return values - slope * (rest - rest[:before].mean()), place


def _without_season(values: Floats, before: int, period: int) -> Floats:
    rest = values - values[:before].mean()
    if period < 2 or before < 2 * period:
        return rest
    phases = np.arange(len(values)) % period
    for phase in range(period):
        same = phases == phase
        rest[same] -= np.median(rest[:before][same[:before]])
    return rest
