"""Sources and their feeds: making, changing, trying, pausing and removing them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Project, User
from common.attempts import problem_in
from common.due import health_of
from common.health import Health
from common.windows import DAY, Window
from engagement.gather import SETTLED, access_to, kind_of
from engagement.models import Feed, Metric, Source
from engagement.reading import Reading, Versions, read_feed
from engagement.rolling import delete_samples, roll_anew
from engagement.sources.base import SourceKind

TRIED = DAY


@dataclass(frozen=True, slots=True)
class Trial:
    """What a place answered, or in plain words why it cannot be gathered from."""

    said: str = ""
    reading: Reading | None = None
    window: Window | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed and how it does."""

    feed: Feed
    health: Health

    @property
    def filled_until(self) -> datetime | None:
        """The end of the last bucket that was filled."""
        until = self.feed.cursor.get("until")
        return datetime.fromisoformat(until) if until else None


@dataclass(frozen=True, slots=True)
class Filled:
    """What a person filled in for a feed."""

    metric: dict[str, Any]  # fields of Metric, its key among them
    options: dict[str, Any] = field(default_factory=dict)
    environment: str = ""
    service: str = ""
    days_back: int = 90


def save_source(
    source: Source, *, name: str, options: dict[str, Any], secrets: dict[str, Any], now: datetime
) -> Source:
    """Save a new or changed source; secrets left empty stay. What it feeds is due at once."""
    new = {key: value for key, value in secrets.items() if value}
    with transaction.atomic():
        if source.pk:
            source = Source.objects.select_for_update().get(pk=source.pk)
        source.name = name
        source.options = {**source.options, **options}
        source.secrets = {**source.secrets, **new}
        source.save()
        for feed in source.feeds.select_for_update().order_by("pk"):
            feed.start_afresh(now)
            feed.save()
    return source


def blank_source(project: Project, kind: SourceKind, *, by: User | None, now: datetime) -> Source:
    """Return a source that is not saved, with a name that is free."""
    taken = set(project.sources.values_list("name", flat=True))
    names = [kind.label, *(f"{kind.label} {number}" for number in range(2, 100))]
    name = next((one for one in names if one not in taken), "")
    return Source(project=project, kind=kind.name, name=name, created_by=by, created_at=now)


def try_source(
    source: Source, *, options: dict[str, Any], secrets: dict[str, Any], now: datetime
) -> Trial:
    """Ask the place whether one gets in with what is filled in, and store nothing."""
    kept = {key: value for key, value in secrets.items() if value}
    tried = Source(
        project=source.project,
        kind=source.kind,
        options={**source.options, **options},
        secrets={**source.secrets, **kept},
    )
    try:
        return Trial(said=kind_of(tried).check(access_to(tried, now=now)))
    except Exception as fault:
        return Trial(problem=problem_in(fault, tried.secrets))


def try_feed(feed: Feed, filled: Filled, *, now: datetime, versions: Versions) -> Trial:
    """Ask for the last 24 hours of what is filled in, and store nothing.

    `feed` is the stored one, or a new unsaved one of its source.
    """
    metric = Metric(project=feed.source.project, **filled.metric)
    tried = Feed(
        source=feed.source,
        metric=metric,
        options=filled.options,
        environment=filled.environment,
        service=filled.service,
    )
    end = metric.bucket(now - SETTLED)
    window = Window(end - max(TRIED, metric.resolution), end)
    try:
        kind, access = kind_of(feed.source), access_to(feed.source, now=now)
        reading = read_feed(tried, kind, access, window, versions=versions)
    except Exception as fault:
        return Trial(window=window, problem=problem_in(fault, feed.source.secrets))
    return Trial(reading=reading, window=window)


def make_feed(source: Source, filled: Filled, *, now: datetime) -> Feed:
    """Save a new feed, and its metric if the project has none of that key; it is due at once."""
    with transaction.atomic():
        facts = {name: value for name, value in filled.metric.items() if name != "key"}
        metric, _created = Metric.objects.update_or_create(
            project=source.project, key=filled.metric["key"], defaults=facts
        )
        roll_anew(metric)  # it may be an old one, whose buckets had another length
        return Feed.objects.create(
            source=source,
            metric=metric,
            options=filled.options,
            environment=filled.environment,
            service=filled.service,
            days_back=filled.days_back,
            next_due_at=now,
            created_at=now,
        )


def change_feed(feed: Feed, filled: Filled, *, now: datetime) -> None:
    """Save what was changed; another question is asked for the whole history again, at once.

    The samples of the question before are deleted for that time: they would be another number.
    """
    with transaction.atomic():
        held = Feed.objects.select_for_update().select_related("metric").get(pk=feed.pk)
        metric, asks = held.metric, _asks(held)
        facts = {name: value for name, value in filled.metric.items() if name != "key"}
        for name, value in facts.items():
            setattr(metric, name, value)
        metric.save(update_fields=list(facts))
        held.options, held.environment = filled.options, filled.environment
        held.service, held.days_back = filled.service, filled.days_back
        if _asks(held) != asks:
            held.cursor, held.created_at = {}, now
            first = metric.bucket(now - timedelta(days=held.days_back))
            delete_samples(metric, metric.samples.filter(taken_at__gte=first))
            roll_anew(metric)  # its buckets may be of another length now
        # Whoever gathers just now asked with what was there before: its claim is lost.
        held.start_afresh(now)
        held.save()


def _asks(feed: Feed) -> tuple[Any, ...]:
    kept = {name: value for name, value in feed.options.items() if value}
    return (kept, feed.environment, feed.service, feed.days_back, feed.metric.resolution)


def switch_feed(feed: Feed, *, on: bool, now: datetime) -> None:
    """Pause a feed, or let it go on from where it stopped, at once."""
    with transaction.atomic():
        held = Feed.objects.select_for_update().get(pk=feed.pk)
        held.is_active = on
        held.start_afresh(now)
        held.save()


def gather_now(feed: Feed, *, now: datetime) -> bool:
    """Make the feed due at once; return False if the place asked to be left alone."""
    if feed.rest_until and feed.rest_until > now:
        return False
    Feed.objects.filter(pk=feed.pk, is_active=True, next_due_at__gt=now).update(next_due_at=now)
    return True


def feeds_of(project: Project, *, now: datetime) -> list[Listed]:
    """Return all feeds of a project with how they do, by their metrics' names, in one query."""
    feeds = Feed.objects.filter(source__project=project).select_related("source", "metric")
    ordered = feeds.order_by("metric__name", "pk")
    return [Listed(one, health_of(one, created_at=one.created_at, now=now)) for one in ordered]
