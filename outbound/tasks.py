"""The bell that lets workers look for news, and send what is due."""

import logging
import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from outbound.models import Message
from outbound.news import forget_old_messages, note_news
from outbound.sending import send

logger = logging.getLogger(__name__)

TURN_SECONDS = 55


@shared_task
def tell_the_news(**_: Any) -> None:
    """Write a message for each piece of news, and let workers send what is due."""
    now = timezone.now()
    note_news(now=now)
    forget_old_messages(now=now)
    waiting = Message.objects.due(now).order_by("hook").values_list("hook", flat=True).distinct()
    for hook_id in waiting:
        # A hook has a task of its own: one that answers slowly keeps no other waiting.
        send_messages.apply_async(kwargs={"hook_id": hook_id}, expires=60)


@shared_task
def send_messages(*, hook_id: int, **_: Any) -> None:
    """Claim and send a hook's due messages, one after the other, until the turn is over."""
    ends = time.monotonic() + TURN_SECONDS
    failed = False
    while time.monotonic() < ends and (message := _claim_next(hook_id)):
        try:
            failed = not send(message, now=timezone.now()) or failed
        except Exception:
            # The claim stays and grows stale, so that it is tried again later.
            logger.exception("Message %s could not be sent.", message.webhook_id)
    if failed:
        # The first retry comes after a few seconds, sooner than the bell rings.
        send_messages.apply_async(kwargs={"hook_id": hook_id}, countdown=6, expires=60)


def _claim_next(hook_id: int) -> Message | None:
    now = timezone.now()
    due = Message.objects.due(now).filter(hook=hook_id).select_related("hook__project")
    return next((one for one in due.order_by("due_at", "pk")[:10] if one.claim(now)), None)
