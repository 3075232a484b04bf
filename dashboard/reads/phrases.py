"""What customers started and stopped saying after a ship, with their own words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from common.windows import DAY, WEEK, Window
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.models import Phrase
from learning.phrases import could_see
from learning.telling import BEFORE, WINDOWS, said_in

SHOWN = 6  # of either turn
QUOTES = 2
MOST_COUNTED = 5_000
SPANS = {DAY: "first day", WEEK: "first week", 4 * WEEK: "first four weeks"}


@dataclass(frozen=True, slots=True)
class Beside:
    """Another ship close by, after which the same was said."""

    ship: Deployment
    distance: timedelta  # how much later it was shipped; negative: earlier

    @property
    def is_later(self) -> bool:
        """True if it was shipped after the one whose page this is."""
        return self.distance > timedelta(0)

    @property
    def apart(self) -> timedelta:
        """How far apart the two were shipped."""
        return abs(self.distance)


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """One phrase that turned, who says it best, and where to read the rest."""

    row: Phrase
    quotes: list[FeedbackItem]
    beside: list[Beside]
    address: str  # the inbox's filters that show who said it

    @property
    def span(self) -> str:
        """How long after the ship was counted, in words."""
        return SPANS.get(self.row.window, "time")


@dataclass(frozen=True, slots=True)
class Turned:
    """All that a ship's page says of phrases."""

    started: list[PhraseRow]
    stopped: list[PhraseRow]
    has_looked: bool  # a look of a day or more is over
    first_look_at: datetime | None  # the appointment to come, if none is over
    before: int  # texts; at most MOST_COUNTED, and only counted where nothing turned
    after: int
    smallest_visible: int | None  # so many who say something new would be noticed

    @property
    def is_empty(self) -> bool:
        """True if nothing turned, or nothing has been seen yet."""
        return not self.started and not self.stopped


def turned_after(ship: Deployment, beside: Iterable[Deployment], *, now: datetime) -> Turned:
    """Return what customers started and stopped saying after the ship, in up to four queries.

    `beside` are ships close by; where the same turned after one of them, it is named.
    """
    close = {other.pk: other for other in beside}
    rows = list(
        Phrase.objects.filter(deployment__in=[ship.pk, *close]).order_by("-score", "phrase")
    )
    mine = [row for row in rows if row.deployment_id == ship.pk]
    others = [row for row in rows if row.deployment_id != ship.pk]
    started = [row for row in mine if row.turn == Phrase.Turn.STARTED][:SHOWN]
    stopped = [row for row in mine if row.turn == Phrase.Turn.STOPPED][::-1][:SHOWN]
    quotes = _quotes([*started, *stopped])
    looks = list(ship.checkups.filter(horizon__in=WINDOWS).order_by("due_at"))
    has_looked = any(look.finished_at for look in looks)
    before, after = (0, 0) if mine or not has_looked else _counts(ship, now)
    shown = [
        [_row(ship, row, quotes, _beside(ship, row, others, close)) for row in side]
        for side in (started, stopped)
    ]
    return Turned(
        started=shown[0],
        stopped=shown[1],
        has_looked=has_looked,
        first_look_at=looks[0].due_at if looks and not has_looked else None,
        before=before,
        after=after,
        smallest_visible=could_see(before, after),
    )


def _quotes(rows: Sequence[Phrase]) -> dict[int, FeedbackItem]:
    wanted = {key for row in rows for key in row.quotes}
    # Quotes are ids: what was erased, merged away or held back since is not among them.
    return FeedbackItem.objects.heard().in_bulk(wanted) if wanted else {}


def _row(
    ship: Deployment, row: Phrase, quotes: dict[int, FeedbackItem], beside: list[Beside]
) -> PhraseRow:
    said = [quotes[key] for key in row.quotes if key in quotes][:QUOTES]
    started = row.turn == Phrase.Turn.STARTED
    start = ship.shipped_at if started else ship.shipped_at - BEFORE
    end = ship.shipped_at + row.window if started else ship.shipped_at
    days = {
        "since": timezone.localtime(start).date().isoformat(),
        "until": timezone.localtime(end).date().isoformat(),
    }
    return PhraseRow(row, said, beside, urlencode({"q": f'"{row.phrase}"', **days}))


def _beside(
    ship: Deployment, row: Phrase, others: Sequence[Phrase], close: dict[int, Deployment]
) -> list[Beside]:
    same = dict.fromkeys(
        other.deployment_id
        for other in others
        if other.turn == row.turn and (other.phrase in row.phrase or row.phrase in other.phrase)
    )
    found = [Beside(close[pk], close[pk].shipped_at - ship.shipped_at) for pk in same]
    return sorted(found, key=lambda one: one.apart)[:3]


def _counts(ship: Deployment, now: datetime) -> tuple[int, int]:
    """Return how many texts there were to compare, before and after, each up to MOST_COUNTED."""
    said = said_in(ship.project, environment=ship.environment.name)
    after = Window(ship.shipped_at, min(now, ship.shipped_at + WINDOWS[-1]))
    before, since = (
        said.said_within(window)[:MOST_COUNTED].count()
        for window in (Window.before(ship.shipped_at, BEFORE), after)
    )
    return before, since
