"""Closing the loop: each customer whose words a ship took up is told so, once.

Wake drafts, a person edits and sends. A reply is a row, and each step of it one UPDATE that only
one person or worker can win: draft or failed -> sending -> sent, or failed with the mend.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from common.days import zone_of
from common.values import read_key, storable
from deployments.models import Deployment, DeploymentStatus
from feedback.models import FeedbackItem
from learning.models import Reply
from learning.reply_text import draft_text
from learning.reply_ways import NoWay, way_of

# Of a ship that was told of so long after it went live, as in a history, nobody waits to hear.
HISTORY = timedelta(days=7)
MAX_TEXT = 20_000
MOST_NAMED = 500  # feedback that one ship can name
DRAFT, SENDING, SENT = Reply.State.DRAFT, Reply.State.SENDING, Reply.State.SENT
FAILED, DROPPED = Reply.State.FAILED, Reply.State.DROPPED
ROLLED_BACK = "The ship was rolled back."


class NotSendable(Exception):
    """A reply cannot be sent; the text says why."""


def draft_replies(deployment: Deployment, *, now: datetime, by_hand: bool = False) -> int:
    """Draft an answer to each customer whose words the ship fixes; return how many are new.

    Nothing is drafted before the ship is live where customers are, nor twice, nor after it was
    rolled back, nor for ships of the past unless a person asks for it. What the team dropped stays
    dropped.
    """
    if not _can_be_told(deployment):
        return 0
    if not by_hand and deployment.received_at - deployment.shipped_at > HISTORY:
        return 0
    with transaction.atomic():
        # Two workers that look at one ship draft in turn, so that a customer gets one draft.
        held = Deployment.objects.select_for_update(of=("self",)).get(pk=deployment.pk)
        known = Reply.objects.filter(
            Q(deployment=held)
            | Q(deployment__version=held.version, project=held.project_id) & ~Q(state=DROPPED)
        ).values_list("feedback", "customer")
        told = {key for key, _ in known}
        customers = {customer for _, customer in known if customer}
        replies = []
        for item in _asked_for(held):
            if item.pk in told or item.customer_id in customers:
                continue
            if item.customer_id:
                customers.add(item.customer_id)
            replies.append(_draft(held, item, now))
        Reply.objects.bulk_create(replies)
    return len(replies)


def _can_be_told(deployment: Deployment) -> bool:
    is_live = deployment.status == DeploymentStatus.SUCCEEDED
    return bool(deployment.fixes) and is_live and deployment.environment.reaches_customers


def _asked_for(deployment: Deployment) -> Iterable[FeedbackItem]:
    """Return what the ship names, with what was merged with it, a customer's latest words first."""
    named = [str(fix)[:200] for fix in deployment.fixes][:MOST_NAMED]
    items = FeedbackItem.objects.filter(project=deployment.project_id)
    found = {item.pk: item for item in items.filter(external_id__in=named)}
    by_id = {item.external_id for item in found.values()}
    numbers = [read_key(fix) for fix in named if fix not in by_id]
    found |= {item.pk: item for item in items.filter(pk__in=numbers)}
    heads = {item.merged_into_id or item.pk for item in found.values() if item.held_at is None}
    heard = items.heard().filter(pk__in=heads).values("pk")
    return (
        items.filter(Q(pk__in=heard) | Q(merged_into__in=heard), held_at=None)
        .select_related("customer", "project")
        .order_by("-said_at", "-pk")
    )


def _draft(deployment: Deployment, item: FeedbackItem, now: datetime) -> Reply:
    zone = zone_of(item.project.timezone)
    text = draft_text(
        name=item.customer.name if item.customer else "",
        said=item.text,
        said_on=item.said_at.astimezone(zone).date(),
        version=deployment.version,
        live_since=deployment.shipped_at.astimezone(zone).date(),
        team=f"The {item.project.name} team",
    )
    return Reply(
        project=item.project,
        feedback=item,
        deployment=deployment,
        customer=item.customer,
        text=text,
        drafted_at=now,
    )


def name_as_fixed(deployment: Deployment, item: FeedbackItem, *, now: datetime) -> int:
    """Note that the ship fixes what was said, and draft the answers; return how many are new."""
    with transaction.atomic():
        held = Deployment.objects.select_for_update(of=("self",)).get(pk=deployment.pk)
        if item.external_id not in held.fixes and str(item.pk) not in held.fixes:
            # What the feedback itself is called: that is what the ship's evidence is made of.
            held.fixes = [*held.fixes, item.external_id]
            held.save(update_fields=["fixes"])
    deployment.fixes = held.fixes
    return draft_replies(deployment, now=now, by_hand=True)


def edit(reply: Reply, text: str, *, now: datetime) -> bool:
    """Save what a person wrote; return False if it is too late, or if there is nothing in it."""
    text = storable(text).replace("\r\n", "\n").strip()[:MAX_TEXT]
    waiting = Reply.objects.filter(pk=reply.pk, state__in=[DRAFT, FAILED])
    if not text or not waiting.exists():
        return False
    # Looking at a draft and sending it as it is does not make it an edited one.
    waiting.exclude(text=text).update(text=text, edited_at=now)
    return True


def drop(reply: Reply) -> bool:
    """Decide that this is not sent; return False if it is on its way."""
    waiting = Reply.objects.filter(pk=reply.pk, state__in=[DRAFT, FAILED])
    return waiting.update(state=DROPPED, problem="") == 1


def take_up_again(reply: Reply) -> bool:
    """Make a dropped reply a draft again; return False if it was not dropped."""
    dropped = Reply.objects.filter(pk=reply.pk, state=DROPPED)
    dropped = dropped.exclude(deployment__status=DeploymentStatus.ROLLED_BACK)
    return dropped.update(state=DRAFT, problem="") == 1


def queue(reply: Reply, *, by: User) -> None:
    """Let a worker send the reply; raises NotSendable. Pressing twice sends once."""
    if reply.deployment.status != DeploymentStatus.SUCCEEDED:
        raise NotSendable("The ship is not live, so there is nothing to tell.")
    try:
        way = way_of(reply)
    except NoWay as why:
        raise NotSendable(str(why)) from None
    waiting = Reply.objects.filter(pk=reply.pk, state__in=[DRAFT, FAILED])
    try:
        with transaction.atomic():
            # UniqueConstraint "a_customer_is_told_once_of_a_ship"
            queued = waiting.update(
                state=SENDING, sent_by=by, claimed_at=None, problem="", channel=way.channel
            )
    except IntegrityError:
        raise NotSendable("This customer has been told of this ship already.") from None
    if not queued:
        raise NotSendable("It was sent, or dropped, a moment ago.")


def drop_what_was_rolled_back() -> int:
    """Drop the drafts about ships that are live no more; return how many."""
    gone = Reply.objects.filter(
        state__in=[DRAFT, FAILED], deployment__status=DeploymentStatus.ROLLED_BACK
    )
    return gone.update(state=DROPPED, problem=ROLLED_BACK)
