"""Looking at what was stored in a hurry: its language, and whether it was said before."""

from datetime import datetime

from django.db import transaction

from accounts.models import Project
from feedback.hygiene import compare
from feedback.language import language_of
from feedback.merging import lock_groups
from feedback.models import FeedbackItem

AT_ONCE = 500


def sort_waiting(*, now: datetime) -> int:
    """Look at all that awaits it, project by project; return how many that was."""
    waiting = FeedbackItem.objects.filter(awaits_sorting=True)
    projects = Project.objects.filter(pk__in=waiting.values("project"))
    return sum(_sort_all(project, now) for project in projects.order_by("pk"))


def _sort_all(project: Project, now: datetime) -> int:
    count = 0
    while batch := _sort_some(project, now):
        count += batch
    return count


def _sort_some(project: Project, now: datetime) -> int:
    with transaction.atomic():
        # Whoever holds the lock does the work; a second worker finds it done.
        lock_groups(project.pk)
        waiting = FeedbackItem.objects.filter(project=project, awaits_sorting=True)
        items = list(waiting.select_for_update(of=("self",)).order_by("said_at", "pk")[:AT_ONCE])
        for item in items:
            item.language, item.awaits_sorting = language_of(item.text), False
        FeedbackItem.objects.bulk_update(items, ["language", "awaits_sorting"], batch_size=200)
        compare(project, items, now=now)
    return len(items)
