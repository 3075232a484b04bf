"""Who gets the weekly digest, and when: the writing door for subscriptions.

Every member of a project is subscribed by default, for Monday at 8 on their own clock, or on the
project's where they have not said where they are; one click ends it.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import Membership, Project, User
from common.days import zone_of
from digest.models import Subscription
from digest.schedule import next_due

MONDAY, MORNING = 0, 8


def subscribe(project: Project, user: User, *, now: datetime) -> Subscription:
    """Return the person's subscription to the project, made with the defaults if there is none."""
    subscription, _ = Subscription.objects.get_or_create(
        project=project, user=user, defaults=_defaults(project, user, now)
    )
    return subscription


def _defaults(project: Project, user: User, now: datetime) -> dict[str, object]:
    zone = user.timezone if user.timezone != "UTC" else project.timezone
    due = next_due(MONDAY, MORNING, zone_of(zone), after=now)
    return {"weekday": MONDAY, "hour": MORNING, "timezone": zone, "next_due_at": due}


def ensure_subscriptions(project: Project | None = None, *, now: datetime) -> int:
    """Subscribe every member who has no subscription yet; return how many there were.

    Without a project, looks at all of them. Whoever unsubscribed keeps a subscription that is
    off, and is left alone.
    """
    known = Subscription.objects.filter(project=OuterRef("project"), user=OuterRef("user"))
    lacking = Membership.objects.filter(~Exists(known), user__is_active=True)
    if project:
        lacking = lacking.filter(project=project)
    made = [
        Subscription(project=row.project, user=row.user, **_defaults(row.project, row.user, now))
        for row in lacking.select_related("project", "user")
    ]
    # Two bells may ring at once; the unique constraint lets one of them win.
    Subscription.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def change_subscription(
    subscription: Subscription,
    *,
    is_on: bool,
    weekday: int,
    hour: int,
    timezone: str,
    now: datetime,
) -> None:
    """Set whether, on which weekday, at which hour of which zone the digest comes."""
    subscription.is_on, subscription.weekday = is_on, weekday
    subscription.hour, subscription.timezone = hour, timezone
    subscription.next_due_at = next_due(weekday, hour, zone_of(timezone), after=now)
    subscription.attempts, subscription.retry_at, subscription.problem = 0, None, ""
    subscription.save(
        update_fields=[
            "is_on", "weekday", "hour", "timezone", "next_due_at", "attempts", "retry_at",
            "problem",
        ]
    )  # fmt: skip


def turn(subscription: Subscription, *, on: bool, now: datetime) -> None:
    """End a subscription, or take it up again; what fell due while it was off is not sent."""
    change_subscription(
        subscription,
        is_on=on,
        weekday=subscription.weekday,
        hour=subscription.hour,
        timezone=subscription.timezone,
        now=now,
    )
