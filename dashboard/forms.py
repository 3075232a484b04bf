"""What people may fill in on the reading pages."""

from typing import Any

from django import forms

from accounts.forms import zone_choices
from engagement.models import Direction, Kind, NoData
from engagement.models import Role as MetricRole


class ProjectForm(forms.Form):
    """A new project."""

    name = forms.CharField(
        max_length=100,
        help_text="What your team ships, as you call it among yourselves.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    timezone = forms.ChoiceField(
        choices=zone_choices, label="Time zone", help_text="Where your weeks begin."
    )

    def clean_name(self) -> Any:
        """Refuse a name in which there is nothing to see."""
        name = " ".join(self.cleaned_data["name"].split())
        if not any(letter.isprintable() and not letter.isspace() for letter in name):
            raise forms.ValidationError("Give it a name that can be read.")
        return name


class MetricForm(forms.Form):
    """What a metric is called, and which way is good."""

    name = forms.CharField(max_length=150)
    unit = forms.CharField(
        max_length=30, required=False, help_text="Shown behind the values: ms, EUR, orders."
    )
    kind = forms.ChoiceField(choices=Kind.choices)
    good_direction = forms.ChoiceField(choices=Direction.choices, label="Which way is good")
    role = forms.ChoiceField(choices=MetricRole.choices, label="What it is watched for")
    no_data = forms.ChoiceField(
        choices=NoData.choices,
        label="What an empty bucket means",
        help_text="Zero, for a count that sends nothing when nothing happens.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse to take a share of nothing for zero."""
        said = super().clean() or {}
        if said.get("no_data") == NoData.ZERO and said.get("kind") == Kind.RATIO:
            self.add_error("no_data", "A share of nothing is not zero, but unknown.")
        return said
