"""When something is worth a person's attention. Pure: numbers in, an answer or None out.

Every kind of finding has a strength: how many times over it passes what its test demands, so that
1 just passes. It is held against the bar of its kind, which people's answers move; docs/findings.md
has the formulas in words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, lgamma, log, sqrt
from statistics import fmean, variance

from learning.impact_placebo import t_quantile

# A rating has fallen if the 99 % interval of the difference leaves zero out, by at least this much.
LEAST_FALL = 0.3
LEVEL = 0.99
LEAST_AFTER, LEAST_BEFORE = 8, 20  # customers who rated; of fewer nothing can be told
LEAST_VARIANCE = 0.25  # a handful of equal ratings is no proof that nobody would give another
MOST_FREEDOM = 300  # beyond that Student's distribution is the normal one
# So many different customers are several, and so rarely may it be chance at the pace of before.
SEVERAL = 3
CHANCE = 0.001
# The bar: a quarter noise is what people put up with; each further quarter doubles it.
USUAL_NOISE = 0.25
LEAST_VOTES = 4
LOWEST_BAR, HIGHEST_BAR = 2 / 3, 3.0


@dataclass(frozen=True, slots=True)
class Rated:
    """One rating from 1 to 5: by whom, and on which day."""

    value: float
    day: date
    customer: int | None = None  # None: nobody knows, so it counts as somebody else


@dataclass(frozen=True, slots=True)
class Fall:
    """A mean rating that fell, with the 99 % interval of the difference (all below zero)."""

    before: float
    after: float
    low: float
    high: float
    before_count: int  # customers
    after_count: int
    strength: float


def rating_fall(before: Sequence[Rated], after: Sequence[Rated]) -> Fall | None:
    """Return how far the mean rating fell, or None if it did not clearly, or nobody can tell.

    Welch's interval for the difference of two means (Welch 1947, Biometrika 34:28-35), each
    customer counting once by the mean of what they gave. Ratings of one day resemble each other:
    the variance is widened by the design effect of the days before (Kish 1965, Survey Sampling,
    chapter 5).
    """
    voices_before, voices_after = _voices(before), _voices(after)
    if len(voices_before) < LEAST_BEFORE or len(voices_after) < LEAST_AFTER:
        return None
    mean_before, part_before = _mean_and_variance([one.value for one in voices_before])
    mean_after, part_after = _mean_and_variance([one.value for one in voices_after])
    error = sqrt(design_effect(voices_before) * (part_before + part_after))
    freedom = (part_before + part_after) ** 2 / (
        part_before**2 / (len(voices_before) - 1) + part_after**2 / (len(voices_after) - 1)
    )
    half = t_quantile((1 + LEVEL) / 2, max(1, min(MOST_FREEDOM, int(freedom)))) * error
    change = mean_after - mean_before
    if change > -LEAST_FALL or change + half >= 0:
        return None
    return Fall(
        before=mean_before,
        after=mean_after,
        low=change - half,
        high=change + half,
        before_count=len(voices_before),
        after_count=len(voices_after),
        strength=min(-change / half, -change / LEAST_FALL),
    )


def _voices(rows: Sequence[Rated]) -> list[Rated]:
    """Return one rating a customer: the mean of what they gave, on the day of the last."""
    known: dict[int, list[Rated]] = {}
    voices = [row for row in rows if row.customer is None]
    for row in rows:
        if row.customer is not None:
            known.setdefault(row.customer, []).append(row)
    for customer, given in known.items():
        mean = fmean(row.value for row in given)
        voices.append(Rated(mean, max(row.day for row in given), customer))
    return voices


def _mean_and_variance(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean, and the variance of the mean."""
    return fmean(values), max(variance(values), LEAST_VARIANCE) / len(values)


def design_effect(rows: Sequence[Rated]) -> float:
    """Return how much wider days that resemble themselves make the variance of the mean; 1 or more.

    The variance of the mean with days as clusters, over the variance without.
    """
    days: dict[date, float] = {}
    mean = fmean(row.value for row in rows)
    for row in rows:
        days[row.day] = days.get(row.day, 0.0) + row.value - mean
    plain = sum((row.value - mean) ** 2 for row in rows)
    if len(days) < 5 or not plain:
        return 1.0
    clustered = sum(total**2 for total in days.values()) * len(days) / (len(days) - 1)
    return max(1.0, clustered / plain)


def chance_of(after: int, before: int, *, share: float) -> float:
    """Return how likely at least `after` of all come after by chance, at the pace of before.

    `share` is the time after over the whole time. Exact, by the binomial distribution: the test of
    two Poisson rates given their sum (Przyborowski and Wilenski 1940, Biometrika 31:313-323).
    """
    total = after + before
    if not after or not 0 < share < 1:
        return 1.0
    return sum(
        exp(
            lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1)
            + count * log(share) + (total - count) * log(1 - share)
        )
        for count in range(after, total + 1)
    )  # fmt: skip


def complaints_strength(after: int, before: int, *, share: float) -> float | None:
    """Return how strongly `after` customers complain of something, or None if that is not new."""
    if after < LOWEST_BAR * SEVERAL or chance_of(after, before, share=share) > CHANCE:
        return None
    return after / SEVERAL


def interval_strength(effect: float, low: float, high: float, *, border: float = 0.0) -> float:
    """Return how far `effect` lies from `border`, in half-widths of its interval."""
    half = (high - low) / 2
    return abs(effect - border) / half if half > 0 else HIGHEST_BAR


@dataclass(frozen=True, slots=True)
class Bar:
    """What findings of one kind must pass in one project, and the answers it is made of."""

    useful: int = 0
    noise: int = 0

    @property
    def votes(self) -> int:
        """How many people answered."""
        return self.useful + self.noise

    @property
    def noise_share(self) -> float | None:
        """The share of answers that said noise."""
        return self.noise / self.votes if self.votes else None

    @property
    def height(self) -> float:
        """What the strength must reach: 1 until LEAST_VOTES people have answered, then moved.

        2 ** (4 (s - 0.25)), where s is the share of noise with four answers put in beforehand, one
        of them noise, so that a few answers move it little. Between LOWEST_BAR and HIGHEST_BAR.
        """
        if self.votes < LEAST_VOTES:
            return 1.0
        share = (self.noise + 1) / (self.votes + 4)
        return min(HIGHEST_BAR, max(LOWEST_BAR, 2 ** (4 * (share - USUAL_NOISE))))


@dataclass(frozen=True, slots=True)
class Saying:
    """Something several customers say: in which words, and in which feedback."""

    words: tuple[str, ...]  # the surest first
    feedback: frozenset[int]


def same_saying(one: Saying, other: Saying) -> bool:
    """Return True if the two are one thing: they share a customer's text, or one holds the other.

    "spinner" and "spinner never stops" are one, and so are two phrases out of the same texts.
    """
    if one.feedback & other.feedback:
        return True
    return any(a in b or b in a for a in one.words for b in other.words)


def gathered(sayings: Iterable[Saying]) -> list[Saying]:
    """Return the sayings with those that are one thing put together, in their order."""
    found: list[Saying] = []
    for saying in sayings:
        place = next((n for n, other in enumerate(found) if same_saying(saying, other)), None)
        if place is None:
            found.append(saying)
        else:
            kept = found[place]
            found[place] = Saying(kept.words + saying.words, kept.feedback | saying.feedback)
    return found
