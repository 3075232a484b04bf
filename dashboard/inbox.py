"""What the feedback inbox shows: which feedback, and about which ship it most likely is."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Prefetch

from accounts.models import Environment, Project
from common.paging import Keyset, rows_beyond
from dashboard.inbox_filters import InboxFilter
from deployments.models import Deployment
from feedback.models import FeedbackItem, FeedbackQuerySet, Status
from learning.models import Attribution

# A filter offers this many of the newest ships; the page of an older ship links here by itself.
SHIPS_OFFERED = 50
# Feedback comes late, but a ship older than this is not offered for it by hand.
LOOK_BACK = timedelta(days=120)
COUNTED = 1_000  # more than this is "more than", since counting a million takes long


@dataclass(frozen=True, slots=True)
class Capped:
    """A number of rows that were counted up to a limit, and no further."""

    number: int
    is_more: bool

    def __str__(self) -> str:
        return f"{self.number:,}+" if self.is_more else f"{self.number:,}"

    def __bool__(self) -> bool:
        return self.number > 0


def counted(rows: FeedbackQuerySet, most: int = COUNTED) -> Capped:
    """Return how many `rows` there are, counted up to `most`."""
    found = rows.order_by()[: most + 1].count()
    return Capped(min(found, most), found > most)


def count_new(project: Project) -> Capped:
    """Return how much feedback nobody has opened yet."""
    return counted(FeedbackItem.objects.heard().filter(project=project, status=Status.NEW))


def with_best_ship(items: FeedbackQuerySet) -> FeedbackQuerySet:
    """Give each feedback `best`: a list with the attribution most likely to be right, if any."""
    best = Attribution.objects.filter(is_best=True).select_related("deployment")
    best = best.prefetch_related("deployment__shippers__user")
    return items.select_related("correction", "assignee").prefetch_related(
        Prefetch("attributions", best, to_attr="best")
    )


def voices_of(rows: list[FeedbackItem]) -> Counter[int]:
    """Return how many were merged into each of `rows`, by its key."""
    merged = FeedbackItem.objects.filter(merged_into__in=[row.pk for row in rows]).order_by()
    counts = merged.values_list("merged_into").annotate(n=Count("pk"))
    return Counter({head: n for head, n in counts if head is not None})


def neighbours(
    item: FeedbackItem, wanted: InboxFilter
) -> tuple[FeedbackItem | None, FeedbackItem | None]:
    """Return what stands just before and just after `item` in the inbox with these filters."""
    keyset = Keyset.by(wanted.by)
    if wanted.wanted.get("sort") == "lowest":
        if item.rating is None:
            return None, None
        item.lowest = -item.rating  # type: ignore[attr-defined]
    at, among, far = keyset.position(item), wanted.among(), wanted.far()
    before, after = (
        rows_beyond(wanted.items(), keyset, at=at, most=1, back=back, among=among, far=far)
        for back in (True, False)
    )
    return next(iter(before), None), next(iter(after), None)


def ships_offered(wanted: InboxFilter) -> list[Deployment]:
    """Return the newest live ships, and the one that is asked for."""
    ships = Deployment.objects.filter(project=wanted.project)
    newest = list(ships.reaching_customers().order_by("-shipped_at", "-pk")[:SHIPS_OFFERED])
    asked = wanted.wanted.get("ship")
    if asked and all(ship.pk != asked for ship in newest):
        newest += ships.filter(pk=asked)
    return newest


def environments_offered(project: Project) -> list[str]:
    """Return the names of the project's environments."""
    names = Environment.objects.filter(project=project).order_by("name")
    return list(names.values_list("name", flat=True)[:SHIPS_OFFERED])


def ships_to_choose(item: FeedbackItem) -> list[Deployment]:
    """Return the ships that a person may say `item` is about, newest first."""
    return list(
        Deployment.objects.filter(project=item.project_id)
        .reaching_customers()
        .filter(shipped_at__lte=item.said_at, shipped_at__gt=item.said_at - LOOK_BACK)
        .order_by("-shipped_at", "-pk")[:SHIPS_OFFERED]
    )
