"""What a person may choose about mails at once."""

from django import forms

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class FindingChoiceForm(forms.Form):
    """Whether findings come by mail at once, and when not."""

    is_mailed = forms.BooleanField(label="Mail me what is found about my ships", required=False)
    hears_of_unknown = forms.BooleanField(
        label="Also about ships nobody is known to have shipped", required=False
    )
    quiet_from = forms.TypedChoiceField(label="Quiet from", coerce=int, choices=HOURS)
    quiet_until = forms.TypedChoiceField(
        label="until",
        coerce=int,
        choices=HOURS,
        help_text="On your own clock. The same hour twice: never quiet.",
    )
