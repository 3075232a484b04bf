"""The forms of connections, made of what each connector says that it needs."""

import re
from typing import Any

from django import forms

from accounts.models import Project
from common.place_forms import PREFIX, PlaceForm
from feedback.connections import Filled
from feedback.connectors.base import Connector
from feedback.models import Connection

DAYS_BACK = [(7, "A week"), (30, "A month"), (90, "Three months"), (365, "A year"), (3650, "All")]


class ConnectionForm(PlaceForm):
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
        super().__init__(
            *args,
            wanted=connector.settings,
            options=connection.options,
            secrets=connection.secrets,
            **kw,
        )
        if connector.gather is None:
            del self.fields["days_back"]
        self.order_fields(["name", *(PREFIX + setting.name for setting in connector.settings)])

    def _known(self) -> dict[str, Any]:
        stored = self.connection
        return {
            "name": stored.name,
            "environment": stored.environment,
            "days_back": stored.days_back,
        }

    def clean_name(self) -> str:
        """Refuse a name that another connection of the project has."""
        name = str(self.cleaned_data["name"])
        others = self.connection.project.connections.exclude(pk=self.connection.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError("Another source has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse what PlaceForm does, and a name that would mix up two sources."""
        said = super().clean()
        if "source" in said or PREFIX + "source" in said:
            self._check_source(str(said.get(PREFIX + "source", "")))
        return said

    def _check_source(self, source: str) -> None:
        if not re.fullmatch(r"[a-z0-9_-]{1,40}", source):
            self.add_error(PREFIX + "source", "Use small letters, digits, - and _ only.")
        others = self.connection.project.connections.exclude(pk=self.connection.pk)
        if others.filter(kind=self.connector.name, options__source=source).exists():
            # Two tools may well number what they send alike.
            self.add_error(PREFIX + "source", "Another source is called so; choose another word.")

    def filled(self) -> Filled:
        """Return what was filled in, once the form is valid."""
        said = self.cleaned_data
        return Filled(
            name=said["name"],
            options=self.entered(secret=False),
            secrets=self.entered(secret=True),
            environment=said["environment"],
            days_back=said.get("days_back", self.connection.days_back),
        )


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
