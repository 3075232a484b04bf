"""What a reader may choose about their digest."""

from functools import cache
from zoneinfo import available_timezones

from django import forms

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@cache
def timezones() -> list[tuple[str, str]]:
    """Return the time zones that can be chosen, as a form's choices."""
    names = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(names))]


class PreferencesForm(forms.Form):
    """Whether the digest comes, and when."""

    is_on = forms.BooleanField(label="Send me the weekly digest", required=False)
    weekday = forms.TypedChoiceField(label="On", coerce=int, choices=list(enumerate(WEEKDAYS)))
    hour = forms.TypedChoiceField(
        label="At", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    timezone = forms.ChoiceField(label="Time zone", choices=timezones)
