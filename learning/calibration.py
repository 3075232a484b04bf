"""How often it was right, and whether 80 % means 80 %. Pure.

Reliability diagrams and the expected calibration error as in Naeini, Cooper and Hauskrecht 2015;
the interval of a share as in Wilson 1927.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10
Z = 1.96
EIGHTY = (0.75, 0.85)  # what counts as "about 80 %"
# Student's t, 95 %, by degrees of freedom; beyond, an expansion in their inverse is as good.
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)


@dataclass(frozen=True, slots=True)
class Told:
    """One guess: the probability that was given to it, and whether it was right."""

    given: float
    is_right: bool
    ship: int | None = None  # the one that was named


@dataclass(frozen=True, slots=True)
class Eighty:
    """The guesses of about 80 %."""

    count: int
    given: float  # their mean
    right: float  # the share that was right
    ships: int  # that they named
    range: tuple[float, float]  # what the true share may well be: 95 %, ship by ship


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


def about_eighty(told: Sequence[Told]) -> Eighty | None:
    """Return the guesses of 75 to 85 %, and how far they can be trusted; None without any.

    Guesses that name one ship are right or wrong together: a release that came slowly makes all
    of a week wrong. So its range is Wilson's for as many guesses as would spread as much, each on
    its own (Kish's effective size, by the spread between ships), with Student's t for few ships.
    """
    found = [one for one in told if EIGHTY[0] <= one.given < EIGHTY[1]]
    if not found:
        return None
    right = share_right(found)
    surplus: dict[int | None, float] = {}
    for one in found:
        surplus[one.ship] = surplus.get(one.ship, 0.0) + one.is_right - right
    count, ships = len(found), len(surplus)
    if ships < 2:
        reach = (0.0, 1.0)
    else:
        spread = sum(value**2 for value in surplus.values()) * ships / (ships - 1)
        alone = max(right * (1 - right) * count, 1e-9)
        reach = interval(right, count / max(1.0, spread / alone), z=_student(ships - 1))
    given = sum(one.given for one in found) / count
    return Eighty(count, given, right, ships, reach)


def _student(degrees: int) -> float:
    if degrees <= len(_T):
        return _T[degrees - 1]
    return Z + (Z**3 + Z) / (4 * degrees)


def interval(share: float, count: float, *, z: float = Z) -> tuple[float, float]:
    """Return the 95 % interval of a share that was seen in `count` cases."""
    if not count:
        return 0.0, 1.0
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)
