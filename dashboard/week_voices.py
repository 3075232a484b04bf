"""What customers said in a week: how much, how it sounded, and a few of their own words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    Avg,
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)

from accounts.models import Project
from common.windows import WEEK, Window
from feedback.models import FeedbackItem, Status
from learning.models import Attribution

COMPLAINTS = 3
QUOTE_LENGTH = 220
WAITING = 12 * WEEK  # what was said before that waits in the inbox
MOST_COUNTED = 1_000
NO_REPLY = Q(status__in=[Status.NEW, Status.SEEN], replied_at=None)
CANDIDATES = 12  # more than are shown, as people say the same thing in the same words


@dataclass(frozen=True, slots=True)
class Quote:
    """A customer's words, and the ship they are most likely about, if any."""

    feedback_id: int
    text: str
    rating: float | None
    mood: str
    source: str
    said_at: datetime
    ship_id: int | None
    ship: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class Voices:
    """How much customers said in the week, against as long before."""

    count: int
    count_before: int
    rating: float | None  # mean, 1 to 5
    rating_before: float | None
    unread: int
    unanswered: int
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What customers said lately that nobody has answered; `count` stops at MOST_COUNTED."""

    count: int
    oldest_id: int | None
    oldest_said_at: datetime | None

    @property
    def is_more(self) -> bool:
        """True if there are more than were counted."""
        return self.count >= MOST_COUNTED


def unanswered_of(project: Project, *, now: datetime) -> Unanswered:
    """Return what waits for an answer of what was said in the last WAITING, in two queries."""
    waits = (
        FeedbackItem.objects.heard()
        .filter(NO_REPLY, project=project)
        .said_within(Window.before(now, WAITING))
    )
    oldest = waits.order_by("said_at", "pk").values_list("pk", "said_at").first()
    count = waits.order_by("-said_at").values("pk")[:MOST_COUNTED].count() if oldest else 0
    return Unanswered(count, *(oldest or (None, None)))


def voices_of(project: Project, week: Window) -> Voices:
    """Return what customers said in the week, in four queries."""
    said = FeedbackItem.objects.heard().filter(project=project)
    in_week = Q(said_at__gte=week.start, said_at__lt=week.end)
    before = Q(said_at__gte=week.start - week.length, said_at__lt=week.start)
    counts = said.filter(in_week | before).aggregate(
        count=Count("pk", filter=in_week),
        count_before=Count("pk", filter=before),
        mean=Avg("rating", filter=in_week),
        mean_before=Avg("rating", filter=before),
        unread=Count("pk", filter=in_week & Q(status=Status.NEW)),
        unanswered=Count("pk", filter=in_week & NO_REPLY),
    )
    return Voices(
        count=counts["count"],
        count_before=counts["count_before"],
        rating=counts["mean"],
        rating_before=counts["mean_before"],
        unread=counts["unread"],
        unanswered=counts["unanswered"],
        quotes=_quotes(said.said_within(week).exclude(text="")),
    )


def said_in(project: Project, week: Window) -> int:
    """Return how much customers said in the week."""
    return FeedbackItem.objects.heard().filter(project=project).said_within(week).count()


def _quotes(said: QuerySet[FeedbackItem]) -> tuple[Quote, ...]:
    """Return up to three complaints, the worst first, one praise; about a ship before others."""
    linked = Attribution.objects.filter(
        feedback=OuterRef("pk"), is_best=True, on_topic=True, deployment__isnull=False
    )
    best = Attribution.objects.filter(is_best=True).select_related("deployment")
    said = said.annotate(is_linked=Exists(linked))
    complaints = said.filter(mood="bad").order_by(
        "-is_linked", F("rating").asc(nulls_last=True), "-said_at", "-pk"
    )[:CANDIDATES]
    praise = said.filter(mood="good").order_by(
        "-is_linked", F("rating").desc(nulls_last=True), "-said_at", "-pk"
    )[:CANDIDATES]
    chosen = [*_different(complaints, COMPLAINTS), *_different(praise, 1)]
    prefetch_related_objects(chosen, Prefetch("attributions", queryset=best, to_attr="best"))
    return tuple(_quote(row) for row in chosen)


def _different(rows: Iterable[FeedbackItem], most: int) -> list[FeedbackItem]:
    by_words: dict[str, FeedbackItem] = {}
    for row in rows:
        by_words.setdefault(" ".join(row.text.casefold().split()), row)
    return list(by_words.values())[:most]


def _quote(row: FeedbackItem) -> Quote:
    best: Attribution | None = next(iter(getattr(row, "best", [])), None)
    ship = best.deployment if best else None
    return Quote(
        feedback_id=row.pk,
        text=shortened(row.text, QUOTE_LENGTH),
        rating=row.rating,
        mood=row.mood,
        source=row.source,
        said_at=row.said_at,
        ship_id=ship.pk if ship else None,
        ship=str(ship) if ship else "",
        probability=best.probability if best and ship else None,
    )


def shortened(text: str, length: int) -> str:
    """Return `text` on one line, cut between words where it is longer than `length`."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    head, space, _ = cut.rpartition(" ")
    return f"{(head if space and len(head) > length // 2 else cut).rstrip(' ,;:')}…"
