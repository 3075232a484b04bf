"""What a measured change says of the hypothesis that a deployment was shipped for. Pure."""

import math

from django.db.models import TextChoices


class Verdict(TextChoices):
    """The words for it, in the order in which they are considered."""

    TOO_EARLY = "too_early", "Too early to tell"
    INSUFFICIENT_DATA = "insufficient_data", "Not enough data"
    CONFOUNDED = "confounded", "Mixed with another ship"
    SUPPORTED = "supported", "Supported"
    REFUTED = "refuted", "Refuted"
    NO_EFFECT = "no_effect", "No effect of that size"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    NO_HYPOTHESIS = "no_hypothesis", "No hypothesis"


def decide(
    *,
    goal: float,
    word: str,
    low: float | None,
    high: float | None,
    window_over: bool,
    effect: float | None = None,
) -> Verdict:
    """Return what a change measured as `effect`, between `low` and `high`, says of the `goal`.

    All are relative: 0.02 is 2 %. The goal is the smallest effect that matters, negative where a
    fall was hoped for; then everything is mirrored and judged as a rise. `word` is that of the
    estimate. Without an `effect` the middle of the interval stands for it.

    - refuted: the whole interval lies on the wrong side of zero, so the opposite happened;
    - no effect of that size: the whole interval lies below the goal, zero or a small gain at best;
    - supported: the whole interval lies above zero, and the best estimate reaches the goal;
    - inconclusive: anything else, as both "nothing" and "enough" are still possible.
    """
    if not window_over or word == Verdict.TOO_EARLY:
        return Verdict.TOO_EARLY
    if word == Verdict.CONFOUNDED:
        return Verdict.CONFOUNDED
    if word != "estimated" or low is None or high is None:
        return Verdict.INSUFFICIENT_DATA
    if effect is None:
        effect = (low + high) / 2
    if not all(map(math.isfinite, (goal, low, effect, high))):
        return Verdict.INSUFFICIENT_DATA
    if math.copysign(1, goal) < 0:  # a fall was hoped for: mirror it, and judge it as a rise
        goal, low, effect, high = -goal, -high, -effect, -low
    if high < 0:
        return Verdict.REFUTED
    if high < goal:
        return Verdict.NO_EFFECT
    if low > 0 and effect >= goal:
        return Verdict.SUPPORTED
    return Verdict.INCONCLUSIVE


def percent(value: float, *, signed: bool = False) -> str:
    """Return a relative effect as people write it: 0.05 is "5%", and "+5%" when `signed`."""
    shown = value * 100
    digits = 0 if abs(shown) >= 10 or round(abs(shown), 1) == round(abs(shown)) else 1
    text = f"{abs(shown):,.{digits}f}%"
    if float(text[:-1].replace(",", "")) == 0:
        return "0%"
    if shown < 0:
        return f"−{text}"
    return f"+{text}" if signed else text


def sentence(
    verdict: Verdict,
    *,
    metric: str,
    goal: float = 0.0,
    effect: float | None = None,
    low: float | None = None,
    high: float | None = None,
    note: str = "",
) -> str:
    """Return the verdict as plain sentences with its numbers, for pages and mails.

    `metric` is the metric's name; `note` is the estimate's own, shown where there is no number.
    """
    hoped = f"a {'fall' if math.copysign(1, goal) < 0 else 'rise'} of {percent(abs(goal))} or more"
    if verdict == Verdict.NO_HYPOTHESIS:
        return _joined(
            "No hypothesis was stated for this ship.", _measured(metric, effect, low, high)
        )
    unknown = f"whether {metric} shows {hoped}."
    reasons = {
        Verdict.TOO_EARLY: f"It is too early to say {unknown}",
        Verdict.INSUFFICIENT_DATA: f"There is not enough data to say {unknown}",
        Verdict.CONFOUNDED: f"Another ship came too close to say {unknown}",
    }
    if verdict in reasons:
        return _joined(reasons[verdict], note)
    meanings = {
        Verdict.SUPPORTED: f"Supported: {hoped} was hoped for.",
        Verdict.REFUTED: f"Refuted: {hoped} was hoped for, and the opposite happened.",
        Verdict.NO_EFFECT: f"No effect of that size: {hoped} was hoped for, and is ruled out.",
        Verdict.INCONCLUSIVE: f"Inconclusive: {hoped} is neither shown nor ruled out.",
    }
    return _joined(meanings[verdict], _measured(metric, effect, low, high))


def _measured(metric: str, effect: float | None, low: float | None, high: float | None) -> str:
    """Return the measured change as a sentence, or nothing without one."""
    if effect is None or low is None or high is None:
        return ""
    span = f"between {percent(low, signed=True)} and {percent(high, signed=True)}"
    if low <= 0 <= high:
        return f"{metric} changed by {percent(effect, signed=True)}, {span}, so maybe not at all."
    moved = "rose" if effect > 0 else "fell"
    return f"{metric} {moved} by about {percent(abs(effect))} ({span})."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
