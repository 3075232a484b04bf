"""What a text is about and how it sounds. Pure, versioned, and easy to be wrong: it only sorts.

Words are matched whole, case folded. A rating, where there is one, decides the mood.
"""

from dataclasses import dataclass

from feedback.word_patterns import Words

METHOD = "words-v1"

_THEMES: dict[str, str] = {
    "bug": r"bugs?|buggy|broken|breaks?|error|errors|wrong|glitch\w*|doesn'?t work|not working"
    r"|won'?t|can'?t|cannot|stopped|fails?|failed|issue|issues|problem|problems|fix",
    "crash": r"crash\w*|freez\w*|froze|frozen|hangs?|black screen|white screen|force close\w*",
    "speed": r"slow\w*|lag|lags|laggy|loading|takes? forever|timeout|performance|battery",
    "request": r"please add|would be (?:nice|great|good)|wish|feature|missing|need an? option"
    r"|should (?:have|be able)|bring back|could you",
    "usability": r"confus\w*|difficult|hard to|complicated|interface|layout|design|ui|ux|dark mode",
    "account": r"log ?in|sign ?in|log ?out|password|account|verify|verification|sync",
    "money": r"pay\w*|price|prices|pricing|charge\w*|refund|subscri\w*|expensive|card|fee|fees",
    "praise": r"love|great|excellent|awesome|amazing|best|perfect|thank\w*|helpful|easy to use",
}
THEMES = (*_THEMES, "other")
MOODS = ("good", "mixed", "bad")
_PATTERNS = {theme: Words(words) for theme, words in _THEMES.items()}
_GOOD = Words(
    r"love|loves|great|excellent|awesome|amazing|best|perfect|thank\w*|nice|good|helpful"
    r"|easy|fast|happy|recommend"
)
_BAD = Words(
    r"hate|terrible|awful|worst|bad|useless|horrible|annoying|crash\w*|broken|slow|error"
    r"|errors|can'?t|cannot|won'?t|doesn'?t|stopped|fail\w*|problem\w*|wrong|disappoint\w*"
)


@dataclass(frozen=True, slots=True)
class Triage:
    """The theme and the mood of one text, and which method said so."""

    theme: str
    mood: str
    method: str = METHOD


def triage(text: str, rating: float | None) -> Triage:
    """Return the theme whose words occur most often, and the mood: good, bad or mixed."""
    counts = {theme: len(pattern.findall(text)) for theme, pattern in _PATTERNS.items()}
    # A text that thanks and complains is about its complaint: praise wins only unopposed.
    complaints = {theme: count for theme, count in counts.items() if theme != "praise" and count}
    if complaints:
        theme = max(complaints, key=lambda name: complaints[name])
    else:
        theme = "praise" if counts["praise"] else "other"
    return Triage(theme, _mood(text, rating))


def _mood(text: str, rating: float | None) -> str:
    if rating is not None:
        return "good" if rating >= 4 else "bad" if rating <= 2 else "mixed"
    good, bad = len(_GOOD.findall(text)), len(_BAD.findall(text))
    return "good" if good > bad else "bad" if bad > good else "mixed"
