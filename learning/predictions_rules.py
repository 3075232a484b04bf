"""How often expectations came true, and how far off they were. Pure.

An expectation is mirrored where a fall was hoped for, so that "more" always means "as hoped".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from learning.calibration import interval
from learning.verdict import Verdict, percent

# Of fewer measured bets no typical ratio is told.
ENOUGH = 5
NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Bet:
    """One expectation and what came of it; sizes are relative, 0.05 is 5 %."""

    expected: float  # always positive
    measured: float | None  # positive if it went the hoped-for way; None without a number
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Record:
    """How a number of bets ended."""

    supported: int
    refuted: int
    no_effect: int
    open: int  # inconclusive, mixed with another ship, or without enough data
    measured: int
    expected_median: float | None  # of the measured ones
    measured_median: float | None
    ratio: float | None  # the median of measured over expected

    @property
    def decided(self) -> int:
        """How many came to a verdict."""
        return self.supported + self.refuted + self.no_effect

    @property
    def share(self) -> float | None:
        """The share of the decided that came true."""
        return self.supported / self.decided if self.decided else None

    @property
    def low(self) -> float:
        """The lower end of where that share may truly lie (Wilson 1927, 95 %)."""
        return interval(self.share or 0.0, self.decided)[0]

    @property
    def high(self) -> float:
        """The upper end of it."""
        return interval(self.share or 0.0, self.decided)[1]

    @property
    def sentence(self) -> str:
        """What was expected and what came, in a sentence."""
        if self.measured < ENOUGH or self.ratio is None or self.expected_median is None:
            return ""
        hoped = percent(self.expected_median)
        came = percent(self.measured_median or 0.0, signed=True)
        start = f"On median we hoped for {hoped} or more and measured {came}"
        if self.ratio <= 0:
            return f"{start}: half of the bets moved nothing the way they should, or the other way."
        if self.ratio < 1 - NEAR:
            times = 1 / self.ratio
            many = f"{times:.1f}" if times < 10 else f"{times:,.0f}"
            return f"{start}: a typical bet promises {many} times what comes."
        if self.ratio > 1 + NEAR:
            return f"{start}: a typical bet brings {self.ratio:.1f} times what it promises."
        return f"{start}: a typical bet brings about what it promises."


def record_of(bets: Sequence[Bet]) -> Record:
    """Return how the bets ended, with the medians of those that have a number."""
    verdicts = [bet.verdict for bet in bets]
    pairs = [(bet.expected, bet.measured) for bet in bets if bet.measured is not None]
    ratios = [measured / expected for expected, measured in pairs if expected > 0]
    decided = (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NO_EFFECT)
    return Record(
        supported=verdicts.count(Verdict.SUPPORTED),
        refuted=verdicts.count(Verdict.REFUTED),
        no_effect=verdicts.count(Verdict.NO_EFFECT),
        open=sum(verdict not in decided for verdict in verdicts),
        measured=len(pairs),
        expected_median=median(expected for expected, _ in pairs) if pairs else None,
        measured_median=median(measured for _, measured in pairs) if pairs else None,
        ratio=median(ratios) if ratios else None,
    )


@dataclass(frozen=True, slots=True)
class Point:
    """A bet on a drawing of 240 by 240, from its lower left corner at (44, 248)."""

    x: float
    y: float
    verdict: str
    is_beyond: bool  # drawn at the edge, as it lies outside


def drawn(bets: Sequence[Bet]) -> tuple[list[Point], float]:
    """Return the measured bets as points, and the size at the right and upper edge.

    Measured sizes run from minus that size, at the bottom, to plus it. The edge leaves out the
    largest tenth, so that one wild bet does not press all others into a corner.
    """
    pairs = [(bet, bet.measured) for bet in bets if bet.measured is not None]
    if not pairs:
        return [], 0.0
    sizes = sorted(max(bet.expected, abs(measured)) for bet, measured in pairs)
    edge = max(sizes[int(0.9 * (len(sizes) - 1))] * 1.1, 0.01)
    points = []
    for bet, measured in pairs:
        x, y = min(bet.expected, edge), max(-edge, min(measured, edge))
        points.append(
            Point(
                x=round(44 + 240 * x / edge, 1),
                y=round(128 - 120 * y / edge, 1),
                verdict=bet.verdict.value,
                is_beyond=x != bet.expected or y != measured,
            )
        )
    return points, edge
