"""Puts what a checkup found into plain words. Pure: rows in, text out, no AI."""

from collections.abc import Sequence
from dataclasses import dataclass

from deployments.models import Deployment, Hypothesis
from engagement.models import Direction
from learning.models import ImpactEstimate
from learning.verdict import Verdict, percent, sentence

METHOD = "plain-words-v1"


@dataclass(frozen=True, slots=True)
class Voices:
    """What customers said that is most likely about one ship."""

    count: int
    bad: int  # of them, in a bad mood
    quotes: tuple[str, ...]  # the worst and surest first, shortened
    started: str = ""  # what they started saying, as a sentence


@dataclass(frozen=True, slots=True)
class Draft:
    """A learning as Wake would put it."""

    verdict: Verdict
    headline: str
    evidence: str


def draft(
    deployment: Deployment,
    hypothesis: Hypothesis | None,
    verdict: Verdict,
    estimates: Sequence[ImpactEstimate],
    voices: Voices,
) -> Draft:
    """Return the learning that the estimates and the customers' words add up to."""
    real = [row for row in estimates if row.is_real]
    tested = next(
        (row for row in estimates if hypothesis and row.metric == hypothesis.metric), None
    )
    lines = []
    if hypothesis:
        lines.append(_tested(hypothesis, verdict, tested))
        real = [row for row in real if row.metric_id != hypothesis.metric_id]
    lines += [f"{effect(row)}{_judgement(row)}." for row in real]
    if not real and not hypothesis:
        lines.append("No metric moved by more than it usually does by itself.")
    if voices.count:
        lines.append(_said(voices))
        lines += [f"“{quote}”" for quote in voices.quotes]
    if voices.started:
        lines.append(voices.started)
    return Draft(
        verdict, _headline(deployment, hypothesis, verdict, real, voices), "\n".join(lines)
    )


def _tested(hypothesis: Hypothesis, verdict: Verdict, row: ImpactEstimate | None) -> str:
    return sentence(
        verdict,
        metric=hypothesis.metric.name,
        goal=hypothesis.goal,
        effect=row.effect if row else None,
        low=row.low if row else None,
        high=row.high if row else None,
        note=row.note if row else "",
    )


def effect(row: ImpactEstimate) -> str:
    """Return one estimate as a sentence without its full stop."""
    if row.effect is None or row.low is None or row.high is None:
        return f"{row.metric.name}: {row.word.replace('_', ' ')}"
    return (
        f"{row.metric.name} changed by {percent(row.effect, signed=True)} "
        f"(95% interval {percent(row.low, signed=True)} to {percent(row.high, signed=True)})"
    )


def _judgement(row: ImpactEstimate) -> str:
    direction = row.metric.good_direction
    if row.effect is None or direction == Direction.NEITHER:
        return ""
    good = (row.effect > 0) == (direction == Direction.UP)
    return ", which is better" if good else ", which is worse"


def _said(voices: Voices) -> str:
    things = "1 thing" if voices.count == 1 else f"{voices.count:,} things"
    bad = f", {voices.bad:,} of them unhappy" if voices.bad and voices.count > 1 else ""
    return f"Customers said {things} about it{bad}."


_ENDS = {
    Verdict.SUPPORTED: "{metric} moved as hoped",
    Verdict.REFUTED: "{metric} moved the other way",
    Verdict.NO_EFFECT: "{metric} did not move as hoped",
    Verdict.INCONCLUSIVE: "{metric} may or may not have moved",
    Verdict.CONFOUNDED: "its effect on {metric} cannot be told from another ship's",
    Verdict.INSUFFICIENT_DATA: "too little data on {metric} to tell",
    Verdict.TOO_EARLY: "too early to tell about {metric}",
}


def _headline(
    deployment: Deployment,
    hypothesis: Hypothesis | None,
    verdict: Verdict,
    real: Sequence[ImpactEstimate],
    voices: Voices,
) -> str:
    name = str(deployment)[:150]
    if hypothesis:
        end = _ENDS[verdict].format(metric=hypothesis.metric.name.lower())
    elif real:
        row = max(real, key=lambda row: abs(row.effect or 0))
        end = f"{row.metric.name.lower()} changed by {percent(row.effect or 0, signed=True)}"
    elif voices.count:
        end = f"customers said {voices.count:,} things about it"
    else:
        end = "no metric moved noticeably"
    return f"{name}: {end}"[:300]
