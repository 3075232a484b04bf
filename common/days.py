"""Days as people choose them in a form, in their own time zone."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def is_near(day: date) -> None:
    """Refuse a day of another age, whose midnight may not even exist as a time."""
    if not 1990 <= day.year <= 2200:
        raise forms.ValidationError("Choose a day between 1990 and 2200.")


class DayField(forms.DateField):
    """A day that need not be given."""

    def __init__(self, label: str) -> None:
        super().__init__(required=False, label=label, widget=DayInput(), validators=[is_near])


def midnight(day: date) -> datetime:
    """Return the moment at which `day` begins where the reader is."""
    return timezone.make_aware(datetime.combine(day, time()))


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that name, or UTC if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
