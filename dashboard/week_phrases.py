"""What customers started and stopped saying in a week, against the four weeks before."""

from dataclasses import dataclass

from accounts.models import Project
from common.windows import Window
from dashboard.week_voices import shortened
from feedback.models import FeedbackItem
from learning.phrases import News, whats_new
from learning.phrases_telling import Told
from learning.telling import BEFORE, background_of, heard_within, said_in

PHRASES = 3  # of either turn
QUOTES = 3  # of all
QUOTE_LENGTH = 160


@dataclass(frozen=True, slots=True)
class TurnedPhrase:
    """A phrase that rose or fell, with how many customers used it of how many."""

    phrase: str
    before: int
    before_total: int
    after: int
    after_total: int


@dataclass(frozen=True, slots=True)
class PhraseQuote:
    """A customer's words that use one of the phrases."""

    feedback_id: int
    text: str
    phrase: str
    mood: str


@dataclass(frozen=True, slots=True)
class VoicesTurned:
    """What a week's customers say that earlier ones did not, and what they say no more."""

    started: tuple[TurnedPhrase, ...]
    stopped: tuple[TurnedPhrase, ...]
    quotes: tuple[PhraseQuote, ...]  # of what they started saying
    note: str  # an honest word where nothing started


def voices_turned(project: Project, week: Window) -> VoicesTurned:
    """Return what customers started and stopped saying in the week, in five queries.

    Reads thousands of texts: for what is made once, such as a digest, not for every page.
    """
    said = said_in(project)
    earlier = Window.before(week.start, BEFORE)
    before, after = heard_within(said, (earlier, week))
    news = whats_new(before.texts, after.texts, background_of(said, earlier.start))
    started = news.started[:PHRASES]
    return VoicesTurned(
        started=tuple(_phrase(told, news) for told in started),
        stopped=tuple(_phrase(told, news) for told in news.stopped[:PHRASES]),
        quotes=_quotes(started),
        note=news.note,
    )


def _phrase(told: Told, news: News) -> TurnedPhrase:
    return TurnedPhrase(told.phrase, told.before, news.before_total, told.after, news.after_total)


def _quotes(started: tuple[Told, ...]) -> tuple[PhraseQuote, ...]:
    """Return the best quote of each phrase, then the second best, up to QUOTES."""
    ranked = [
        (int(str(told.quotes[rank])), told.phrase)
        for rank in range(QUOTES)
        for told in started
        if rank < len(told.quotes)
    ]
    chosen = dict(reversed(ranked))  # a text that says two of them stands for the first
    keys = list(dict.fromkeys(key for key, _ in ranked))[:QUOTES]
    texts = FeedbackItem.objects.heard().in_bulk(keys)
    return tuple(
        PhraseQuote(key, shortened(texts[key].text, QUOTE_LENGTH), chosen[key], texts[key].mood)
        for key in keys
        if key in texts
    )
