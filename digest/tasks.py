"""The weekly bell, and what tidies up after it."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from digest.charts import sweep_pictures
from digest.models import Subscription
from digest.reviews import Reviews
from digest.sending import send_digest_to, try_later
from digest.subscribe import ensure_subscriptions

logger = logging.getLogger(__name__)

# So many digests a worker is handed at once; those that tell of the same week lie together.
AT_ONCE = 25


@shared_task
def send_due_digests(**_: Any) -> None:
    """Subscribe new members, and let workers look at the digests that are due."""
    now = timezone.now()
    ensure_subscriptions(now=now)
    due = Subscription.objects.due(now).order_by("project", "rhythm", "next_due_at", "pk")
    keys = list(due.values_list("pk", flat=True))
    for first in range(0, len(keys), AT_ONCE):
        # Each row is claimed by whoever sends it, so a call that is lost or doubled does no harm.
        some = keys[first : first + AT_ONCE]
        send_some_digests.apply_async(kwargs={"subscription_ids": some}, expires=60)


@shared_task
def send_some_digests(*, subscription_ids: list[int], **_: Any) -> None:
    """Send these readers' digests, as far as they are still due, one after the other."""
    reviews = Reviews()
    for key in subscription_ids:
        _send(key, reviews)


@shared_task
def send_one_digest(*, subscription_id: int, **_: Any) -> None:
    """Send one reader's digest, if it is still due."""
    _send(subscription_id, Reviews())


@shared_task
def sweep_chart_pictures(**_: Any) -> None:
    """Delete the pictures of charts that no digest shows any more."""
    sweep_pictures(now=timezone.now())


def _send(key: int, reviews: Reviews) -> None:
    now = timezone.now()
    subscription = Subscription.objects.filter(pk=key).first()
    if subscription is None:
        return
    try:
        send_digest_to(subscription, now=now, reviews=reviews)
    except Exception as error:
        logger.exception("The digest for %s failed; it will be tried again.", subscription)
        try_later(subscription, error, now)
