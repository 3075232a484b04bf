"""Ratings of any scale, brought to one: 1 (worst) to 5 (best). Pure.

A point `given` on a scale from `low` to `high` becomes 1 + 4 * (given - low) / (high - low): worst
is 1 and best is 5 whatever the scale. Proportional rescaling of this kind keeps means comparable
between scales of 5, 7 and 10 points (Dawes, "Do data characteristics change according to the number
of scale points used?", International Journal of Market Research 50(1), 2008). What was given is
kept beside it, and on which scale.
"""

import re
from dataclasses import dataclass
from typing import Any

from common.errors import BadInput
from common.values import read_number

# Name: lowest, highest. Any other is named by its ends, as in "1-7".
SCALES: dict[str, tuple[float, float]] = {
    "stars": (1, 5),
    "csat": (1, 5),  # 1 very dissatisfied ... 5 very satisfied
    "nps": (0, 10),  # how likely to recommend
    "percent": (0, 100),
    "thumbs": (0, 1),
}
_ENDS = re.compile(r"\s*(-?\d{1,3})\s*(?:-|–|to)\s*(\d{1,3})\s*")
_PARTS = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(?:/|of|out of)\s*(\d+)(?: stars?)?\s*", re.IGNORECASE)
_STARS = re.compile(r"\s*(\d(?:[.,]\d+)?)\s*stars?\s*", re.IGNORECASE)
_DRAWN = re.compile(r"\s*((?:★|⭐|🌟)\ufe0f?){1,5}☆{0,4}\s*")
_PERCENT = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*%\s*")
_THUMBS: dict[str, float] = {
    "up": 1, "thumbs up": 1, "thumb up": 1, "👍": 1, "+1": 1, "true": 1, "yes": 1, "like": 1,
    "positive": 1, "good": 1, "down": 0, "thumbs down": 0, "thumb down": 0, "👎": 0, "-1": 0,
    "false": 0, "no": 0, "dislike": 0, "negative": 0, "bad": 0,
}  # fmt: skip
_WORDS: dict[str, float] = {
    "very dissatisfied": 1, "very unsatisfied": 1, "very unhappy": 1, "very poor": 1,
    "terrible": 1, "awful": 1, "one": 1, "😠": 1, "😡": 1,
    "dissatisfied": 2, "unsatisfied": 2, "unhappy": 2, "poor": 2, "two": 2, "🙁": 2, "☹": 2,
    "neutral": 3, "neither satisfied nor dissatisfied": 3, "ok": 3, "okay": 3, "fair": 3,
    "average": 3, "three": 3, "😐": 3,
    "satisfied": 4, "happy": 4, "four": 4, "🙂": 4, "😃": 4,
    "very satisfied": 5, "extremely satisfied": 5, "very happy": 5, "excellent": 5, "great": 5,
    "amazing": 5, "five": 5, "😀": 5, "🤩": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating on our scale, and as it was given."""

    value: float  # 1 (worst) to 5 (best)
    scale: str  # a name in SCALES, or the ends of another, such as "1-7"
    given: float


# By far the most that come.
_STARS_GIVEN = {stars: Rating(float(stars), "stars", float(stars)) for stars in range(1, 6)}


def read_rating(value: Any, *, scale: Any = None, best: Any = None) -> Rating | None:
    """Return the rating that `value` names, or None if there is none; raises BadInput.

    `scale` is a name in SCALES or two ends such as "1-7"; without one the value may say it itself
    ("4/5", "85%", "thumbs up", "satisfied", "★★★★☆"), or `best` is the highest there is, with 0 as
    the lowest; else it is 1 to 5 stars.
    """
    if value is None or value == "":
        return None
    if scale is None and best is None and type(value) is int and value in _STARS_GIVEN:
        return _STARS_GIVEN[value]
    name = _read_scale(scale) if scale not in (None, "") else ""
    given, told = _read_given(value, name)
    highest = read_number(best, field="rating_max")
    name = told or name or _scale_up_to(highest)
    low, high = _ends_of(name)
    if not low <= given <= high:
        mend = "Send rating_scale too, such as nps." if name == "stars" else "Check rating_scale."
        raise BadInput("rating", f"{value!r} is not from {low:g} to {high:g}.", mend)
    return Rating(round(1 + 4 * (given - low) / (high - low), 2), name, given)


def _read_scale(scale: Any) -> str:
    name = str(scale).strip().lower()
    if name in SCALES:
        return name
    if ends := _ENDS.fullmatch(name):
        low, high = int(ends[1]), int(ends[2])
        if -10 <= low < high <= 100:
            return f"{low}-{high}"
    known = ", ".join(SCALES)
    raise BadInput("rating_scale", f"{scale!r} is no scale.", f"Send {known}, or such as 1-7.")


def _ends_of(name: str) -> tuple[float, float]:
    if name in SCALES:
        return SCALES[name]
    low, high = name.rsplit("-", 1)
    return float(low), float(high)


def _scale_up_to(highest: float | None) -> str:
    if highest is None or highest == 5:
        return "stars"
    if not 1 < highest <= 100:
        raise BadInput("rating_max", f"{highest:g} is not from 2 to 100.", "Check rating_max.")
    return f"0-{highest:g}"


def _read_given(value: Any, scale: str) -> tuple[float, str]:
    """Return what was given, and the scale if `value` itself tells another than `scale`."""
    if isinstance(value, bool) and scale == "thumbs":
        return float(value), ""
    if not isinstance(value, str):
        return _number(value), ""
    word = " ".join(value.replace("_", " ").lower().split())
    if percent := _PERCENT.fullmatch(word):
        return _number(percent[1]), "percent"
    if parts := _PARTS.fullmatch(word):
        return _number(parts[1]), _scale_of_parts(parts[2], scale)
    if stars := _STARS.fullmatch(word):
        return _number(stars[1]), "stars"
    if _DRAWN.fullmatch(word):
        return float(sum(word.count(star) for star in "★⭐🌟")), "stars"
    return _read_word(value, word.strip("\ufe0f .!"), scale)


def _read_word(value: str, word: str, scale: str) -> tuple[float, str]:
    if scale == "thumbs" and word in _THUMBS:
        return _THUMBS[word], ""
    if word in _WORDS and scale in ("", "csat", "stars"):
        return _WORDS[word], "" if scale else "csat"
    if word in _THUMBS and not scale and not word.lstrip("+-").isdigit():
        return _THUMBS[word], "thumbs"
    return _number(value), ""


def _scale_of_parts(top: str, scale: str) -> str:
    if scale and _ends_of(scale)[1] == int(top):
        return scale
    return _scale_up_to(int(top))


def _number(value: Any) -> float:
    number = read_number(
        value.replace(",", ".") if isinstance(value, str) else value, field="rating"
    )
    assert number is not None  # an empty one was no rating
    return number
