"""The bell for mails that come back."""

import logging
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from common.hosts import CannotReach
from common.places import ConnectionFault
from digest.bounce_reading import read_bounces

logger = logging.getLogger(__name__)


@shared_task
def read_bounce_mailbox(**_: Any) -> None:
    """Read what is new in the mailbox of bounces, if there is one."""
    if not settings.BOUNCE_MAILBOX_URL:
        return
    try:
        read_bounces(now=timezone.now())
    except (ConnectionFault, CannotReach) as fault:
        logger.warning("The mailbox of bounces cannot be read: %s", fault)
