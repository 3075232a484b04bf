"""The weekly bell."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from digest.models import Subscription
from digest.sending import send_digest_to, try_later
from digest.subscribe import ensure_subscriptions

logger = logging.getLogger(__name__)


@shared_task
def send_due_digests(**_: Any) -> None:
    """Subscribe new members, and let a worker look at each digest that is due."""
    now = timezone.now()
    ensure_subscriptions(now=now)
    for key in Subscription.objects.due(now).values_list("pk", flat=True):
        # The row is claimed by whoever sends it, so a call that is lost or doubled does no harm.
        send_one_digest.apply_async(kwargs={"subscription_id": key}, expires=60)


@shared_task
def send_one_digest(*, subscription_id: int, **_: Any) -> None:
    """Send one reader's digest, if it is still due."""
    now = timezone.now()
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription is None:
        return
    try:
        send_digest_to(subscription, now=now)
    except Exception as error:
        logger.exception("The digest for %s failed; it will be tried again.", subscription)
        try_later(subscription, error, now)
