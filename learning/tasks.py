"""Doorbells: each reads the clock, claims what is due and hands it to the room."""

import logging
import time
from datetime import datetime
from math import ceil
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import Project
from deployments.models import Checkup
from feedback.models import FeedbackItem
from learning.checkup import perform_checkup
from learning.linking import link_feedback

logger = logging.getLogger(__name__)

# A bell rings each minute. What it starts stops by itself before the next, so that a long queue
# is worked off in turns and no worker is held for hours.
TURN_SECONDS = 50
CHECKUPS_PER_TURN = 25
MOST_TURNS = 8


@shared_task
def start_due_checkups(**_: Any) -> None:
    """Ring for as many turns as the due checkups need."""
    waiting = Checkup.objects.due(timezone.now())[: CHECKUPS_PER_TURN * MOST_TURNS].count()
    for _number in range(ceil(waiting / CHECKUPS_PER_TURN)):
        run_due_checkups.apply_async(expires=TURN_SECONDS)


@shared_task
def run_due_checkups(**_: Any) -> None:
    """Claim and run due checkups, one after the other, until none is left or the turn is over."""
    ends = time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends and (checkup := claim_next(timezone.now())):
        run_claimed(checkup)


def claim_next(now: datetime) -> Checkup | None:
    """Return a due checkup that now belongs to this worker alone, or None if there is none."""
    due = Checkup.objects.due(now).select_related("deployment__project", "deployment__environment")
    # A few are tried, because other workers reach for the same first one.
    return next(
        (checkup for checkup in due.order_by("due_at", "pk")[:10] if checkup.claim(now)), None
    )


def run_claimed(checkup: Checkup) -> None:
    """Run a checkup; if it fails, say why on its row, and leave it to be claimed again later."""
    try:
        perform_checkup(checkup, now=timezone.now())
    except Exception as error:
        logger.exception("Checkup %s failed; it will be tried again.", checkup.pk)
        Checkup.objects.filter(pk=checkup.pk).update(
            problem=f"{type(error).__name__}: {error}"[:500]
        )


@shared_task
def link_new_feedback(**_: Any) -> None:
    """Link what customers said since the last ring."""
    waiting = FeedbackItem.objects.waiting_for_link().values_list("project", flat=True).distinct()
    for project in Project.objects.filter(pk__in=waiting):
        link_feedback(project, now=timezone.now())
