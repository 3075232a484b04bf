"""How far each phrase turned, and how far phrases turn by chance. Pure."""

from dataclasses import dataclass
from math import log, log1p, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from learning.phrases_words import Uses

Floats = NDArray[np.float64]
DEALS = 60  # random dealings, whose largest z have a Gumbel tail
NO_DEAL_BELOW = 2.5  # a z that some phrase of thousands reaches by chance in every dealing
_SEED = 20080101  # the same texts always give the same answer


@dataclass(frozen=True, slots=True)
class Prior:
    """What share of all that was ever said uses each term, and how many texts that is worth."""

    shares: Floats
    weight: float

    def of(self, term: int) -> "Prior":
        """Return the prior of one term alone."""
        return Prior(self.shares[term : term + 1], self.weight)


@dataclass(frozen=True, slots=True)
class Sides:
    """How many units use each term on either side, of how many, and what is expected anyway."""

    after: Floats
    before: Floats
    after_total: int
    before_total: int
    prior: Prior

    def with_prior(self) -> tuple[tuple[Floats, float], tuple[Floats, float]]:
        """Return uses and total, after and before, each with the prior as if it was said."""
        expected, weight = self.prior.shares * self.prior.weight, self.prior.weight
        return (
            (self.after + expected, self.after_total + weight),
            (self.before + expected, self.before_total + weight),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The z of each term, and from which z on it is more than chance."""

    z: Floats
    rise: float  # what starts is above it
    fall: float  # what stops is below minus it


def z_scores(sides: Sides) -> Floats:
    """Return the signed root of each term's likelihood ratio, the prior counted on both sides.

    G = 2 sum(observed x log(observed / expected)) over the four cells of uses and uses not, after
    and before; its root is a z (Wilks 1938). Positive is a rise.
    """
    (after, after_total), (before, before_total) = both = sides.with_prior()
    share = (after + before) / (after_total + before_total)
    ratio = np.zeros_like(share)
    for used, total in both:
        ratio += _cell(used, total * share) + _cell(total - used, total * (1 - share))
    sign = np.sign(after / after_total - before / before_total)
    return np.asarray(sign * np.sqrt(np.maximum(2 * ratio, 0)), np.float64)


def _cell(observed: Floats, expected: Floats) -> Floats:
    safe = np.maximum(observed, 1e-12)
    return np.asarray(observed * np.log(safe / np.maximum(expected, 1e-12)), np.float64)


def log_odds(sides: Sides) -> Floats:
    """Return each term's delta: the log of how many times its odds are after what they were."""
    after, before = (
        np.log(used / np.maximum(total - used, 0.5)) for used, total in sides.with_prior()
    )
    return np.asarray(after - before, np.float64)


def sides_of(uses: Uses, is_after: NDArray[np.bool_], prior: Prior) -> Sides:
    """Return how often each term is used on either side; `is_after` has one answer a unit."""
    width = len(uses.phrases)
    chosen = is_after[uses.units]
    after = np.bincount(uses.terms[chosen], minlength=width).astype(np.float64)
    before = np.bincount(uses.terms[~chosen], minlength=width).astype(np.float64)
    total = int(is_after.sum())
    return Sides(after, before, total, len(is_after) - total, prior)


def judge(uses: Uses, is_after: NDArray[np.bool_], prior: Prior, *, level: float) -> Verdict:
    """Return each term's z, and what z the largest of them reaches by chance.

    The units are dealt anew to the two sides DEALS times. A rise is claimed only above what all but
    `level` of such dealings reach anywhere, and a fall likewise.
    """
    z = z_scores(sides_of(uses, is_after, prior))
    if not len(z) or np.abs(z).max() < NO_DEAL_BELOW:
        return Verdict(z, np.inf, np.inf)
    rng = np.random.default_rng(_SEED)
    dealt = [z_scores(sides_of(uses, rng.permutation(is_after), prior)) for _ in range(DEALS)]
    return Verdict(
        z,
        rise=_gumbel([float(one.max()) for one in dealt], level),
        fall=_gumbel([float(-one.min()) for one in dealt], level),
    )


def _gumbel(largest: list[float], share: float) -> float:
    """Return what only `share` of such largest values exceed, by a Gumbel fit of their moments."""
    scale = float(np.std(largest, ddof=1)) * sqrt(6) / pi
    centre = float(np.mean(largest)) - np.euler_gamma * scale
    return float(centre - scale * log(-log1p(-share)))


def smallest_rise(
    after_total: int, before_total: int, weight: float, threshold: float, *, least: int
) -> int | None:
    """Return how many must say what nobody said before to pass the threshold; None: over half."""
    said = np.arange(least, after_total // 2 + 1, dtype=np.float64)
    prior = Prior(said / (after_total + before_total), weight)
    sides = Sides(said, np.zeros_like(said), after_total, before_total, prior)
    seen = np.flatnonzero(z_scores(sides) > threshold)
    return int(said[seen[0]]) if len(seen) else None
