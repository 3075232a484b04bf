"""What customers started and stopped saying around a ship: feedback in, phrases out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, F, Q

from accounts.models import Project
from common.windows import DAY, WEEK, Window
from deployments.models import Deployment
from feedback.models import FeedbackItem, FeedbackQuerySet
from learning.inputs import other_ship_times
from learning.models import Attribution, Phrase
from learning.phrases import LEVEL, METHOD, News, Text, whats_new
from learning.phrases_telling import Told
from learning.phrases_timing import Spoken, turned_here

# How long after a ship is compared: a fault that was mended within a day would drown in a month.
WINDOWS = (DAY, WEEK, 4 * WEEK)
BEFORE = 4 * WEEK
MOST = 4_000  # texts of a side; of more, every so-many-th is read
BACKGROUND = 2_000  # texts from before that, for what is common anyway
LONGEST_PHRASE = 200


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a window, or an even sample of it."""

    texts: list[Text]
    said_at: list[datetime]

    def until(self, end: datetime) -> list[Text]:
        """Return the texts that were said before `end`."""
        return [text for text, moment in zip(self.texts, self.said_at, strict=True) if moment < end]


@dataclass(frozen=True, slots=True)
class Moments:
    """When everything was said around a ship, and when later ships went live."""

    before: Heard
    after: Heard
    later_ships: Sequence[datetime]

    def is_of(self, told: Told, shipped_at: datetime, end: datetime) -> bool:
        """Return True if the phrase turned with the ship at `shipped_at`, as seen until `end`."""
        times = self._by_key()
        uses = [times[int(str(key))] for key in (*told.texts_before, *told.texts_after)]
        return turned_here(
            Spoken([*self.before.said_at, *self.after.said_at], sorted(uses)),
            rose=told.score > 0,
            start=shipped_at - BEFORE,
            shipped_at=shipped_at,
            end=end,
            later_ships=[moment for moment in self.later_ships if shipped_at < moment < end],
        )

    def _by_key(self) -> dict[int, datetime]:
        return {
            int(str(text.key)): moment
            for side in (self.before, self.after)
            for text, moment in zip(side.texts, side.said_at, strict=True)
        }


def phrases_of(deployment: Deployment, *, now: datetime, horizon: timedelta) -> list[Phrase] | None:
    """Return, unsaved, what customers started and stopped saying within `horizon` of the ship.

    Each phrase comes with the first of the WINDOWS that tells it. None: it is too early or too late
    to look, or no customer saw the ship, and what is stored stays.
    """
    windows = [length for length in WINDOWS if length <= horizon]
    if not windows or horizon > WINDOWS[-1] or not deployment.environment.reaches_customers:
        return None
    shipped_at = deployment.shipped_at
    said = said_in(deployment.project, environment=deployment.environment.name)
    before = Window.before(shipped_at, BEFORE)
    after = Window(shipped_at, min(now, shipped_at + windows[-1]))
    told_before, told_after = heard_within(said, (before, after))
    if not told_before.texts or not told_after.texts:
        return []
    past = background_of(said, before.start)
    about = _about(deployment, after)
    later = [datetime.fromtimestamp(moment, UTC) for moment in other_ship_times(deployment, after)]
    found: list[Phrase] = []
    for window in windows:
        news = whats_new(
            told_before.texts,
            told_after.until(shipped_at + window),
            past,
            level=LEVEL / len(WINDOWS),
        )
        moments = Moments(told_before, told_after, later)
        for told in (*news.started, *news.stopped):
            is_new = not any(_same(told.phrase, row.phrase) for row in found)
            if is_new and moments.is_of(told, shipped_at, shipped_at + window):
                found.append(_row(deployment, told, news, window, about, now))
    return found


def store_phrases(deployment: Deployment, rows: list[Phrase] | None) -> None:
    """Store what a look found in place of what an earlier one did; None leaves all as it is."""
    if rows is not None:
        Phrase.objects.filter(deployment=deployment).delete()
        Phrase.objects.bulk_create(rows)


def said_in(project: Project, *, environment: str = "") -> FeedbackQuerySet:
    """Return what customers said in words; with an environment, also what names none."""
    said = FeedbackItem.objects.filter(project=project).heard().exclude(text="")
    return said.filter(environment__in=["", environment]) if environment else said


def heard_within(said: FeedbackQuerySet, windows: tuple[Window, Window]) -> tuple[Heard, Heard]:
    """Return what was said in both windows, in three queries; of very much, an even sample."""
    inside = [Q(said_at__gte=window.start, said_at__lt=window.end) for window in windows]
    counts = said.filter(inside[0] | inside[1]).aggregate(
        first=Count("pk", filter=inside[0]), second=Count("pk", filter=inside[1])
    )
    first, second = (
        _read(said.said_within(window), counts[name])
        for window, name in zip(windows, ("first", "second"), strict=True)
    )
    return first, second


def _read(said: FeedbackQuerySet, count: int) -> Heard:
    step = -(-count // MOST)
    if step > 1:  # the same ones each time, so that a second look says the same
        said = said.annotate(turn=F("pk") % step).filter(turn=0)
    rows = list(
        said.order_by("said_at", "pk").values_list("pk", "text", "customer_id", "said_at")[:MOST]
    )
    return Heard(
        texts=[Text(pk, text, customer) for pk, text, customer, _ in rows],
        said_at=[moment for *_, moment in rows],
    )


def background_of(said: FeedbackQuerySet, end: datetime) -> list[Text]:
    """Return the last of what was said before `end`, in one query."""
    rows = said.filter(said_at__lt=end).order_by("-said_at", "-pk")
    return [
        Text(pk, text, customer)
        for pk, text, customer in rows.values_list("pk", "text", "customer_id")[:BACKGROUND]
    ]


def _about(deployment: Deployment, after: Window) -> set[int]:
    best = Attribution.objects.heard().filter(
        deployment=deployment,
        is_best=True,
        feedback__said_at__gte=after.start,
        feedback__said_at__lt=after.end,
    )
    return set(best.values_list("feedback_id", flat=True))


def _same(phrase: str, other: str) -> bool:
    """Return True if one phrase holds the other."""
    return phrase in other or other in phrase


def _row(
    deployment: Deployment,
    told: Told,
    news: News,
    window: timedelta,
    about: set[int],
    now: datetime,
) -> Phrase:
    started = told.score > 0
    return Phrase(
        deployment=deployment,
        phrase=told.phrase[:LONGEST_PHRASE],
        turn=Phrase.Turn.STARTED if started else Phrase.Turn.STOPPED,
        score=told.score,
        before_count=told.before,
        before_total=news.before_total,
        after_count=told.after,
        after_total=news.after_total,
        window=window,
        about_count=min(told.after, len(about.intersection(told.texts_after))) if started else 0,
        quotes=list(told.quotes),
        method=METHOD,
        found_at=now,
    )


def started_since(deployment: Deployment) -> str:
    """Return the surest thing that customers started saying since the ship, as a sentence."""
    row = (
        Phrase.objects.filter(deployment=deployment, turn=Phrase.Turn.STARTED)
        .order_by("-score", "pk")
        .first()
    )
    if row is None:
        return ""
    return (
        f"They started saying “{row.phrase}”: {row.after_count:,} of {row.after_total:,} since, "
        f"{row.before_count:,} of {row.before_total:,} before."
    )
