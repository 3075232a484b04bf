"""Forgetting a customer in this room: what they said, who they are, and where else it stands."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import Project
from common.blanking import blank_rows, naming
from common.tables import NotATable, Table
from common.traces import Traces
from feedback.merging import lock_groups
from feedback.models import (
    Arrival,
    BulkAction,
    Call,
    Connection,
    Customer,
    FeedbackEvent,
    FeedbackItem,
    Import,
    SavedView,
)
from feedback.remembering import forget, of_customer, of_item

GONE = "A customer in this file was erased: send the file again."
QUOTED = ["text", "reply_text", "url", "area", "extra", "answer_to"]


def lock_for_forgetting(project: Project) -> None:
    """Let no gathering and no intake of the project run beside this transaction."""
    # In the order in which gathering takes them, or the two could wait for each other.
    list(Connection.objects.select_for_update().filter(project=project).order_by("pk"))
    lock_groups(project.pk)


def forget_arrivals(project: Project, traces: Traces) -> int:
    """Delete what names them in the journal; return how many rows.

    What could be sorted in has been. What came while they are erased, or cannot be sorted, is here.
    """
    rows = Arrival.objects.filter(project=project)
    gone = [row.pk for row in rows if traces.blanked_json(_told(row)) != _told(row)]
    return Arrival.objects.filter(pk__in=gone).delete()[0]


def _told(row: Arrival) -> list[Any]:
    try:
        return [row.external_id, json.loads(row.said)]
    except ValueError:
        return [row.external_id, row.said]


def forget_feedback(
    project: Project,
    people: Sequence[Customer],
    items: Sequence[FeedbackItem],
    traces: Traces,
    *,
    now: datetime,
) -> dict[str, int]:
    """Delete the customers and all they said, blank what is left of it; return rows by table."""
    everyone = {*people, *(item.customer for item in items if item.customer)}
    prints = [of_item(project, item.source, item.external_id) for item in items]
    for person in people:
        prints += of_customer(project, person.external_id, person.email)
    forget(project, prints, now=now)
    keys = [item.pk for item in items]
    _promote(keys, now)
    FeedbackEvent.objects.filter(feedback__project=project, details__took_in__in=keys).delete()
    FeedbackEvent.objects.filter(feedback__project=project, details__other__in=keys).delete()
    FeedbackEvent.objects.filter(feedback__project=project, details__feedback__in=keys).delete()
    deleted = FeedbackItem.objects.filter(pk__in=keys).delete()[1]
    counts = {name.rpartition(".")[2]: count for name, count in deleted.items()}
    # Of those whose copies went, only the ones who said nothing else.
    gone = Customer.objects.filter(pk__in=[one.pk for one in everyone], feedback=None)
    counts["Customer"] = gone.delete()[1].get("feedback.Customer", 0)
    counts["Arrival"] = forget_arrivals(project, traces)
    return _added(counts, _blank_elsewhere(project, traces))


def _promote(keys: list[int], now: datetime) -> None:
    """Let the first of those that stay stand for a group whose head goes."""
    left = FeedbackItem.objects.filter(merged_into__in=keys).exclude(pk__in=keys)
    for head in keys:
        group = list(left.filter(merged_into=head).order_by("said_at", "pk"))
        if not group:
            continue
        first, others = group[0], [item.pk for item in group[1:]]
        FeedbackItem.objects.filter(pk=first.pk).update(
            merged_into=None, merged_at=None, merged_because="", linked_at=None
        )
        FeedbackItem.objects.filter(pk__in=others).update(merged_into=first, merged_at=now)
        FeedbackEvent.objects.filter(feedback__in=[*others, first.pk], kind="merged").delete()


def _blank_elsewhere(project: Project, traces: Traces) -> dict[str, int]:
    counts = {
        "FeedbackItem": blank_rows(
            naming(FeedbackItem.objects.filter(project=project), QUOTED, traces), QUOTED, traces
        ),
        "FeedbackEvent": blank_rows(
            FeedbackEvent.objects.filter(feedback__project=project).exclude(text="", details={}),
            ["text", "details"],
            traces,
        ),
        "Call": blank_rows(
            Call.objects.filter(connection__project=project),
            ["event", "call_id", "headers", "body", "reason"],
            traces,
        ),
        "Connection": blank_rows(
            Connection.objects.filter(project=project), ["cursor", "problem", "bad_rows"], traces
        ),
        "BulkAction": blank_rows(
            BulkAction.objects.filter(project=project), ["query", "problem"], traces
        ),
        "SavedView": blank_rows(
            SavedView.objects.filter(project=project), ["name", "query"], traces
        ),
        "Import": blank_rows(Import.objects.filter(project=project), ["name", "report"], traces),
    }
    counts["Import"] += _drop_files(project, traces)
    return counts


def _drop_files(project: Project, traces: Traces) -> int:
    """Drop the files that wait to be read and hold a trace: they cannot be blanked in place."""
    dropped = 0
    for row in Import.objects.filter(project=project).exclude(file=""):
        if not _holds(row, traces):
            continue
        name, storage = row.file.name or "", row.file.storage
        row.file, row.state = "", Import.State.FAILED
        row.report = {**row.report, "problem": GONE}
        row.save(update_fields=["file", "state", "report"])
        storage.delete(name)
        dropped += 1
    return dropped


def _holds(row: Import, traces: Traces) -> bool:
    try:
        with row.file.open("rb") as file:
            table = Table(file)
            try:
                return any(traces.blanked_json(one.values) != one.values for one in table.rows())
            finally:
                table.close()
    except (NotATable, OSError):
        return True


def _added(counts: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) + more.get(name, 0) for name in sorted({*counts, *more})}
