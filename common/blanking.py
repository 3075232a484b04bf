"""Blanking the traces of one person in the rows of any table."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q

from common.traces import Traces

BATCH = 200


def blank_rows(rows: "models.QuerySet[Any]", fields: Sequence[str], traces: Traces) -> int:
    """Blank the traces in these fields of `rows`, and return how many rows had any.

    Fields may hold text, JSON or bytes; a text that grew too long for its column is cut.
    """
    count, changed = 0, []
    for row in rows.only("pk", *fields).order_by("pk").iterator(chunk_size=BATCH):
        if sum(_blank(row, name, traces) for name in fields):
            changed.append(row)
        if len(changed) >= BATCH:
            count += len(changed)
            rows.model._default_manager.bulk_update(changed, fields)
            changed = []
    if changed:
        rows.model._default_manager.bulk_update(changed, fields)
    return count + len(changed)


def _blank(row: models.Model, name: str, traces: Traces) -> bool:
    value = getattr(row, name)
    if isinstance(value, bytes | memoryview):
        value = bytes(value)
        blanked: Any = traces.blanked_body(value)
    elif isinstance(value, str):
        length = getattr(row._meta.get_field(name), "max_length", None)
        blanked = traces.blanked(value)[:length]
    else:
        blanked = traces.blanked_json(value)
    setattr(row, name, blanked)
    return bool(blanked != value)


def naming(rows: "models.QuerySet[Any]", fields: Sequence[str], traces: Traces) -> Any:
    """Keep the rows in which one of the sure names is spelled, for tables too large to read."""
    if not traces.sure:
        return rows.none()
    wanted = [Q(**{f"{field}__icontains": name}) for field in fields for name in traces.sure]
    return rows.filter(reduce(or_, wanted))
