"""What programs send hundreds of times a second, one by one or in batches.

Single things that come at the same moment are saved together.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import Project
from common.errors import BadInput, IntakeReport
from common.together import Together
from feedback.intake import item_of, read_rows, save_said
from feedback.models import FeedbackItem
from feedback.quick_store import store_plain
from feedback.rows import Said, read_feedback
from feedback.spam import spam_in


def submit_one(
    *, project: Project, row: Any, now: datetime, source: str = "api"
) -> tuple[FeedbackItem, bool]:
    """Save one row, and return what is stored and whether it is new; raises BadInput."""
    one = read_feedback(row, now=now, source=source)
    stored = _TOGETHER.store(
        (project, one, now), group=project.pk, key=(one.source, one.external_id)
    )
    if stored is None:
        raise BadInput("customer", "asked to be forgotten: what was said before is not stored.")
    return stored


def submit_many(*, project: Project, rows: Iterable[Any], now: datetime) -> IntakeReport:
    """Save the good rows and report the bad ones, as submit_feedback() does."""
    said, report = read_rows(rows, now=now)
    found = _save_quickly(project, said, now)
    report.created += len(found)
    rest = [one for one in said if (one.source, one.external_id) not in found]
    if rest:
        with transaction.atomic():
            save_said(project, rest, report, now)
    return report


def _save_together(
    brought: Sequence[tuple[Project, Said, datetime]],
) -> list[tuple[FeedbackItem, bool] | None]:
    project, _, now = brought[-1]
    said = [one for _, one, _ in brought]
    found = _save_quickly(project, said, now)
    rest = [one for one in said if (one.source, one.external_id) not in found]
    if rest:
        with transaction.atomic():
            stored, new = save_said(project, rest, IntakeReport(), now)
        found |= {(item.source, item.external_id): (item, item.pk in new) for item in stored}
    return [found.get((one.source, one.external_id)) for one in said]


def _save_quickly(
    project: Project, said: Collection[Said], now: datetime
) -> dict[tuple[str, str], tuple[FeedbackItem, bool]]:
    # SQLite has no statement that does it all; and within somebody's transaction nothing waits.
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return {}
    pairs = [
        (one, item_of(project.pk, one, now, language=False))
        for one in said
        if not spam_in(one.text, rating=one.rating, extra=one.extra).is_held
    ]
    if pairs:
        store_plain(project.pk, pairs, now=now)
    return {(item.source, item.external_id): (item, True) for _, item in pairs if item.pk}


def _writers() -> int:
    # PostgreSQL writes several commits to the disk at once; SQLite has one writer at a time.
    return 4 if connection.vendor == "postgresql" else 1


_TOGETHER = Together(_save_together, writers=_writers)
