"""The form that says what a metric is made of."""

from datetime import timedelta
from typing import Any

from django import forms

from common.errors import BadInput
from common.windows import DAY, HOUR
from engagement.event_defining import MOST_PROPERTIES, read_definition
from engagement.event_measures import KINDS, Asked
from engagement.event_words import length_in_words
from engagement.intake import read_key
from engagement.models import Direction, EventMetric, Measure, Metric
from engagement.models import Role as MetricRole

WITHIN = (timedelta(minutes=30), HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 28 * DAY)
RETENTION_DAYS = (1, 3, 7, 14, 28)
PLACE_HELP = "As events say it themselves; empty: any."
SHOWN = ("name", "unit", "role", "good_direction")
WHAT = ("measure", "event", "then_event", "within", "day", "hours")
PLACES = ("where", "environment", "service", "version")
# The field of the form that a problem with a definition's field belongs to.
FIELD_OF = {"definition": None, "kind": "measure", "resolution": "hours"}


def _named(label: str, help_text: str, known: str, length: int = 200) -> forms.CharField:
    attrs = {"list": known, "autocomplete": "off", "dir": "auto"}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(
        max_length=length, required=False, label=label, help_text=help_text, widget=widget
    )


class EventMetricForm(forms.Form):
    """A metric made of events: what is measured, where, and what it is called."""

    measure = forms.ChoiceField(choices=Measure.choices, label="What to measure")
    event = _named("Event", "As it is sent. Empty: any event, where that makes sense.", "events")
    then_event = _named("And then", "The event that is to follow.", "events")
    within = forms.TypedChoiceField(label="Within", coerce=int)
    day = forms.TypedChoiceField(
        label="Came back on",
        coerce=int,
        choices=[(day, f"Day {day}") for day in RETENTION_DAYS],
        help_text="Days of 24 hours from a user’s first event.",
    )
    where = forms.CharField(
        required=False,
        label="Only with these properties",
        help_text=f"One on each line, such as plan = pro; at most {MOST_PROPERTIES}.",
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    environment = _named("Environment", PLACE_HELP, "environments", 100)
    service = _named("Service", PLACE_HELP, "services", 100)
    version = _named("Version", PLACE_HELP, "versions", 100)
    hours = forms.TypedChoiceField(
        choices=[(24, "A day"), (1, "An hour")],
        coerce=int,
        label="One value for each",
        help_text="Days are those of UTC. Choose hours only if there are many users an hour.",
    )
    name = forms.CharField(
        max_length=150, required=False, help_text="Empty: made from what you chose."
    )
    key = forms.CharField(
        max_length=100,
        required=False,
        help_text="By which the API and hypotheses name it; empty: made from the name.",
    )
    unit = forms.CharField(
        max_length=30, required=False, help_text="Shown behind the values: orders, users."
    )
    role = forms.ChoiceField(
        choices=MetricRole.choices, label="What it is watched for", initial=MetricRole.SIGNAL
    )
    good_direction = forms.ChoiceField(
        choices=[("", "The usual one: more is better, fewer hours are"), *Direction.choices],
        required=False,
        label="Which way is good",
    )

    def __init__(self, *args: Any, row: EventMetric | None = None, **kw: Any) -> None:
        self.row = row
        kw.setdefault("initial", _known(row))
        super().__init__(*args, **kw)
        lengths = sorted({*WITHIN, row.within} if row else set(WITHIN))
        self.fields["within"].choices = [  # type: ignore[attr-defined]
            (int(one.total_seconds()), length_in_words(one).capitalize()) for one in lengths
        ]
        self.fields["within"].initial = int(DAY.total_seconds())
        if row:
            del self.fields["key"]
            if row.within // DAY not in RETENTION_DAYS:
                extra = (row.within // DAY, f"Day {row.within // DAY}")
                self.fields["day"].choices.append(extra)  # type: ignore[attr-defined]

    @property
    def what(self) -> list[forms.BoundField]:
        """The fields that say what is measured."""
        return [self[name] for name in WHAT]

    @property
    def places(self) -> list[forms.BoundField]:
        """The fields that narrow it to places and properties."""
        return [self[name] for name in PLACES]

    @property
    def naming(self) -> list[forms.BoundField]:
        """The fields that say what it is called, and how it is judged."""
        return [self[name] for name in self.fields if name not in (*WHAT, *PLACES)]

    @property
    def where_is_open(self) -> bool:
        """Whether there is something to see among the places."""
        return any(field.value() or field.errors for field in self.places)

    @property
    def called_is_open(self) -> bool:
        """Whether there is something to mend in what it is called."""
        return any(field.errors for field in self.naming)

    def clean(self) -> dict[str, Any]:
        """Read the definition as the API does, and say at which field it is wrong."""
        said = super().clean() or {}
        if self.errors:
            return said
        is_retention = said["measure"] == Measure.RETENTION
        within = said["day"] * DAY if is_retention else timedelta(seconds=said["within"])
        try:
            pairs = _pairs(said["where"])
            said["definition"] = read_definition(
                {**said, "where": pairs, "within": within.total_seconds()}
            )
            if not self.row:
                said["key"] = read_key(said.get("key") or self.called(said)[:100], field="key")
        except BadInput as problem:
            self.refuse(problem)
        return said

    def refuse(self, problem: BadInput) -> None:
        """Show a problem at the field that it is about."""
        name = FIELD_OF.get(problem.field, problem.field)
        told = f"{problem.problem} {problem.mend}".strip()
        self.add_error(name if name in self.fields else None, told[:1].upper() + told[1:])

    def called(self, said: dict[str, Any]) -> str:
        """Return the name that was filled in, or one made from the rest."""
        return str(said.get("name") or guessed_name(said["definition"]))

    def facts(self) -> dict[str, Any]:
        """Return what define_from_events takes as the metric, once the form is valid."""
        said = self.cleaned_data
        measure = said["definition"]["measure"]
        usual = Direction.DOWN if measure == Measure.TIME_TO_FIRST_USE else Direction.UP
        return {
            "key": self.row.metric.key if self.row else said["key"],
            "name": self.called(said)[:150],
            "unit": said["unit"] or guessed_unit(measure),
            "role": said["role"],
            "good_direction": said["good_direction"] or usual.value,
            "resolution": f"{said['hours']}h",
        }

    def asked(self, project_id: int) -> Asked:
        """Return what the definition asks of events, once the form is valid."""
        said = self.cleaned_data
        return Asked(project_id, **said["definition"], resolution=said["hours"] * HOUR)

    def metric(self, project_id: int) -> Metric:
        """Return the metric that it would make, not saved, as a chart wants it."""
        facts = {name: value for name, value in self.facts().items() if name != "resolution"}
        kind = KINDS[self.cleaned_data["definition"]["measure"]]
        resolution = self.cleaned_data["hours"] * HOUR
        return Metric(project_id=project_id, kind=kind, resolution=resolution, **facts)


def _known(row: EventMetric | None) -> dict[str, Any]:
    if row is None:
        return {"day": 1, "within": int(DAY.total_seconds())}
    known = {name: getattr(row.metric, name) for name in SHOWN}
    for name in ("measure", "event", "then_event", "environment", "service", "version"):
        known[name] = getattr(row, name)
    known["where"] = "\n".join(f"{name} = {value}" for name, value in row.where.items())
    known["within"] = int(row.within.total_seconds())
    known["day"] = row.within // DAY
    known["hours"] = row.metric.resolution // HOUR
    return known


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise BadInput("where", f"“{line.strip()[:60]}” has no =.", "Write plan = pro.")
        pairs[name.strip()] = value.strip()
    return pairs


def guessed_name(definition: dict[str, Any]) -> str:
    """Return a name for a metric of that definition."""
    event = definition["event"][:60] or "anything"
    return {
        Measure.COUNT: definition["event"][:120] or "Events",
        Measure.USERS: f"Users: {event}" if definition["event"] else "Active users",
        Measure.CONVERSION: f"{event} to {definition['then_event'][:60]}",
        Measure.FIRST_USE: f"First uses: {event}",
        Measure.ADOPTION: f"Adoption: {event}",
        Measure.TIME_TO_FIRST_USE: f"Time to first use: {event}",
        Measure.RETENTION: f"Retention, day {definition['within'] // DAY}"
        + (f": {event}" if definition["event"] else ""),
    }[Measure(definition["measure"])]


def guessed_unit(measure: str) -> str:
    """Return a unit for a metric of that measure; a share has none."""
    units = {Measure.USERS: "users", Measure.FIRST_USE: "users", Measure.TIME_TO_FIRST_USE: "h"}
    return units.get(Measure(measure), "")
