"""The forms of connections, made of what each connector says that it needs."""

import re
from typing import Any

from django import forms

from accounts.models import Project
from common.places import Setting
from feedback.connections import Filled
from feedback.connectors.base import HOOK_SECRET, Connector
from feedback.models import Connection

MAX_VALUE = 2_000
MAX_KEY = 20_000  # a key in JSON, or in PEM
DAYS_BACK = [(7, "A week"), (30, "A month"), (90, "Three months"), (365, "A year"), (3650, "All")]
_PREFIX = "set_"  # before the names of settings, which could be those of other fields


class ConnectionForm(forms.Form):
    """One place: its name, what its connector asks for, and how its feedback is taken."""

    name = forms.CharField(max_length=100, help_text="What you call it in Wake.")
    environment = forms.CharField(
        max_length=100,
        required=False,
        help_text="Where its customers are, if they do not say it themselves.",
    )
    days_back = forms.TypedChoiceField(
        choices=DAYS_BACK,
        coerce=int,
        initial=30,
        label="How far back at first",
        help_text="What was said before is not gathered.",
    )

    def __init__(self, *args: Any, connection: Connection, connector: Connector, **kw: Any) -> None:
        self.connection, self.connector = connection, connector
        kw.setdefault("initial", self._known())
        super().__init__(*args, **kw)
        for setting in connector.settings:
            self.fields[_PREFIX + setting.name] = _field(setting, has_stored=self._has(setting))
        if connector.gather is None:
            del self.fields["days_back"]
        self.order_fields(["name", *(_PREFIX + setting.name for setting in connector.settings)])

    def _known(self) -> dict[str, Any]:
        stored = self.connection
        known: dict[str, Any] = {
            "name": stored.name,
            "environment": stored.environment,
            "days_back": stored.days_back,
        }
        for setting in self.connector.settings:
            if not setting.is_secret:
                known[_PREFIX + setting.name] = stored.options.get(setting.name, setting.default)
        return known

    def _has(self, setting: Setting) -> bool:
        return setting.is_secret and bool(self.connection.secrets.get(setting.name))

    def clean_name(self) -> str:
        """Refuse a name that another connection of the project has."""
        name = str(self.cleaned_data["name"])
        others = self.connection.project.connections.exclude(pk=self.connection.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError("Another source has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse to send stored secrets to another address than the one they were given for."""
        said = super().clean() or {}
        moved = any(
            setting.is_address
            and str(said.get(_PREFIX + setting.name, ""))
            != str(self.connection.options.get(setting.name, ""))
            for setting in self.connector.settings
        )
        for setting in self.connector.settings:
            asked_here = setting.name != HOOK_SECRET  # that one is never sent anywhere
            if moved and asked_here and self._has(setting) and not said.get(_PREFIX + setting.name):
                self.add_error(_PREFIX + setting.name, "Enter it again: the address is another.")
        if "source" in said or _PREFIX + "source" in said:
            self._check_source(str(said.get(_PREFIX + "source", "")))
        return said

    def _check_source(self, source: str) -> None:
        if not re.fullmatch(r"[a-z0-9_-]{1,40}", source):
            self.add_error(_PREFIX + "source", "Use small letters, digits, - and _ only.")
        others = self.connection.project.connections.exclude(pk=self.connection.pk)
        if others.filter(kind=self.connector.name, options__source=source).exists():
            # Two tools may well number what they send alike.
            self.add_error(_PREFIX + "source", "Another source is called so; choose another word.")

    def filled(self) -> Filled:
        """Return what was filled in, once the form is valid."""
        said = self.cleaned_data
        values = {one.name: said[_PREFIX + one.name] for one in self.connector.settings}
        is_secret = {one.name: one.is_secret for one in self.connector.settings}
        return Filled(
            name=said["name"],
            options={name: value for name, value in values.items() if not is_secret[name]},
            secrets={name: value for name, value in values.items() if is_secret[name]},
            environment=said["environment"],
            days_back=said.get("days_back", self.connection.days_back),
        )


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
        return UnshownTextarea({**plain, "rows": 4}) if setting.is_secret else forms.Textarea(plain)
    if setting.is_secret:
        return forms.PasswordInput({"autocomplete": "new-password"})
    return forms.TextInput(plain)


class UnshownTextarea(forms.Textarea):
    """A field for a long secret; like a password's, it never shows what was entered."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Leave the value out."""
        return super().get_context(name, None, attrs)


class SecretForm(forms.Form):
    """Another secret for the calls of a connection: a made one, or the one that the tool gave."""

    secret = forms.CharField(
        max_length=500,
        min_length=8,
        required=False,
        label="The secret your tool gave you",
        help_text="Empty: Wake makes one.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    keep_old = forms.BooleanField(
        required=False,
        initial=True,
        label="Take the old secret too for one more day",
        help_text="Leave this off if somebody may have seen it.",
    )


def blank_connection(project: Project, connector: Connector) -> Connection:
    """Return a connection that is not saved, as the form for a new one begins."""
    taken = set(project.connections.values_list("name", flat=True))
    names = [connector.label, *(f"{connector.label} {number}" for number in range(2, 100))]
    name = next((one for one in names if one not in taken), "")
    return Connection(project=project, kind=connector.name, name=name)
