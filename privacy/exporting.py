"""All that is stored of one customer, as they may ask for it: one JSON document."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from engagement.forgetting import events_of, ids_of
from feedback.models import Customer, FeedbackEvent, FeedbackItem
from feedback.sorting import settle
from learning.models import Attribution, Reply
from privacy.erasing import person_of


def export_customer(customer: Customer, *, now: datetime) -> dict[str, Any]:
    """Return {exported_at, project, customers, feedback: [...], events: [...]}, oldest first.

    Each feedback has what was said, what came with it, what Wake thinks of it, its history and the
    answers to it; each event what the person did. Times are ISO 8601 in UTC.
    """
    settle(customer.project, now=now)
    person = person_of(customer)
    ids = ids_of(customer.project, person.known_as)
    did = events_of(customer.project, ids).order_by("occurred_at", "pk")
    keys = [item.pk for item in person.items]
    events = _grouped(FeedbackEvent.objects.filter(feedback__in=keys).order_by("happened_at", "pk"))
    replies = _grouped(
        Reply.objects.filter(feedback__in=keys).select_related("deployment").order_by("pk")
    )
    linked = _grouped(
        Attribution.objects.filter(feedback__in=keys)
        .select_related("deployment")
        .order_by("-probability", "pk")
    )
    return {
        "exported_at": now.isoformat(),
        "project": customer.project.name,
        "customers": [
            {"id": one.external_id, "name": one.name, "email": one.email}
            for one in person.customers
        ],
        "feedback": [
            {
                **_said(item),
                "history": [_event(event) for event in events.get(item.pk, [])],
                "answers": [_reply(reply) for reply in replies.get(item.pk, [])],
                "about": [_about(row) for row in linked.get(item.pk, [])],
            }
            for item in person.items
        ],
        "known_in_events_as": sorted(ids) if did else [],
        "events": [{name: _plain(row[name]) for name in _DONE} for row in did.values(*_DONE)],
    }


def _grouped(rows: "QuerySet[Any]") -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in rows:
        groups.setdefault(row.feedback_id, []).append(row)
    return groups


_FIELDS = (
    "source", "external_id", "text", "rating", "rating_scale", "rating_given", "version",
    "environment", "area", "url", "said_at", "received_at", "reply_text", "replied_at", "status",
    "language", "theme", "mood", "held_at", "held_because", "merged_at", "merged_because", "extra",
    "answer_to",
)  # fmt: skip


_DONE = (
    "name", "user_id", "anonymous_id", "environment", "service", "version", "properties",
    "occurred_at", "received_at",
)  # fmt: skip


def _said(item: FeedbackItem) -> dict[str, Any]:
    return {name: _plain(getattr(item, name)) for name in _FIELDS}


def _event(event: FeedbackEvent) -> dict[str, Any]:
    return {"what": event.kind, "at": _plain(event.happened_at), "text": event.text}


def _reply(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        "state": reply.state,
        "sent_at": _plain(reply.sent_at),
        "about": str(reply.deployment),
    }


def _about(row: Attribution) -> dict[str, Any]:
    return {
        "ship": str(row.deployment) if row.deployment else None,
        "probability": row.probability,
        "reasons": row.reasons,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
