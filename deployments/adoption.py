"""How far customers have taken up a ship, and the looks at it that wait until enough have.

A ship that few customers have cannot have changed much: its window starts when the share of
customers on it, or on a later one, first reaches a threshold. Where nobody measures that, it
starts when the ship went live.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from common.errors import BadInput
from common.windows import DAY, HOUR, Window
from deployments.adoption_rules import (
    LEAST_USERS,
    Hour,
    Version,
    Wish,
    first_reached,
    hours_on,
    pooled,
    read_wish,
    versions_having,
)
from deployments.models import Adoption, Checkup, Deployment
from engagement.models import EventCount, Kind, MetricSample, VersionUse

# So long a ship waits for customers; then it is looked at as it stands.
LONGEST_WAIT = timedelta(days=28)
# A look so soon is taken whoever has the ship: it shows that it is there.
FIRST_LOOK = timedelta(hours=1)
# Users of a while before tell whether what they name are versions of ours.
BEFORE = timedelta(days=7)
# So long hours may be corrected by late events, and told apart from chance by those after them.
STILL_OPEN = timedelta(days=7)
SHIPS_KNOWN = 60  # of the same place, to tell versions by


def wish_of(ship: Deployment) -> Wish:
    """Return what its team said of measuring it; what cannot be read counts as not said."""
    try:
        return read_wish(ship.extra.get("adoption"))
    except BadInput:
        return Wish()


def measure(ship: Deployment, *, now: datetime) -> Adoption | None:
    """Save how far customers have taken up the ship; None where nobody measures it.

    What was reached once stays reached. Safe to run twice, and side by side.
    """
    known = ship.adopted
    wish = wish_of(ship)
    start = max(ship.shipped_at, known.measured_until - STILL_OPEN) if known else ship.shipped_at
    hours = hours_of(ship, Window(start.replace(minute=0, second=0, microsecond=0), now))
    if hours is None or (not hours and known is None):
        return known
    latest = _latest(ship, hours, now=now)
    reached = first_reached(hours, wish.threshold)
    facts: dict[str, Any] = {"threshold": wish.threshold, "measured_at": now}
    if latest or known is None:
        facts["share"] = latest.share if latest else 0.0
        facts["users"] = latest.users if latest else 0
        facts["measured_until"] = hours[-1].at + HOUR
    Adoption.objects.update_or_create(
        deployment=ship, defaults=facts, create_defaults={**facts, "reached_at": None}
    )
    if reached:
        Adoption.objects.filter(deployment=ship, reached_at=None).update(
            reached_at=max(reached, ship.shipped_at)
        )
    ship.adoption = Adoption.objects.get(deployment=ship)
    if not waits(ship, now=now):
        make_due(ship)
    return ship.adoption


def _latest(ship: Deployment, hours: Sequence[Hour], *, now: datetime) -> Hour | None:
    """Return the share of today's customers, or of yesterday's while today's are less than half.

    An hour has so few that it says none where one in fifty has the ship; it is the answer where no
    whole day lies behind the ship, or where a metric tells.
    """
    days = []
    if not wish_of(ship).metric:
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        told = days_of(ship, Window(max(today - DAY, ship.shipped_at), now)) or []
        days = [(day.users or 0, day) for day in told if (day.users or 0) >= LEAST_USERS]
    if not days:
        return next(iter([*pooled(hours)][::-1]), None)
    has_more_before = len(days) > 1 and days[-1][0] * 2 < days[-2][0]
    return days[-2][1] if has_more_before else days[-1][1]


def is_measured(ship: Deployment, *, now: datetime) -> bool:
    """Measure the ship's adoption while that may matter; return True if it can be known."""
    adoption = ship.adopted
    if adoption and adoption.reached_at:
        return True
    if now > ship.shipped_at + LONGEST_WAIT + DAY:
        return adoption is not None
    return measure(ship, now=now) is not None


def hours_of(ship: Deployment, window: Window) -> list[Hour] | None:
    """Return the share of customers who have the ship, hour by hour; None if nobody can tell."""
    wish = wish_of(ship)
    if wish.metric:
        return _from_metric(ship, wish.metric, window)
    return _from_versions(ship, window, EventCount.Span.HOUR)


def days_of(ship: Deployment, window: Window) -> list[Hour] | None:
    """Return the same by the day (of UTC), for longer stretches."""
    wish = wish_of(ship)
    if wish.metric:
        return _from_metric(ship, wish.metric, window)
    return _from_versions(ship, window, EventCount.Span.DAY)


def _from_metric(ship: Deployment, key: str, window: Window) -> list[Hour] | None:
    metric = ship.project.metrics.filter(key=key).first()
    if metric is None:
        return None
    rows = MetricSample.objects.filter(metric=metric).within(window).series()
    per_cent = metric.unit.strip() == "%" and metric.kind != Kind.RATIO
    return [
        Hour(at, min(1.0, max(0.0, value / 100 if per_cent else value)), _whole(exposure))
        for at, value, exposure in rows
    ]


def _whole(users: float | None) -> int | None:
    return None if users is None else int(users)


def _from_versions(ship: Deployment, window: Window, span: str) -> list[Hour] | None:
    uses = _uses_beside(ship).filter(span=span)
    after = list(
        uses.filter(starts_at__gte=window.start, starts_at__lt=window.end).values_list(
            "starts_at", "version", "users"
        )
    )
    if not after:
        return None
    ships, place = _line_of(ship)
    said = {version for _at, version, _users in after}
    having, is_ours = versions_having(said, ships, place)
    if not is_ours:
        # Before anybody has it, what they ran before tells whether they name our ships at all.
        past = uses.filter(starts_at__gte=window.start - BEFORE, starts_at__lt=window.start)
        before = set(past.values_list("version", flat=True).distinct())
        if not versions_having(before, ships, place)[1]:
            return None
    return hours_on(after, having)


def _uses_beside(ship: Deployment) -> "QuerySet[VersionUse]":
    """Return the use of versions where the ship went; what says no place counts for all."""
    uses = VersionUse.objects.filter(
        Q(environment="") | Q(environment__iexact=ship.environment.name), project=ship.project_id
    ).exclude(version="")
    if ship.service is not None:
        uses = uses.filter(Q(service="") | Q(service__iexact=ship.service.name))
    return uses


def _line_of(ship: Deployment) -> tuple[list[Version], int]:
    """Return the ships of the same place around this one, as they went live, and its place."""
    line = Deployment.objects.live().filter(environment=ship.environment_id)
    if ship.service_id is not None:
        line = line.filter(service=ship.service_id)
    line = line.exclude(pk=ship.pk)
    facts = ("version", "sha")
    after = line.filter(shipped_at__gte=ship.shipped_at).order_by("shipped_at", "pk")
    before = line.filter(shipped_at__lt=ship.shipped_at).order_by("-shipped_at", "-pk")
    earlier = [Version(*row) for row in before.values_list(*facts)[:SHIPS_KNOWN]][::-1]
    later = [Version(*row) for row in after.values_list(*facts)[:SHIPS_KNOWN]]
    return [*earlier, Version(ship.version, ship.sha), *later], len(earlier)


def waits(ship: Deployment, *, now: datetime) -> bool:
    """Return True if the ship's window has not started, since too few customers have it."""
    adoption = ship.adopted
    return (
        adoption is not None
        and adoption.reached_at is None
        and ship.rolled_back_at is None
        and now < ship.shipped_at + LONGEST_WAIT
    )


def put_off(checkup: Checkup, *, now: datetime) -> bool:
    """Put a look off if its ship still waits for customers; return True if it was.

    At the earliest, the window starts now.
    """
    ship = checkup.deployment
    if checkup.horizon <= FIRST_LOOK or not waits(ship, now=now):
        return False
    last = ship.shipped_at + LONGEST_WAIT
    due_at = max(now + HOUR, min(now + checkup.horizon, last))
    Checkup.objects.filter(pk=checkup.pk, finished_at=None).update(
        due_at=due_at, claimed_at=None, problem=""
    )
    return True


def make_due(ship: Deployment) -> None:
    """Make the looks that are still to come due by when the ship's window starts."""
    for checkup in ship.checkups.filter(finished_at=None):
        due_at = ship.starts_at + checkup.horizon
        if checkup.due_at != due_at:
            Checkup.objects.filter(pk=checkup.pk, finished_at=None).update(due_at=due_at)


def waiting_ships(now: datetime, *, limit: int) -> Sequence[Deployment]:
    """Return the ships whose adoption is to be measured, the ones longest not measured first."""
    tagged = VersionUse.objects.filter(project=OuterRef("project"))
    return list(
        Deployment.objects.reaching_customers()
        .filter(shipped_at__gt=now - LONGEST_WAIT - DAY, shipped_at__lte=now)
        .filter(Q(adoption=None) | Q(adoption__reached_at=None))
        .filter(Q(extra__has_key="adoption") | Exists(tagged))
        .select_related("project", "environment", "service", "adoption")
        .order_by("adoption__measured_at", "-shipped_at", "pk")[:limit]
    )
