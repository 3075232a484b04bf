"""What a chart says of an effect: where it is drawn, in which colour, and in which words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.reads.estimates import is_good
from learning.models import ImpactEstimate
from learning.verdict import percent


@dataclass(frozen=True, slots=True)
class Mark:
    """A ship on a chart."""

    pk: int
    at: datetime
    label: str
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """An effect on a chart: the area between expected and observed, from `start` until `end`.

    `tone` names a colour of the style sheet: good, warm (worse), slate (moved, and neither way is
    good) or grey (may be chance). `cut_by` says what ended the window early, or nothing.
    """

    start: datetime
    end: datetime
    effect: float
    low: float
    high: float
    tone: str
    word: str
    cut_by: str

    @property
    def label(self) -> str:
        """The effect and its word: "+5.1%: better"."""
        return f"{percent(self.effect, signed=True)}: {self.word}"


def drawn(row: ImpactEstimate | None, marks: Sequence[Mark]) -> Drawn | None:
    """Return how an estimate is drawn; None without one, or without a number.

    `marks` are the ships of the chart, of which one may have ended the window.
    """
    if row is None or row.effect is None or row.low is None or row.high is None:
        return None
    if not row.is_real:
        tone, word = "grey", "may be chance"
    elif is_good(row) is None:
        tone, word = "slate", "moved"
    else:
        tone, word = ("good", "better") if is_good(row) else ("warm", "worse")
    return Drawn(
        start=row.window_start_at,
        end=row.window_end_at,
        effect=row.effect,
        low=row.low,
        high=row.high,
        tone=tone,
        word=word,
        cut_by=_cut_by(row, marks),
    )


def _cut_by(row: ImpactEstimate, marks: Sequence[Mark]) -> str:
    for mark in marks:
        if not mark.is_main and int(mark.at.timestamp()) == int(row.window_end_at.timestamp()):
            return mark.label
    gone_at = row.deployment.rolled_back_at
    return "its roll-back" if gone_at and gone_at == row.window_end_at else ""
