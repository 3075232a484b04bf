"""Forgetting a customer in this room: what they did, and which ids they went by."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models import Project
from common.blanking import blank_rows, naming
from common.traces import Traces
from engagement.models import (
    Event,
    EventCount,
    EventMetric,
    EventReceipt,
    Feed,
    FollowedInstrument,
    Metric,
    RefusedEvent,
    SameUser,
    SeenInstrument,
    VersionUse,
)

# What others did may still say who this person is.
QUOTED = ["name", "properties", "environment", "service", "version"]


def ids_of(project: Project, known_as: Iterable[str]) -> set[str]:
    """Return all ids that a person went by in events: the given ones, and those met with them.

    Mail addresses are theirs in whatever case they were written.
    """
    ids = {one for one in known_as if one}
    mails = {one for one in ids if "@" in one}
    for mail in mails:
        spelled = Event.objects.filter(project=project, user_id__iexact=mail)
        ids |= set(spelled.values_list("user_id", flat=True).distinct()[:100])
    for _ in range(2):  # an anonymous id leads to a user, and that one to other anonymous ids
        met = SameUser.objects.filter(_is_one_of(ids, "anonymous_id", "user_id"), project=project)
        ids |= {one for pair in met.values_list("anonymous_id", "user_id") for one in pair}
    return ids


def events_of(project: Project, ids: Iterable[str]) -> "models.QuerySet[Event]":
    """Return what was done under these ids; some are nobody's."""
    return Event.objects.filter(_is_one_of(ids, "user_id", "anonymous_id"), project=project)


def forget_in_events(project: Project, known_as: Iterable[str], traces: Traces) -> dict[str, int]:
    """Delete a customer's events, and blank what others' say of them; return the rows by table.

    How many there were stays counted: a count names nobody.
    """
    ids = ids_of(project, known_as)
    met = SameUser.objects.filter(_is_one_of(ids, "anonymous_id", "user_id"), project=project)
    return {
        "Event": events_of(project, ids).delete()[0] + _blank_events(project, traces),
        "SameUser": met.delete()[0],
        **_forget_names(project, ids, traces),
        **_forget_in_metrics(project, ids, traces),
    }


def _blank_events(project: Project, traces: Traces) -> int:
    # A name may also stand in JSON as SQLite keeps it, with escapes for letters beyond ASCII.
    told = Traces(traces.sure | {_in_json(name) for name in traces.sure}, traces.weak, ())
    rows = naming(Event.objects.filter(project=project), QUOTED, told)
    return blank_rows(Event.objects.filter(pk__in=rows.values("pk")), QUOTED, traces)


def _in_json(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode().replace("\\x", "\\u00")


def _forget_names(project: Project, ids: set[str], traces: Traces) -> dict[str, int]:
    """Delete what a person's name or id is part of, where there is nothing else to keep."""
    told = Traces(traces.sure | {_in_json(name) for name in traces.sure}, traces.weak, ())
    places = ["environment", "service", "version"]
    tables: list[tuple[type[models.Model], list[str], Q]] = [
        (RefusedEvent, ["body", "reason"], _quotes(ids, "body")),
        (EventReceipt, ["message_id"], Q(message_id__in=ids)),
        (EventCount, ["name", *places], Q(name__in=ids)),
        (VersionUse, places, Q(version__in=ids)),
    ]
    counts: dict[str, int] = {}
    for table, fields, exactly in tables:
        rows: Any = table._default_manager.filter(project=project)
        named = naming(rows, fields, told).values("pk")
        doomed = rows.filter(Q(pk__in=named) | exactly).values_list("pk", flat=True)
        counts[table.__name__] = table._default_manager.filter(pk__in=list(doomed)).delete()[0]
    return counts


def _forget_in_metrics(project: Project, ids: set[str], traces: Traces) -> dict[str, int]:
    """Stop working out what is about this person alone, and blank what names them beside metrics.

    The samples stay: numbers name nobody.
    """
    wanted = Traces(traces.sure, traces.weak | ids, traces.texts)
    about = [
        row.pk
        for row in EventMetric.objects.filter(metric__project=project).order_by("pk")
        if any(_names(wanted, getattr(row, field)) for field in (*QUOTED_IN_METRICS, "where"))
    ]
    metrics, feeds = Metric.objects.filter(project=project), Feed.objects
    return {
        "EventMetric": EventMetric.objects.filter(pk__in=about).delete()[0],
        "Metric": blank_rows(metrics, ["name"], traces),
        "Feed": blank_rows(feeds.filter(source__project=project), ["note", "problem"], traces),
        "FollowedInstrument": blank_rows(
            FollowedInstrument.objects.filter(project=project), ["note"], traces
        ),
        "SeenInstrument": blank_rows(
            SeenInstrument.objects.filter(project=project), ["description", "places"], traces
        ),
    }


QUOTED_IN_METRICS = ("event", "then_event", "environment", "service", "version")


def _names(traces: Traces, value: Any) -> bool:
    return bool(traces.blanked_json(value) != value)


def _quotes(ids: set[str], field: str) -> Q:
    return _any_of([Q(**{f"{field}__contains": f'"{one}"'}) for one in ids])


def _is_one_of(ids: Iterable[str], *fields: str) -> Q:
    wanted = sorted(ids)
    return _any_of([Q(**{f"{field}__in": wanted}) for field in fields])


def _any_of(conditions: list[Q]) -> Q:
    return reduce(or_, conditions) if conditions else Q(pk__in=[])
