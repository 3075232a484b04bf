"""Doorbells for replies: drafts for new ships, and what a person has let go."""

import time
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from deployments.models import Checkup
from learning.models import Reply
from learning.replies import draft_replies, drop_what_was_rolled_back
from learning.reply_sending import ask_about_stale, claim, send, to_send

TURN_SECONDS = 45
FIRST_LOOK = timedelta(hours=1)
MOST_SHIPS = 200


@shared_task
def look_after_replies(**_: Any) -> None:
    """Draft what new ships call for, drop what was rolled back, and let workers send."""
    now = timezone.now()
    draft_for_new_ships(now)
    drop_what_was_rolled_back()
    ask_about_stale(now=now)
    if to_send().exists():
        send_replies.apply_async(expires=60)


def draft_for_new_ships(now: datetime) -> None:
    """Draft for ships that wait for their first look; the looks themselves draft later on."""
    new = (
        Checkup.objects.filter(finished_at=None, horizon=FIRST_LOOK)
        .exclude(deployment__fixes=[])
        .select_related("deployment__environment")
        .order_by("-due_at")
    )
    for checkup in new[:MOST_SHIPS]:
        draft_replies(checkup.deployment, now=now)


@shared_task
def send_replies(**_: Any) -> None:
    """Claim and send replies one after the other, until the turn is over."""
    ends = time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends:
        now = timezone.now()
        waiting = to_send().order_by("pk")[:10]
        mine = next((reply for reply in waiting if claim(reply, now=now)), None)
        if mine is None:
            return
        if whole := _whole(mine.pk):
            send(whole, now=timezone.now())
    send_replies.apply_async(expires=60)


def _whole(pk: int) -> Reply | None:
    parts = ("project", "deployment", "feedback__connection", "feedback__customer", "sent_by")
    return Reply.objects.select_related(*parts).filter(pk=pk).first()
