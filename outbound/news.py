"""Finds what there is to tell. Nobody rings this room: it looks, and a fact is told once."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Value

from deployments.models import Deployment
from learning.models import Learning
from learning.verdict import Verdict
from outbound.models import Event, Hook, Message
from outbound.payloads import learning_confirmed, ship_recorded, verdict_reached

# What is older is history: a team that imports its past does not want to be told of it.
LOOK_BACK = timedelta(days=7)
AT_ONCE = 500
# Messages are kept for longer than Wake looks back, or it would tell the same again.
KEPT = timedelta(days=30)
UNJUDGED = (Verdict.TOO_EARLY, Verdict.NO_HYPOTHESIS)


def note_news(*, now: datetime) -> int:
    """Write a message for each piece of news that a hook was not told yet; return how many.

    Safe to run twice, and beside itself: UniqueConstraint "news_is_told_once".
    """
    return sum(_note_for(hook, now) for hook in Hook.objects.filter(is_on=True))


def _note_for(hook: Hook, now: datetime) -> int:
    since = max(hook.news_since, now - LOOK_BACK)
    written = 0
    for event, (find, tell) in NEWS.items():
        if event not in hook.events:
            continue
        messages = [
            Message(
                hook=hook,
                event=event,
                subject=fact.pk,
                version=_version(event, fact),
                body={"type": event.value, "timestamp": now.isoformat(), "data": tell(fact)},
                made_at=now,
                due_at=now,
            )
            for fact in _untold(hook, event, find(hook.project_id, since))
        ]
        Message.objects.bulk_create(messages, ignore_conflicts=True)
        written += len(messages)
    return written


def _untold(hook: Hook, event: Event, facts: QuerySet[Any]) -> Iterator[Any]:
    # What is missing is asked for, not what is newer than a mark: a transaction that began early
    # and ended late would slip in behind such a mark.
    version = F("verdict") if event == Event.VERDICT_REACHED else Value("")
    told = Message.objects.filter(
        hook=hook, event=event, subject=OuterRef("pk"), version=OuterRef("version_told")
    )
    facts = facts.annotate(version_told=version)
    return facts.filter(~Exists(told)).order_by("pk")[:AT_ONCE].iterator()


def _version(event: Event, fact: Any) -> str:
    return str(fact.verdict) if event == Event.VERDICT_REACHED else ""


def _ships(project_id: int, since: datetime) -> QuerySet[Deployment]:
    ships = Deployment.objects.filter(project=project_id).live().filter(shipped_at__gte=since)
    return ships.select_related("project", "environment", "service", "hypothesis__metric")


def _learnings(project_id: int) -> "QuerySet[Learning]":
    found: QuerySet[Learning] = Learning.objects.current().filter(project=project_id)
    return found.select_related(
        "confirmed_by",
        "checkup",
        "deployment__project",
        "deployment__environment",
        "deployment__service",
        "deployment__hypothesis__metric",
    )


def _verdicts(project_id: int, since: datetime) -> "QuerySet[Learning]":
    judged = _learnings(project_id).exclude(verdict__in=UNJUDGED)
    return judged.filter(checkup__finished_at__gte=since)


def _confirmed(project_id: int, since: datetime) -> "QuerySet[Learning]":
    return _learnings(project_id).filter(state=Learning.State.CONFIRMED, confirmed_at__gte=since)


Find = Callable[[int, datetime], QuerySet[Any]]
NEWS: dict[Event, tuple[Find, Callable[[Any], dict[str, Any]]]] = {
    Event.SHIP_RECORDED: (_ships, ship_recorded),
    Event.VERDICT_REACHED: (_verdicts, verdict_reached),
    Event.LEARNING_CONFIRMED: (_confirmed, learning_confirmed),
}


def forget_old_messages(*, now: datetime) -> None:
    """Delete the messages of which nobody will ask any more."""
    Message.objects.filter(made_at__lt=now - KEPT).delete()


def write_test(hook: Hook, *, now: datetime) -> Message:
    """Write a message that only says that messages arrive."""
    said = {"project": hook.project.slug, "message": "Wake can reach this address."}
    message = Message(
        hook=hook,
        event=Event.TEST,
        subject=0,
        body={"type": Event.TEST.value, "timestamp": now.isoformat(), "data": said},
        made_at=now,
        due_at=now,
    )
    message.version = message.webhook_id  # each test is another one
    message.save()
    return message
