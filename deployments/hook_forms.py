"""The forms of a webhook's settings."""

from typing import Any

from django import forms

from common.errors import BadInput
from common.expressions import MAX_EXPRESSION, check_expression
from deployments.mapping import FIELDS
from deployments.models import Webhook
from deployments.providers.base import Provider

_LABELS = {
    "only_when": "Only when",
    "ships": "Ships",
    "sha": "SHA",
    "id": "ID",
    "url": "URL",
}


class OptionsForm(forms.Form):
    """What of a tool's calls are ships, and where they go."""

    branch = forms.CharField(
        max_length=200, required=False, help_text="Only what is about this branch is a ship."
    )
    names = forms.CharField(
        max_length=1_000,
        required=False,
        help_text="Which of them deploy, separated by commas. Empty: those that sound like it.",
    )
    environment = forms.CharField(
        max_length=100,
        required=False,
        help_text="Where ships go whose call does not say; production if empty.",
    )

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(provider.choices):
            del self.fields[name]
        if "names" in self.fields:
            self.fields["names"].label = provider.names_are.capitalize()

    def clean_names(self) -> list[str]:
        """Return the names one by one."""
        return [name for part in self.cleaned_data["names"].split(",") if (name := part.strip())]


def options_form(webhook: Webhook, provider: Provider, data: Any = None) -> OptionsForm:
    """Return the form, filled with what the project chose before."""
    initial = {
        "branch": webhook.branch,
        "names": ", ".join(webhook.names),
        "environment": webhook.environment,
    }
    return OptionsForm(data, provider=provider, initial=initial)


class SecretForm(forms.Form):
    """A new secret: a made one, or the one that the tool gave."""

    secret = forms.CharField(
        max_length=200,
        min_length=8,
        required=False,
        label="The secret your tool gave you",
        help_text="Empty: Wake makes one. Vercel shows its own when the webhook is made there.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    keep_old = forms.BooleanField(
        required=False,
        initial=True,
        label="Take the old secret too for one more day",
        help_text="Leave this off if somebody may have seen it.",
    )


class MappingForm(forms.Form):
    """One JMESPath expression for each field of a ship."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, help_text in FIELDS.items():
            self.fields[name] = forms.CharField(
                required=False,
                max_length=MAX_EXPRESSION,
                label=_LABELS.get(name, name.replace("_", " ").capitalize()),
                help_text=help_text,
                widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, str]:
        """Return the expressions that were given, each of which can be read."""
        found = {name: text for name, text in self.cleaned_data.items() if text}
        for name, expression in found.items():
            try:
                check_expression(name, expression)
            except BadInput as reason:
                self.add_error(name, f"{reason.problem} {reason.mend}")
        if not self.errors and not {"version", "sha"} & set(found) and found:
            self.add_error("version", "A ship needs a version or a sha.")
        return found
