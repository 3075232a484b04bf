"""How often it was right, and whether 80 % means 80 %. Pure.

Reliability diagrams and the expected calibration error as in Naeini, Cooper and Hauskrecht 2015;
the interval of a share as in Wilson 1927.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10
Z = 1.96


@dataclass(frozen=True, slots=True)
class Told:
    """One guess: the probability that was given to it, and whether it was right."""

    given: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """The guesses that were given a probability from `low` up to `high`."""

    low: float
    high: float
    given: float  # their mean
    right: float  # the share that was right
    count: int

    @property
    def range(self) -> tuple[float, float]:
        """Return what the true share may well be, given how few they are (Wilson, 95 %)."""
        return interval(self.right, self.count)


def reliability(told: Sequence[Told], *, bins: int = BINS) -> list[Bin]:
    """Return the guesses in bins of equal width, the lowest first; empty ones are left out."""
    groups: dict[int, list[Told]] = {}
    for one in told:
        groups.setdefault(min(bins - 1, int(one.given * bins)), []).append(one)
    return [
        Bin(
            number / bins,
            (number + 1) / bins,
            sum(one.given for one in group) / len(group),
            share_right(group),
            len(group),
        )
        for number, group in sorted(groups.items())
    ]


def calibration_error(told: Sequence[Told]) -> float:
    """Return by how much, on average, what was given and what was right differ in a bin."""
    return sum(abs(one.given - one.right) * one.count for one in reliability(told)) / max(
        1, len(told)
    )


def share_right(told: Sequence[Told]) -> float:
    """Return the share of guesses that were right; 0 of none."""
    return sum(one.is_right for one in told) / max(1, len(told))


def interval(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was seen in `count` cases."""
    if not count:
        return 0.0, 1.0
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)
