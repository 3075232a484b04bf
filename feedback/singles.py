"""What programs send hundreds of times a second, one by one or in batches.

There are two ways. Usually all is done before the answer (`take_now`). In a rush what is said is
read, put in the journal (`arrivals`), together with what others bring at the same moment, and
answered; the rest is done by a worker a moment later (`sorting`). Both tell what is new as exactly.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Project
from common.errors import BadInput, IntakeReport
from common.together import Together
from feedback.arrivals import Key, put
from feedback.intake import read_rows, status_of
from feedback.models import FeedbackItem
from feedback.rows import Said, read_feedback
from feedback.sorting import take_now
from feedback.triage import triage

Brought = tuple[int, Collection[Said], datetime]  # by which project, what, when


@dataclass(slots=True)
class Promised:
    """What a feedback that waits in the journal will be, as far as answers tell of it."""

    pk: int | None
    external_id: str
    source: str
    text: str
    rating: float | None
    version: str
    said_at: datetime
    status: str
    theme: str
    mood: str


def submit_one(
    *, project: Project, row: Any, now: datetime, source: str = "api", in_a_rush: bool = False
) -> tuple[FeedbackItem | Promised, bool]:
    """Save one row, and return what is stored and whether it is new; raises BadInput."""
    one = read_feedback(row, now=now, source=source)
    if in_a_rush:
        new = _put(project.pk, [one], now, key=(one.source, one.external_id))
        if new:
            return _promised(one, new[one.source, one.external_id]), True
    stored, created = take_now(project, [one], IntakeReport(), now)
    if not stored:
        raise BadInput("customer", "asked to be forgotten: what was said before is not stored.")
    return stored[0], stored[0].pk in created


def submit_many(
    *, project: Project, rows: Iterable[Any], now: datetime, in_a_rush: bool = False
) -> IntakeReport:
    """Save the good rows and report the bad ones, as submit_feedback() does."""
    said, report = read_rows(rows, now=now)
    if in_a_rush:
        new = _put(project.pk, said, now, key=object())
        report.created += len(new)
        said = [one for one in said if (one.source, one.external_id) not in new]
    if said:
        take_now(project, said, report, now)
    return report


def _promised(one: Said, pk: int | None) -> Promised:
    # No model is made of it: that would take longer than all the rest.
    found = triage(one.text, one.rating)
    return Promised(
        pk=pk,
        external_id=one.external_id,
        source=one.source,
        text=one.text,
        rating=one.rating,
        version=one.version,
        said_at=one.said_at,
        status=status_of(one).value,
        theme=found.theme,
        mood=found.mood,
    )


def _put(
    project_id: int, said: Collection[Said], now: datetime, *, key: object
) -> dict[Key, int | None]:
    return _TOGETHER.store((project_id, said, now), group=project_id, key=key)


def _put_all(brought: Sequence[Brought]) -> list[dict[Key, int | None]]:
    project_id, _, now = brought[-1]
    # Of those who bring the same at once, the first one's is new.
    first: dict[Key, Said] = {}
    for _, said, _ in brought:
        for one in said:
            first.setdefault((one.source, one.external_id), one)
    one_by_one = any(len(said) == 1 for _, said, _ in brought)
    new = put(project_id, first.values(), now=now, tell_ids=one_by_one)
    if len(brought) == 1:
        return [new]
    return [_of(said, first, new) for _, said, _ in brought]


def _of(
    said: Collection[Said], first: dict[Key, Said], new: dict[Key, int | None]
) -> dict[Key, int | None]:
    keys = ((one, (one.source, one.external_id)) for one in said)
    return {key: new[key] for one, key in keys if key in new and first[key] is one}


def _writers() -> int:
    # PostgreSQL writes several commits to the disk at once, but what is written together costs less
    # than what is written at the same time; SQLite has one writer.
    return 2 if connection.vendor == "postgresql" else 1


_TOGETHER = Together(_put_all, writers=_writers)
