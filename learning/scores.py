"""How often Wake was right about a project's feedback, as the page shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Project
from learning.attribution_adoption import DEFAULT
from learning.calibration import interval
from learning.models import AttributionFit, Correction

ENOUGH = 10  # guesses of one probability, below which a share says little
TELLS = 0.1  # a range that reaches farther than this from what was right tells little
AGREED = 0.5  # what people said had the most of Wake's probability
# The chart's square in the units of its viewBox.
LEFT, TOP, SIZE = 44.0, 8.0, 240.0


@dataclass(frozen=True, slots=True)
class Point:
    """One bin of guesses on the chart, and in the table beside it."""

    low: float
    high: float
    given: float
    right: float
    count: int
    likely_low: float
    likely_high: float

    @property
    def x(self) -> float:
        """Where it stands, from the left."""
        return round(LEFT + SIZE * self.given, 1)

    @property
    def y(self) -> float:
        """Where it stands, from the top."""
        return _y(self.right)

    @property
    def top(self) -> float:
        """The upper end of its likely range, from the top."""
        return _y(self.likely_high)

    @property
    def bottom(self) -> float:
        """The lower end of its likely range, from the top."""
        return _y(self.likely_low)

    @property
    def radius(self) -> float:
        """How large it is drawn: the more guesses, the larger."""
        return round(min(9.0, 2.5 + self.count**0.5 / 2.5), 1)

    @property
    def is_honest(self) -> bool:
        """True if what was given lies within the likely range of what was right."""
        return self.likely_low <= self.given <= self.likely_high

    @property
    def says_little(self) -> bool:
        """True if there are too few guesses to judge by."""
        return self.count < ENOUGH


@dataclass(frozen=True, slots=True)
class Eighty:
    """What became of the guesses of about 80 %."""

    count: int
    ships: int
    given: float
    right: float
    likely_low: float
    likely_high: float

    @property
    def tells(self) -> bool:
        """True if there are ships enough to judge by."""
        return max(self.right - self.likely_low, self.likely_high - self.right) <= TELLS

    @property
    def in_words(self) -> str:
        """Whether its 80 % means 80 %."""
        if not self.tells:
            return "That is too few ships to tell whether its 80% means 80%."
        if self.likely_low <= self.given <= self.likely_high:
            return "So its 80% means 80%, as far as that can be told."
        return f"So it is too {'careful' if self.right > self.given else 'sure'} there."


@dataclass(frozen=True, slots=True)
class Scores:
    """All that the page says."""

    asked: int
    right: float
    newest: float
    points: list[Point]
    eighty: Eighty | None
    error: float  # the mean gap between what was given and what was right
    corrections: int
    agreed: int  # corrections that said what Wake had thought likeliest
    learned: dict[str, Any]  # how fitting to this project's updates went
    taught: dict[str, Any]  # ... and to what people corrected
    is_fitted: bool
    method: str
    scored_at: datetime | None


def scores_of(project: Project) -> Scores:
    """Return how often Wake was right, from its last exam and from what people corrected."""
    fit = AttributionFit.objects.filter(project=project).first()
    exam = fit.scores.get("exam", {}) if fit else {}
    points = [_point(one) for one in exam.get("bins", ())]
    asked = int(exam.get("asked", 0))
    corrections = Correction.objects.filter(feedback__project=project)
    weights = fit.weights if fit else {}
    return Scores(
        asked=asked,
        right=exam.get("right", 0.0),
        newest=exam.get("newest", 0.0),
        points=points,
        eighty=_eighty(exam.get("eighty")),
        error=sum(abs(one.given - one.right) * one.count for one in points) / max(1, asked),
        corrections=corrections.count(),
        agreed=corrections.filter(was_probability__gte=AGREED).count(),
        learned=fit.scores.get("adoption", {}) if fit else {},
        taught=fit.scores.get("corrections", {}) if fit else {},
        is_fitted=tuple(weights.get("adoption", DEFAULT)) != DEFAULT or bool(weights.get("trust")),
        method=fit.method if fit else "",
        scored_at=fit.fitted_at if fit else None,
    )


def _point(bin_: dict[str, Any]) -> Point:
    low, high = interval(bin_["right"], bin_["count"])
    return Point(bin_["low"], bin_["high"], bin_["given"], bin_["right"], bin_["count"], low, high)


def _eighty(found: dict[str, Any] | None) -> Eighty | None:
    if not found:
        return None
    low, high = found["range"]
    return Eighty(found["count"], found["ships"], found["given"], found["right"], low, high)


def _y(share: float) -> float:
    return round(TOP + SIZE * (1 - share), 1)
