"""What the page Events shows: the names that came, how often, by whom, and what was refused."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Max, QuerySet, Sum

from accounts.models import Project
from engagement.models import Event, EventCount, RefusedEvent

DAYS = 28
MOST_NAMES = 100
MOST_VERSIONS = 3
REFUSED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """One name of events in the last four weeks."""

    name: str
    days: list[int]  # events of each day, oldest first
    events: int
    users: int  # on the last day that has any; who was on two versions counts in both
    last_at: datetime  # the hour
    versions: list[str]  # of the last days, most users first
    more_versions: int


@dataclass(frozen=True, slots=True)
class EventsSeen:
    """All that the page shows of a project's events."""

    named: list[NamedEvent]
    has_more: bool
    latest: Event | None
    refused: list[RefusedEvent]
    refused_count: int


def events_seen(project: Project, *, now: datetime) -> EventsSeen:
    """Return what came in the last four weeks, most frequent first, whatever their number."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=DAYS - 1)
    counts = EventCount.objects.filter(project=project, starts_at__gte=start).exclude(name="")
    often = counts.filter(span="day").values("name").annotate(total=Sum("events"))
    top = list(often.order_by("-total", "name").values_list("name", flat=True)[: MOST_NAMES + 1])
    refused = RefusedEvent.objects.filter(project=project)
    return EventsSeen(
        named=_named(counts, top[:MOST_NAMES], start),
        has_more=len(top) > MOST_NAMES,
        latest=Event.objects.filter(project=project).order_by("-received_at").first(),
        refused=list(refused.order_by("-received_at", "-pk")[:REFUSED_SHOWN]),
        refused_count=refused.count(),
    )


def _named(counts: "QuerySet[EventCount]", names: list[str], start: datetime) -> list[NamedEvent]:
    shown = counts.filter(name__in=names)
    hours = dict(
        shown.filter(span="hour")
        .values("name")
        .annotate(at=Max("starts_at"))
        .values_list("name", "at")
    )
    days: dict[str, list[int]] = defaultdict(lambda: [0] * DAYS)
    users: dict[str, dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    versions: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = shown.filter(span="day").values_list("name", "starts_at", "version", "events", "users")
    for name, at, version, events, people in rows.iterator():
        days[name][(at - start).days] += events
        users[name][at] += people
        if version:
            versions[name][version] += people
    return [
        NamedEvent(
            name=name,
            days=days[name],
            events=sum(days[name]),
            users=users[name][max(users[name])],
            last_at=hours.get(name) or max(users[name]),
            versions=sorted(versions[name], key=lambda one: (-versions[name][one], one))[
                :MOST_VERSIONS
            ],
            more_versions=max(0, len(versions[name]) - MOST_VERSIONS),
        )
        for name in names
    ]


def first_event(project: Project) -> Event | None:
    """Return the event that came first of those that are kept, for who waits for one."""
    return Event.objects.filter(project=project).order_by("received_at", "pk").first()
