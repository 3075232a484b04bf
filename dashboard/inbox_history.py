"""What one feedback's page tells besides the words: its candidates, its rating, its history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from feedback.models import FeedbackEvent, FeedbackItem, Status
from learning.models import Attribution

SHOWN = 0.01
EVENTS_SHOWN = 200
Kind = FeedbackEvent.Kind


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history: when, who, what, and what was written with it."""

    at: datetime
    who: str
    what: str
    text: str = ""
    other: int | None = None  # another feedback that it is about
    is_note: bool = False
    details: dict[str, Any] = field(default_factory=dict)


def candidates_of(item: FeedbackItem) -> list[Attribution]:
    """Return what it may be about, the best first; a ship that is all but ruled out is left out."""
    weighed = item.attributions.select_related("deployment")
    likely = weighed.filter(Q(is_best=True) | Q(probability__gte=SHOWN) | Q(probability=0))
    return list(likely.order_by("-is_best", "-probability", "pk"))


def words_of_rating(item: FeedbackItem) -> str:
    """Return the rating as it was given where it came from, "" if that says nothing new."""
    if item.rating_given is None or not item.rating_scale:
        return ""
    if item.rating_scale == "stars" and item.rating_given == item.rating:
        return ""
    scale = {"nps": "NPS", "csat": "CSAT", "stars": "stars"}.get(
        item.rating_scale, item.rating_scale
    )
    return f"given as {item.rating_given:g} ({scale})"


def history_of(item: FeedbackItem, members: Sequence[User]) -> list[Happening]:
    """Return what happened to `item`, newest first, with what its row alone still knows.

    Feedback from before there was a history has no events, but its row says who saw it first.
    """
    events = item.events.select_related("by").order_by("-happened_at", "-pk")[:EVENTS_SHOWN]
    names = {member.pk: str(member) for member in members}
    told = [_told(event, names) for event in events]
    told.append(Happening(item.received_at, "", "Received"))
    if item.seen_at:
        told.append(Happening(item.seen_at, str(item.seen_by or "a former member"), "First seen"))
    if item.replied_at and not any(one.what == Kind.ANSWERED.label for one in told):
        told.append(Happening(item.replied_at, "", "Answered where it was said"))
    return sorted(told, key=lambda one: one.at, reverse=True)


def _told(event: FeedbackEvent, names: dict[int, str]) -> Happening:
    details = event.details
    what, other = str(Kind(event.kind).label), None
    if event.kind == Kind.STATUS:
        what = f"From {_status(details.get('was'))} to {_status(details.get('now'))}"
    elif event.kind == Kind.CLAIMED:
        what = "Took it on"
    elif event.kind == Kind.HANDED_OVER:
        to = details.get("now") or details.get("to")
        what = (
            f"Handed over to {names.get(to, 'a former member')}" if to else "Put back for anybody"
        )
    elif event.kind == Kind.MERGED:
        other = details.get("into") or details.get("took_in")
        what = "Merged into" if details.get("into") else "Took in"
    elif event.kind == Kind.SEPARATED:
        other, what = details.get("other"), "Separated from"
    elif event.kind == Kind.CORRECTED:
        what = f"Said that it is about {details.get('ship') or 'none of our ships'}"
        if details.get("taken_back"):
            what = "Let Wake judge which ship it is about"
    who = str(event.by) if event.by else ""
    return Happening(event.happened_at, who, what, event.text, other, event.kind == Kind.NOTE)


def _status(value: Any) -> str:
    return Status(value).label.lower() if value in Status.values else "another status"
