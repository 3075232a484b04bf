"""What owners fill in for a hook."""

from typing import Any

from django import forms
from django.conf import settings

from common.hosts import CannotReach, NotAllowed, addresses_of, read_address
from outbound.models import TOLD, Event


class WebhookForm(forms.Form):
    """An address that is told by signed webhooks."""

    url = forms.CharField(
        label="Address",
        max_length=2_000,
        widget=forms.URLInput({"placeholder": "https://", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=[(event.value, event.label) for event in TOLD],
        initial=[event.value for event in TOLD],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing to tell."},
    )

    def clean_url(self) -> str:
        """Refuse an address that Wake would never call."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            host = read_address(url)
            addresses_of(host, 443, settings.ALLOW_PRIVATE_HOSTS)
        except NotAllowed as reason:
            raise forms.ValidationError(str(reason)) from None
        except CannotReach:
            pass  # a name that is not known yet may be known when there is something to tell
        return url


class GrafanaForm(WebhookForm):
    """A Grafana whose dashboards show ships and their verdicts."""

    token = forms.CharField(
        max_length=500,
        help_text="Of a service account that may write annotations.",
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    field_order = ("url", "token")

    def __init__(self, *args: Any, is_known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["events"]
        self.fields["url"].label = "Where Grafana is"
        if is_known:
            self.fields["token"].required = False
            self.fields["token"].help_text = "Only if it is to be another one."

    def clean(self) -> dict[str, Any]:
        """Tell Grafana of ships and verdicts; it has no place for more."""
        said = super().clean() or {}
        said["events"] = [Event.SHIP_RECORDED.value, Event.VERDICT_REACHED.value]
        return said
