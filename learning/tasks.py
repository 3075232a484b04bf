"""Doorbells: each reads the clock, claims what is due and hands it to the room."""

import logging
import time
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import Project
from deployments.models import Checkup
from engagement.event_work import hurry as hurry_event_metrics
from engagement.gather import hurry as hurry_metrics
from feedback.gather import hurry
from feedback.models import FeedbackItem
from learning.checkup import perform_checkup
from learning.exams import due_for_an_exam, sit_exam
from learning.findings import find_in_feedback
from learning.linking import link_feedback
from learning.models import Rerun
from learning.reestimating import claim_part, run_part
from learning.trust import claim, due_records, make_record

logger = logging.getLogger(__name__)

# A bell rings each minute and starts as many chains of short turns as there is work for; chains
# end before the next bell. Turns are short so that a worker that is told to stop can, at once.
CHAIN = timedelta(seconds=50)
TURN_SECONDS = 10
CHECKUPS_PER_CHAIN = 25
MOST_CHAINS = 8
# So long before a look at a ship, what customers said is gathered, so that it is there in time.
GATHERED_BEFORE = timedelta(minutes=3)


@shared_task
def start_due_checkups(**_: Any) -> None:
    """Gather for the looks that come next, and ring for as many turns as the due ones need."""
    now = timezone.now()
    soon = Checkup.objects.filter(
        finished_at=None, due_at__gt=now, due_at__lte=now + GATHERED_BEFORE
    )
    for project in Project.objects.filter(pk__in=soon.values("deployment__project")):
        hurry(project, now=now)
        hurry_metrics(project, now=now)
        hurry_event_metrics(project, now=now)
    waiting = Checkup.objects.due(now)[: CHECKUPS_PER_CHAIN * MOST_CHAINS].count()
    for _number in range(ceil(waiting / CHECKUPS_PER_CHAIN)):
        run_due_checkups.apply_async(kwargs={"until": (now + CHAIN).timestamp()}, expires=60)


@shared_task
def run_due_checkups(*, until: float = 0, **_: Any) -> None:
    """Claim and run due checkups one after the other; ring again if some are left at the end.

    `until` is when this chain of turns ends, in epoch seconds.
    """
    ends = time.monotonic() + TURN_SECONDS
    while checkup := claim_next(timezone.now()):
        run_claimed(checkup)
        if time.monotonic() > ends:
            if timezone.now().timestamp() < until:
                run_due_checkups.apply_async(kwargs={"until": until}, expires=60)
            return


def claim_next(now: datetime) -> Checkup | None:
    """Return a due checkup that now belongs to this worker alone, or None if there is none."""
    due = Checkup.objects.due(now).select_related(
        "deployment__project", "deployment__environment", "deployment__adoption"
    )
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
    waiting = (
        FeedbackItem.objects.heard().waiting_for_link().values_list("project", flat=True).distinct()
    )
    for project in Project.objects.filter(pk__in=waiting):
        link_feedback(project, now=timezone.now())
        find_in_feedback(project, now=timezone.now())


@shared_task
def run_rerun_parts(*, rerun_id: int, **_: Any) -> None:
    """Look again at one part of a rerun after the other; ring again if some are left at the end."""
    rerun = Rerun.objects.get(pk=rerun_id)
    ends = time.monotonic() + TURN_SECONDS
    while part := claim_part(rerun, now=timezone.now()):
        run_part(part, now=timezone.now())
        if time.monotonic() > ends:
            run_rerun_parts.delay(rerun_id=rerun_id)
            return


@shared_task
def make_placebo_records(**_: Any) -> None:
    """Make the placebo records that are due, for half a minute at most; the next bell goes on."""
    ends = time.monotonic() + 3 * TURN_SECONDS
    for record in due_records(timezone.now(), limit=200):
        if time.monotonic() > ends:
            return
        if claim(record, now=timezone.now()):
            make_record(record, now=timezone.now())


@shared_task
def sit_due_exams(**_: Any) -> None:
    """Score how often the attribution was right, and fit it, where that was long ago."""
    now = timezone.now()
    for project in due_for_an_exam(now):
        sit_exam(project, now=now)
