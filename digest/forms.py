"""What a reader may choose about their digest, and who else is to get it."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms

from digest.schedule import LAST_MONTHDAY, Rhythm
from digest.subscribe import Choice

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
OFF = "off"


@cache
def timezones() -> list[tuple[str, str]]:
    """Return the time zones that can be chosen, as a form's choices."""
    names = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(names))]


class PreferencesForm(forms.Form):
    """Whether the digest comes, and when."""

    rhythm = forms.ChoiceField(
        label="How often", choices=[*Rhythm.choices, (OFF, "Never: switch it off")]
    )
    weekday = forms.TypedChoiceField(label="On", coerce=int, choices=list(enumerate(WEEKDAYS)))
    monthday = forms.TypedChoiceField(
        label="On the day of the month",
        coerce=int,
        choices=[(day, str(day)) for day in range(1, LAST_MONTHDAY + 1)],
    )
    hour = forms.TypedChoiceField(
        label="At", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    timezone = forms.ChoiceField(label="Time zone", choices=timezones)

    def choice(self, before: Choice) -> Choice:
        """Return what was chosen; who switches it off keeps the rhythm it had before."""
        said: dict[str, Any] = self.cleaned_data
        on = said["rhythm"] != OFF
        return Choice(
            is_on=on,
            rhythm=Rhythm(said["rhythm"]) if on else before.rhythm,
            weekday=said["weekday"],
            monthday=said["monthday"],
            hour=said["hour"],
            timezone=said["timezone"],
        )


def initial(choice: Choice) -> dict[str, Any]:
    """Return what the form shows first."""
    return {
        "rhythm": choice.rhythm if choice.is_on else OFF,
        "weekday": choice.weekday,
        "monthday": choice.monthday,
        "hour": choice.hour,
        "timezone": choice.timezone,
    }


class RecipientForm(forms.Form):
    """An address that is to be asked whether it wants the digest."""

    address = forms.EmailField(label="E-mail address", max_length=254)
