"""The answers to customers that a ship called for, and how each can go out."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from deployments.models import Deployment, DeploymentStatus
from feedback.models import FeedbackItem
from learning.models import Reply
from learning.reply_ways import NoWay, addresses_of_team, way_to

SHOWN = 50
SHIPS_OFFERED = 30
FEW = 2
# What waits for a person comes first, what is done last.
_ORDER = ("failed", "draft", "sending", "sent", "dropped")


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """One answer, and the way by which it goes out, or why there is none."""

    reply: Reply
    way: str  # as in "by mail to dana@customer.example"; "" if there is none
    why_not: str

    @property
    def is_open(self) -> bool:
        """True if a person may still edit, send or drop it."""
        return self.reply.state in (Reply.State.DRAFT, Reply.State.FAILED)


@dataclass(frozen=True, slots=True)
class RepliesOfShip:
    """All that the section about the answers of one ship shows."""

    rows: list[ReplyRow]
    count: int
    sent: int
    sendable: int  # how many of the rows shown "send all" would send
    can_come: bool  # whether the ship is live where customers are

    @property
    def are_few(self) -> bool:
        """True if all drafts can stand open without hiding each other."""
        return len(self.rows) <= FEW


def replies_of_ship(ship: Deployment) -> RepliesOfShip:
    """Return the ship's answers, those that wait for a person first, in three queries."""
    replies = Reply.objects.filter(deployment=ship)
    counts = replies.aggregate(all=Count("pk"), sent=Count("pk", filter=Q(state="sent")))
    rows = _rows(ship, replies) if counts["all"] else []
    live = ship.status == DeploymentStatus.SUCCEEDED
    return RepliesOfShip(
        rows=rows,
        count=counts["all"],
        sent=counts["sent"],
        sendable=sum(row.reply.state == "draft" and bool(row.way) for row in rows) if live else 0,
        can_come=live and ship.environment.reaches_customers,
    )


def _rows(ship: Deployment, replies: "QuerySet[Reply]") -> list[ReplyRow]:
    whole = replies.select_related(
        "feedback__customer", "feedback__connection", "sent_by", "deployment"
    )
    waiting = whole.filter(state__in=["failed", "draft", "sending"]).order_by("pk")[:SHOWN]
    rows = [*waiting]
    if len(rows) < SHOWN:
        done = whole.filter(state__in=["sent", "dropped"]).order_by("-sent_at", "pk")
        rows += done[: SHOWN - len(rows)]
    own = addresses_of_team(ship.project)
    rows.sort(key=lambda reply: _ORDER.index(reply.state))
    return [_row(reply, own) for reply in rows]


def _row(reply: Reply, own: list[str]) -> ReplyRow:
    try:
        way = way_to(reply.feedback, own=own)
    except NoWay as why:
        return ReplyRow(reply, "", str(why))
    return ReplyRow(reply, way.label, "")


@dataclass(frozen=True, slots=True)
class RepliesToItem:
    """The answers to one feedback, and the ships that a person may say fix it."""

    rows: list[ReplyRow]
    ships: list[Deployment]


def replies_to(item: FeedbackItem, *, may_work: bool) -> RepliesToItem:
    """Return what the feedback's page shows of its answers."""
    whole = Reply.objects.filter(feedback=item).select_related(
        "feedback__customer", "feedback__connection", "deployment", "sent_by"
    )
    replies = list(whole.order_by("-pk")[:SHOWN])
    own = addresses_of_team(item.project) if replies else []
    ships = (
        Deployment.objects.filter(project=item.project_id, status=DeploymentStatus.SUCCEEDED)
        .filter(environment__reaches_customers=True, shipped_at__gt=item.said_at)
        .order_by("-shipped_at", "-pk")
    )
    return RepliesToItem(
        rows=[_row(reply, own) for reply in replies],
        ships=list(ships[:SHIPS_OFFERED]) if may_work else [],
    )
