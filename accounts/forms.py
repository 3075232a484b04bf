"""The forms of a project's settings."""

import zoneinfo

from django import forms

from accounts.models import Membership, Project, Role, Scope


def zone_choices() -> list[tuple[str, str]]:
    """Return every time zone by its name, UTC first."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
    shown = [name for name in names if not name.startswith(("Etc/", "posix", "right", "SystemV"))]
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in shown)]


class ProjectForm(forms.ModelForm):
    """What the project is called, and in which zone its days begin."""

    timezone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        help_text="Days and weeks in the digest begin at midnight there.",
    )

    class Meta:
        model = Project
        fields = ("name", "timezone")


class MemberForm(forms.Form):
    """Somebody to add."""

    email = forms.EmailField(
        label="Mail address",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off", "placeholder": "name@example.com"}),
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MEMBER)


class RoleForm(forms.ModelForm):
    """Another role for a member."""

    class Meta:
        model = Membership
        fields = ("role",)


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        max_length=50,
        help_text="Where it will be used, such as “GitHub Actions”.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=Scope.choices,
        initial=[Scope.DEPLOYMENTS_WRITE],
        widget=forms.CheckboxSelectMultiple,
        help_text="Give each script a key of its own that may do no more than it needs.",
        error_messages={"required": "Choose at least one thing that the key may do."},
    )

    def clean_scopes(self) -> list[str]:
        """Refuse a key that anybody can read in a page or an app, and that may do more."""
        scopes = list(self.cleaned_data["scopes"])
        if Scope.EVENTS_WRITE in scopes and len(scopes) > 1:
            raise forms.ValidationError(
                "A key that sends events stands in pages and apps, where anybody can read it: "
                "it may do nothing else. Make a second key for the rest."
            )
        return scopes
