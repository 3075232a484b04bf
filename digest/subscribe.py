"""Who gets the digest, and when: the writing door for subscriptions.

Every member of a project is subscribed by default, once a week, for Monday at 8 on their own
clock, or on the project's where they have not said where they are; one click ends it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import Membership, Project, User
from common.days import zone_of
from digest.models import Subscription
from digest.schedule import Plan, Rhythm, next_due

MONDAY, MORNING = 0, 8


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose: whether the digest comes, and when."""

    is_on: bool = True
    rhythm: Rhythm = Rhythm.WEEKLY
    weekday: int = MONDAY
    monthday: int = 1
    hour: int = MORNING
    timezone: str = "UTC"

    @property
    def plan(self) -> Plan:
        """When the digests come."""
        zone = zone_of(self.timezone)
        return Plan(self.rhythm, self.weekday, self.monthday, self.hour, zone)


def subscribe(project: Project, user: User, *, now: datetime) -> Subscription:
    """Return the person's subscription to the project, made with the defaults if there is none."""
    subscription, _ = Subscription.objects.get_or_create(
        project=project, user=user, defaults=_defaults(project, user, now)
    )
    subscription.project, subscription.user = project, user  # they are not read again
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


def is_reader(subscription: Subscription) -> bool:
    """Return True if the digest may go there: to a member, an address that said yes, a channel."""
    if subscription.channel_id is not None:
        return True
    if subscription.user_id is None:
        return subscription.confirmed_at is not None
    return Membership.objects.filter(
        project=subscription.project_id, user=subscription.user_id, user__is_active=True
    ).exists()


def chosen(subscription: Subscription) -> Choice:
    """Return what the reader has chosen so far."""
    return Choice(
        is_on=subscription.is_on,
        rhythm=Rhythm(subscription.rhythm),
        weekday=subscription.weekday,
        monthday=subscription.monthday,
        hour=subscription.hour,
        timezone=subscription.timezone,
    )


def change_subscription(subscription: Subscription, choice: Choice, *, now: datetime) -> None:
    """Set whether and when the digest comes; what is due is counted anew from `now`."""
    subscription.is_on, subscription.rhythm = choice.is_on, choice.rhythm
    subscription.weekday, subscription.monthday = choice.weekday, choice.monthday
    subscription.hour, subscription.timezone = choice.hour, choice.timezone
    subscription.next_due_at = choice.plan.next_due(after=now)
    subscription.attempts, subscription.retry_at, subscription.problem = 0, None, ""
    subscription.save(
        update_fields=[
            "is_on", "rhythm", "weekday", "monthday", "hour", "timezone", "next_due_at",
            "attempts", "retry_at", "problem",
        ]
    )  # fmt: skip


def turn(subscription: Subscription, *, on: bool, now: datetime) -> None:
    """End a subscription, or take it up again; what fell due while it was off is not sent."""
    old = chosen(subscription)
    choice = Choice(on, old.rhythm, old.weekday, old.monthday, old.hour, old.timezone)
    change_subscription(subscription, choice, now=now)
