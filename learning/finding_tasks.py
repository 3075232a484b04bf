"""The bell for what nobody looks at."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import Project
from deployments.models import Adoption
from learning.findings_adoption import find_unused
from learning.findings_feedback import LOOKED_BACK, escalate_feedback
from learning.findings_people import escalate_unseen


@shared_task
def look_after_findings(**_: Any) -> None:
    """Find the ships nobody uses; tell the team of findings and bad words that nobody has seen."""
    now = timezone.now()
    escalate_unseen(now=now)
    shipping = Project.objects.filter(deployments__shipped_at__gte=now - 2 * LOOKED_BACK)
    for project in shipping.distinct():
        escalate_feedback(project, now=now)
    waiting = Adoption.objects.filter(reached_at=None).values("deployment__project")
    for project in Project.objects.filter(pk__in=waiting):
        find_unused(project, now=now)
