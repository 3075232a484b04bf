"""Mails that answer mails: which conversation each belongs to.

A customer's answer names the mail that it answers. That is either a mail of theirs, which is a
feedback, or an answer that went out from here, whose Message-ID says which feedback it answers.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Project
from common.mail import host
from feedback.connectors.base import Row
from feedback.models import Connection, FeedbackEvent, FeedbackItem, Status

_OURS = re.compile(r"answer\.(\d{1,18})\.(\d{1,18})\.([0-9a-f]{20})@\S{1,255}")


def answer_id(item: FeedbackItem, about: int) -> str:
    """Return the Message-ID of the answer to `item` about the ship with that key, without < and >.

    It is the same in every try. Nobody else can make one, so that a stranger's mail cannot pass
    for the answer to an answer.
    """
    mark = _mark(item.project_id, item.pk, about)
    return f"answer.{item.pk}.{about}.{mark}@{host()}"


def _mark(project_id: int, item_id: int, about: int) -> str:
    return salted_hmac("feedback.threads", f"{project_id}.{item_id}.{about}").hexdigest()[:20]


def answered_by(message_id: str, project: Project) -> int | None:
    """Return the key of the feedback that our answer with this Message-ID was for, if any."""
    found = _OURS.fullmatch(message_id)
    if not found:
        return None
    item_id, about = int(found[1]), int(found[2])
    right = constant_time_compare(found[3], _mark(project.pk, item_id, about))
    return item_id if right else None


def with_threads(connection: Connection, rows: Iterable[Row]) -> list[Row]:
    """Give each row that answers something known `thread`: the key of the first feedback."""
    rows = list(rows)
    answers = [row for row in rows if _answers(row)]
    roots = _roots(connection, answers) if answers else {}
    return [
        {**row, "thread": root}
        if _answers(row) and (root := _root_of(row, roots)) is not None
        else row
        for row in rows
    ]


def _answers(row: Row) -> bool:
    return isinstance(row, dict) and isinstance(row.get("in_reply_to"), list)


def note_answers(connection: Connection, rows: Iterable[Row], *, now: datetime) -> None:
    """Open the feedback again that a mail stored at this moment answers, and say why.

    What was stored before changes nothing, however often it is read.
    """
    by_id = {str(row["id"]): row for row in rows if _answers(row)}
    if not by_id:
        return
    new = FeedbackItem.objects.filter(
        project=connection.project_id,
        source=connection.kind,
        external_id__in=by_id,
        received_at=now,
    )
    answers = {item.external_id: item for item in new}
    roots = _roots(connection, [by_id[known_by] for known_by in answers])
    for known_by, item in answers.items():
        root = _root_of(by_id[known_by], roots)
        if root is None or root == item.pk:
            continue
        if item.extra.get("thread") != root:  # both came in one page
            FeedbackItem.objects.filter(pk=item.pk).update(extra={**item.extra, "thread": root})
        _open_again(root, item, now)


def _open_again(root: int, answer: FeedbackItem, now: datetime) -> None:
    done = FeedbackItem.objects.filter(pk=root, status__in=[Status.ANSWERED, Status.CLOSED])
    if done.update(status=Status.NEW):
        FeedbackEvent.objects.create(
            feedback_id=root,
            kind=FeedbackEvent.Kind.STATUS,
            happened_at=now,
            text="They wrote again.",
            details={"status": Status.NEW.value, "feedback": answer.pk},
        )


def _roots(connection: Connection, rows: Iterable[Row]) -> dict[str, int]:
    """Return by the id of a mail the key of the feedback that its conversation began with."""
    project = connection.project
    named = {str(one) for row in rows for one in row.get("in_reply_to") or ()}
    found: dict[str, int] = {}
    ours = {one: key for one in named if (key := answered_by(one, project)) is not None}
    items = FeedbackItem.objects.filter(project=project)
    kept = {item.pk: item for item in items.filter(pk__in=ours.values())}
    found |= {one: _first(kept[key]) for one, key in ours.items() if key in kept}
    theirs = items.filter(source=connection.kind, external_id__in=named - ours.keys())
    return found | {item.external_id: _first(item) for item in theirs}


def _first(item: FeedbackItem) -> int:
    thread = item.extra.get("thread")
    return thread if isinstance(thread, int) else item.pk


def _root_of(row: Row, roots: dict[str, int]) -> int | None:
    return next((roots[one] for one in row.get("in_reply_to") or () if one in roots), None)
