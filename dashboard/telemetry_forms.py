"""The form for an instrument of OpenTelemetry that is to feed a metric."""

from datetime import timedelta
from typing import Any

from django import forms

from common.errors import BadInput
from dashboard.source_forms import MINUTES
from engagement.models import Direction, SeenInstrument, Take
from engagement.sample_rows import read_key
from engagement.telemetry_following import TAKES, is_fed

PLACES = ("environment", "service", "version")


class FollowForm(forms.Form):
    """What an instrument's metric is called, and which of its points count."""

    name = forms.CharField(max_length=150, label="Metric", help_text="Such as Orders.")
    key = forms.CharField(
        max_length=100,
        required=False,
        help_text="By which the API and hypotheses name it; empty: made from the name.",
    )
    unit = forms.CharField(
        max_length=30, required=False, help_text="Shown behind the values: ms, EUR, orders."
    )
    take = forms.ChoiceField(label="What is made of it")
    good_direction = forms.ChoiceField(choices=Direction.choices, label="Which way is good")
    minutes = forms.TypedChoiceField(
        choices=MINUTES, coerce=int, label="One value for each", initial=60
    )
    environment = forms.ChoiceField(required=False, label="From which environment")
    service = forms.ChoiceField(required=False, label="From which service")
    version = forms.ChoiceField(required=False, label="From which version")

    def __init__(self, *args: Any, seen: SeenInstrument, **kw: Any) -> None:
        self.seen = seen
        kw.setdefault("initial", {"name": _name(seen.name), "unit": _unit(seen.unit)})
        super().__init__(*args, **kw)
        takes = TAKES.get(seen.shape, tuple(Take))
        self.fields["take"].choices = [(take.value, take.label) for take in takes]  # type: ignore[attr-defined]
        for word in PLACES:
            known = sorted(seen.places.get(word, ()))
            choices = [("", f"Any {word}"), *((one, one) for one in known)]
            self.fields[word].choices = choices  # type: ignore[attr-defined]
            if not known:
                self.fields[word].help_text = f"No {word} is named in what comes."

    def clean(self) -> dict[str, Any]:
        """Refuse a key that is fed already: two would overwrite each other."""
        said = super().clean() or {}
        if not said.get("name"):
            return said
        try:
            said["key"] = read_key(said.get("key") or said["name"], field="key")
        except BadInput as problem:
            self.add_error("key", f"{problem.problem} {problem.mend}")
            return said
        if is_fed(self.seen.project, said["key"]):
            self.add_error("key", "Something feeds this metric already; choose another key.")
        return said

    def facts(self) -> dict[str, Any]:
        """Return what follow_instrument() is told, once the form is valid."""
        said = self.cleaned_data
        metric = {name: said[name] for name in ("key", "name", "unit", "good_direction")}
        return {
            "metric": {**metric, "resolution": timedelta(minutes=said["minutes"])},
            "take": said["take"],
            **{word: said[word] for word in PLACES},
        }


def _name(name: str) -> str:
    """Return a name to begin with: `http.server.duration` is Http server duration."""
    return " ".join(name.replace(".", " ").replace("_", " ").split()).capitalize()[:150]


def _unit(unit: str) -> str:
    """Return a unit as people write it: OpenTelemetry's `{orders}` is orders, and 1 is none."""
    return "" if unit == "1" else unit.strip("{}")[:30]
