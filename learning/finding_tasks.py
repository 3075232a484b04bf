"""The bell for what nobody looks at."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import Project
from learning.findings_feedback import LOOKED_BACK, escalate_feedback
from learning.findings_people import escalate_unseen


@shared_task
def look_after_findings(**_: Any) -> None:
    """Tell the team of findings, and of bad words about fresh ships, that nobody has seen."""
    now = timezone.now()
    escalate_unseen(now=now)
    shipping = Project.objects.filter(deployments__shipped_at__gte=now - 2 * LOOKED_BACK)
    for project in shipping.distinct():
        escalate_feedback(project, now=now)
