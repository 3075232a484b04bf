"""Saying what a metric is made of: reading a definition, saving it, changing it, taking it away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.errors import BadInput
from common.values import clean_text, read_duration, storable
from common.windows import DAY
from engagement.event_measures import KINDS, LOOKBACK, NAMED, RESOLUTIONS, WITHIN
from engagement.intake import define_metric, read_key
from engagement.models import EventMetric, Measure, Metric
from engagement.rolling import delete_samples

MOST_DEFINED = 100  # in a project
MOST_PROPERTIES = 5
MAX_VALUE = 200
PLACE = ("environment", "service", "version")
# What makes the values: if one of them changes, the history is worked out anew.
FIELDS = ("measure", "event", "then_event", "within", *PLACE, "where")


def read_definition(row: Any) -> dict[str, Any]:
    """Return the fields of EventMetric that `row` names; raises BadInput naming the field.

    Fields: `measure`, and as it asks: `event`, `then_event`, `within` (a length of time),
    `environment`, `service`, `version`, `where` (an object of properties). What a measure does not
    ask for is left out.
    """
    if not isinstance(row, Mapping):
        raise BadInput("definition", "must be an object.", 'Send {"measure", "event"}.')
    measure = row.get("measure")
    if measure not in Measure.values:
        known = ", ".join(Measure.values)
        raise BadInput("measure", "is missing or not known.", f"Send one of {known}.")
    asks_second = measure == Measure.CONVERSION
    facts: dict[str, Any] = {
        "measure": measure,
        "event": _name(row, "event", required=measure in NAMED),
        "then_event": _name(row, "then_event", required=True) if asks_second else "",
        "within": _within(row, measure),
        "where": _where(row.get("where")),
    }
    for field in PLACE:
        facts[field] = clean_text(row.get(field), field=field, max_length=100)
    if facts["where"] and not facts["event"]:
        mend = "Name the event that has these properties."
        raise BadInput("where", "is about an event, and none is named.", mend)
    return facts


def _name(row: Mapping[str, Any], field: str, *, required: bool) -> str:
    return clean_text(row.get(field), field=field, max_length=200, required=required)


def _within(row: Mapping[str, Any], measure: str) -> timedelta:
    within = read_duration(row.get("within"), field="within") or DAY
    if measure not in WITHIN:
        return DAY
    if within > LOOKBACK:
        raise BadInput("within", "is longer than 28 days.", 'Send a length up to "28d".')
    if measure == Measure.RETENTION and within % DAY:
        raise BadInput("within", "must be whole days.", 'Send "1d" for day 1, "7d" for day 7.')
    return within


def _where(value: Any) -> dict[str, str]:
    if value in (None, ""):
        return {}
    if not isinstance(value, Mapping):
        raise BadInput("where", "must be an object.", 'Send {"plan": "pro"}.')
    if len(value) > MOST_PROPERTIES:
        raise BadInput("where", f"has more than {MOST_PROPERTIES} properties.", "Send fewer.")
    return {_property_name(name): _property_value(one) for name, one in value.items()}


def _property_name(name: Any) -> str:
    text = clean_text(name, field="where", max_length=100, required=True)
    if '"' in text or "\\" in text:
        raise BadInput("where", f"{text!r} has a quote or a backslash.", "Choose another property.")
    return text


def _property_value(value: Any) -> str:
    """Return the value as text, as it is compared: whole numbers without a `.0`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise BadInput("where", "has a value that is no text or number.", 'Send {"plan": "pro"}.')
    text = storable(str(value)).strip()
    if not text or len(text) > MAX_VALUE:
        raise BadInput("where", "has a value that is empty or too long.", 'Send {"plan": "pro"}.')
    return text


def save_metric(project: Project, row: Any, *, now: datetime) -> tuple[Metric, bool]:
    """Save what `row` says of a metric, its `definition` if it has one; return it and if it is new.

    One that is made of events already keeps what is not said. Raises BadInput naming the field.
    """
    if isinstance(row, Mapping):
        definition = row.get("definition")
        facts = read_definition(definition) if definition is not None else None
        if facts is None:
            key = read_key(row.get("key"), field="key")
            held = EventMetric.objects.filter(metric__project=project, metric__key=key).first()
            facts = {name: getattr(held, name) for name in FIELDS} if held else None
        if facts is not None:
            saved, created = define_from_events(project, row, facts, now=now)
            return saved.metric, created
    return define_metric(project, row)


def define_from_events(
    project: Project, row: Any, definition: Mapping[str, Any], *, now: datetime
) -> tuple[EventMetric, bool]:
    """Save a metric and what it is made of; return the definition and whether the metric is new.

    `row` is as in define_metric, `definition` as read_definition returns it. If what makes the
    values changes, the samples of before are deleted and worked out anew. Raises BadInput.
    """
    kind = KINDS[definition["measure"]]
    if row.get("kind") not in (None, "", kind.value):
        problem = f"is {kind.value} for what is made of events so."
        raise BadInput("kind", problem, "Leave it out.")
    resolution = read_duration(row.get("resolution"), field="resolution")
    if resolution is not None and resolution not in RESOLUTIONS:
        raise BadInput("resolution", "must be an hour or a day.", 'Send "1h" or "1d".')
    with transaction.atomic():
        held = _held(project, read_key(row.get("key"), field="key"))
        before = (held.metric.resolution, held.metric.kind) if held else None
        if held is None and resolution is None:
            row = {**row, "resolution": "1d"}
        metric, created = define_metric(project, {**row, "kind": kind.value})
        if held is None:
            facts = {**definition, "next_due_at": now, "changed_at": now}
            made, _ = EventMetric.objects.get_or_create(metric=metric, defaults=facts)
            return made, created
        changed = before != (metric.resolution, metric.kind) or any(
            getattr(held, name) != definition[name] for name in FIELDS
        )
        held.metric = metric
        if changed:
            _start_anew(held, definition, now)
        return held, created


def _held(project: Project, key: str) -> EventMetric | None:
    """Return the locked definition of the project's metric, or None if it may get a first one."""
    rows = EventMetric.objects.select_for_update(of=("self",)).select_related("metric")
    held = rows.filter(metric__project=project, metric__key=key).first()
    if held:
        return held
    if EventMetric.objects.filter(metric__project=project).count() >= MOST_DEFINED:
        problem = f"would be one more than the {MOST_DEFINED} of a project."
        raise BadInput("definition", problem, "Stop working out another first.")
    metric = Metric.objects.filter(project=project, key=key).first()
    if metric and hasattr(metric, "feed"):
        raise BadInput("key", "is gathered from a source already.", "Choose another key.")
    if metric and hasattr(metric, "instrument"):
        raise BadInput("key", "is fed by OpenTelemetry already.", "Choose another key.")
    if metric and metric.samples.exists():
        mend = "Choose another key: they would be lost."
        raise BadInput("key", "has samples that came another way.", mend)
    return None


def _start_anew(held: EventMetric, definition: Mapping[str, Any], now: datetime) -> None:
    """Give a definition its next revision: nothing of the one before is shown as the same."""
    for name in FIELDS:
        setattr(held, name, definition[name])
    held.revision += 1
    held.worked_out_from = held.worked_out_until = held.history_from = held.seen_until = None
    held.again, held.problem = [], ""
    # Whoever works it out just now does so with what was there before: its claim is lost.
    held.claimed_at, held.next_due_at, held.changed_at = None, now, now
    held.save()
    delete_samples(held.metric, held.metric.samples.all())


def stop_working_out(row: EventMetric) -> None:
    """Forget the definition; the metric stays, with its samples."""
    row.delete()


def shown(row: EventMetric) -> dict[str, Any]:
    """Return a definition as the API shows it; lengths of time are in seconds."""
    return {
        "measure": row.measure,
        "event": row.event,
        "then_event": row.then_event,
        "within_seconds": int(row.within.total_seconds()) if row.measure in WITHIN else None,
        "environment": row.environment,
        "service": row.service,
        "version": row.version,
        "where": row.where,
        "revision": row.revision,
        "worked_out_from": row.worked_out_from,
        "worked_out_until": row.worked_out_until,
        "problem": row.problem,
    }
