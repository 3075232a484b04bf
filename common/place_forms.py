"""Forms made of what a kind of place says that it needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from common.places import Setting

MAX_VALUE = 2_000
MAX_KEY = 20_000  # a key in JSON, or in PEM
PREFIX = "set_"  # before the names of settings, which could be those of other fields


class PlaceForm(forms.Form):
    """What a place asks for; a stored secret is never shown, and kept where nothing is entered."""

    def __init__(
        self,
        *args: Any,
        wanted: Sequence[Setting],
        options: Mapping[str, Any],
        secrets: Mapping[str, Any],
        **kw: Any,
    ) -> None:
        self.wanted, self.stored_options, self.stored_secrets = wanted, options, secrets
        shown = {
            PREFIX + one.name: options.get(one.name, one.default)
            for one in wanted
            if not one.is_secret
        }
        kw["initial"] = {**shown, **kw.get("initial", {})}
        super().__init__(*args, **kw)
        for setting in wanted:
            self.fields[PREFIX + setting.name] = _field(setting, has_stored=self._has(setting))

    def _has(self, setting: Setting) -> bool:
        return setting.is_secret and bool(self.stored_secrets.get(setting.name))

    def clean(self) -> dict[str, Any]:
        """Refuse to send stored secrets to another address than the one they were given for."""
        said = super().clean() or {}
        moved = any(
            setting.is_address
            and str(said.get(PREFIX + setting.name, ""))
            != str(self.stored_options.get(setting.name, ""))
            for setting in self.wanted
        )
        for setting in self.wanted:
            again = moved and setting.is_sent and self._has(setting)
            if again and not said.get(PREFIX + setting.name):
                self.add_error(PREFIX + setting.name, "Enter it again: the address is another.")
        return said

    def entered(self, *, secret: bool) -> dict[str, Any]:
        """Return what was entered for the settings that are secret, or for those that are not."""
        return {
            one.name: self.cleaned_data[PREFIX + one.name]
            for one in self.wanted
            if one.is_secret == secret
        }


def _field(setting: Setting, *, has_stored: bool) -> forms.Field:
    help_text = setting.help
    if has_stored:
        help_text = f"{help_text} Stored; leave it empty to keep it.".strip()
    if setting.choices:
        return forms.ChoiceField(
            choices=setting.choices,
            required=setting.is_required,
            label=setting.label,
            help_text=help_text,
        )
    return forms.CharField(
        max_length=MAX_KEY if setting.is_long else MAX_VALUE,
        required=setting.is_required and not has_stored,
        label=setting.label,
        help_text=help_text,
        widget=_widget(setting),
    )


def _widget(setting: Setting) -> forms.Widget:
    plain = {"autocomplete": "off", "spellcheck": "false"}
    if setting.is_long:
        rows = {**plain, "rows": 4}
        return UnshownTextarea(rows) if setting.is_secret else forms.Textarea(rows)
    if setting.is_secret:
        return forms.PasswordInput({"autocomplete": "new-password"})
    return forms.TextInput(plain)


class UnshownTextarea(forms.Textarea):
    """A field for a long secret; like a password's, it never shows what was entered."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Leave the value out."""
        return super().get_context(name, None, attrs)
