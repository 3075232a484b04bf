"""The filters of the feedback inbox: read from an address, and written into one."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms

from accounts.models import Project, User
from common.days import DayField, midnight
from common.windows import DAY
from dashboard.inbox_choices import (
    IN_WORDS,
    ORDERS,
    PLACES,
    RATINGS,
    Choice,
    any_of,
    values_of,
)
from dashboard.templatetags.wake import source_name
from deployments.models import Deployment
from feedback.models import Connection, FeedbackItem, FeedbackQuerySet, Status
from feedback.models.items import LOWEST
from feedback.search import containing, looked_up
from feedback.triage import MOODS, THEMES
from learning.models import Attribution

_PLACED: dict[str, Callable[[FeedbackQuerySet], FeedbackQuerySet]] = {
    "": lambda items: items.heard(),
    "held": lambda items: items.filter(held_at__isnull=False),
    "merged": lambda items: items.filter(merged_into__isnull=False),
    "all": lambda items: items,
}


def _as_typed(value: Any) -> str:
    if value is True:
        return "on"
    return str(value.pk if isinstance(value, Connection) else value)


class InboxFilter(forms.Form):
    """The filters in the inbox's address. One that cannot be read filters nothing, and says so."""

    q = forms.CharField(
        required=False,
        max_length=200,
        strip=False,  # a space at the end says that the last word is whole
        label="Search",
        widget=forms.TextInput({"type": "search", "placeholder": "Words, “a phrase”, -without"}),
    )
    status = forms.ChoiceField(required=False, choices=[("", "All"), *Status.choices])
    sort = forms.ChoiceField(
        required=False,
        label="Order",
        choices=[
            ("", "Newest first"),
            ("oldest", "Oldest first"),
            ("lowest", "Lowest rating first"),
        ],
    )
    mood = forms.ChoiceField(required=False, choices=any_of(MOODS))
    theme = forms.ChoiceField(required=False, choices=any_of(THEMES))
    rating = forms.ChoiceField(required=False, choices=[("", "Any"), *RATINGS])
    assigned = forms.ChoiceField(required=False, label="Looked after by")
    source = forms.CharField(required=False, max_length=40)
    connection: Any = forms.ModelChoiceField(None, required=False, empty_label="Any")
    version = forms.CharField(required=False, max_length=100)
    environment = forms.CharField(required=False, max_length=100)
    language = forms.CharField(required=False, max_length=10)
    ship = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    since = DayField("From")
    until = DayField("To")
    place = forms.ChoiceField(required=False, label="Show", choices=PLACES)
    unanswered = forms.BooleanField(required=False, label="Not answered yet")
    yours = forms.BooleanField(required=False, label="About my ships")
    none = forms.BooleanField(required=False, label="About none of our ships")

    def __init__(self, data: Any, *, project: Project, reader: User) -> None:
        super().__init__(data)
        self.project, self.reader = project, reader
        self.members = list(
            User.objects.filter(memberships__project=project, is_active=True).order_by("name", "pk")
        )
        people = [("me", "Me"), ("nobody", "Nobody")]
        people += [(str(one.pk), str(one)) for one in self.members if one != reader]
        self.fields["assigned"].choices = [("", "Anybody"), *people]  # type: ignore[attr-defined]
        self.fields["connection"].queryset = project.connections.order_by("name")  # type: ignore[attr-defined]
        self.is_valid()
        self.wanted: dict[str, Any] = {k: v for k, v in self.cleaned_data.items() if v}

    @property
    def is_narrow(self) -> bool:
        """True if anything is left out."""
        return bool(self.wanted.keys() - {"sort"})

    @property
    def address(self) -> str:
        """The filters as a query string."""
        return self.address_with()

    def address_with(self, **changes: str) -> str:
        """Return the filters as a query string with some of them changed; "" drops one."""
        shown = {name: _as_typed(value) for name, value in self.wanted.items()}
        return urlencode({name: value for name, value in {**shown, **changes}.items() if value})

    @property
    def tabs(self) -> list[Choice]:
        """The statuses to choose from, each keeping the other filters."""
        current = self.wanted.get("status", "")
        return [
            Choice(value, str(label), self.address_with(status=value), value == current)
            for value, label in [("", "All"), *Status.choices]
        ]

    @property
    def chips(self) -> list[Choice]:
        """The filters that are set, in words, each with the address without it."""
        return [
            Choice(name, self._in_words(name), self.address_with(**{name: ""}))
            for name in self.wanted
            if name not in ("status", "sort")
        ]

    def _in_words(self, name: str) -> str:
        value = self.wanted[name]
        if name in IN_WORDS:
            return IN_WORDS[name]
        if name == "q":
            return f"Words: {value.strip()}"
        if name == "ship":
            ship = Deployment.objects.filter(project=self.project, pk=value).first()
            return f"About {ship or 'a ship that is not here'}"
        if name == "source":
            return f"Source: {source_name(value)}"
        words = (
            dict(getattr(self.fields[name], "choices", ())).get(value)
            if name != "connection"
            else ""
        )
        return f"{self.fields[name].label or name.capitalize()}: {words or value}"

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that are folded away at first and written by themselves."""
        names = ("assigned", "mood", "theme", "rating", "version", "since", "until", "place")
        return [self[name] for name in names]

    @property
    def ticks(self) -> list[forms.BoundField]:
        """The fields that are boxes to tick."""
        return [self[name] for name in ("yours", "unanswered", "none")]

    @property
    def more_is_set(self) -> bool:
        """True if a filter is set that is folded away at first."""
        return bool(self.wanted.keys() - {"q", "status", "sort"})

    @property
    def by(self) -> tuple[str, ...]:
        """The names of the fields to page by."""
        return ORDERS[self._sort]

    @property
    def newer_word(self) -> str:
        """What leads to the page before."""
        return {"oldest": "Older", "lowest": "Lower ratings"}.get(self._sort, "Newer")

    @property
    def older_word(self) -> str:
        """What leads to the page after."""
        return {"oldest": "Newer", "lowest": "Higher ratings"}.get(self._sort, "Older")

    @property
    def _sort(self) -> str:
        return str(self.wanted.get("sort", ""))

    def among(self) -> FeedbackQuerySet:
        """Return the project's feedback before any filter: what an index gives in this order."""
        return self._in_order(FeedbackItem.objects.filter(project=self.project))

    def items(self) -> FeedbackQuerySet:
        """Return the feedback that the filters leave, in no order yet."""
        items = self._narrowed(FeedbackItem.objects.filter(project=self.project))
        return containing(items, self.wanted.get("q", ""))

    def far(self) -> FeedbackQuerySet | None:
        """Return the same as items(), written to ask the index of words first."""
        words = self.wanted.get("q", "")
        if not words.strip():
            return None
        return looked_up(self._narrowed(FeedbackItem.objects.all()), words, self.project.pk)

    def _in_order(self, items: FeedbackQuerySet) -> FeedbackQuerySet:
        if self._sort == "lowest":
            return items.filter(rating__isnull=False).annotate(lowest=LOWEST)
        return items

    def _narrowed(self, items: FeedbackQuerySet) -> FeedbackQuerySet:
        wanted = self.wanted
        items = _PLACED[wanted.get("place", "")](self._in_order(items))
        exactly = (
            "status", "mood", "theme", "source", "connection", "version", "environment", "language",
        )  # fmt: skip
        items = items.filter(**{name: wanted[name] for name in exactly if name in wanted})
        if "rating" in wanted:
            middle = int(wanted["rating"])  # ratings from other scales lie between the stars
            items = items.filter(rating__gte=middle - 0.5, rating__lt=middle + 0.5)
        if "since" in wanted:
            items = items.filter(said_at__gte=midnight(wanted["since"]))
        if "until" in wanted:
            items = items.filter(said_at__lt=midnight(wanted["until"] + DAY))
        if "unanswered" in wanted:
            items = items.filter(status__in=[Status.NEW, Status.SEEN], replied_at=None)
        return self._about(self._assigned(items))

    def _assigned(self, items: FeedbackQuerySet) -> FeedbackQuerySet:
        to = self.wanted.get("assigned")
        if to == "nobody":
            return items.filter(assignee=None)
        if to:
            return items.filter(assignee=self.reader.pk if to == "me" else int(to))
        return items

    def _about(self, items: FeedbackQuerySet) -> FeedbackQuerySet:
        best = Attribution.objects.filter(is_best=True)
        ours = best.filter(deployment__project=self.project)
        if "ship" in self.wanted:
            about = ours.filter(deployment=self.wanted["ship"])
            items = items.filter(pk__in=about.values("feedback"))
        if "yours" in self.wanted:
            mine = ours.filter(deployment__shippers__user=self.reader)
            items = items.filter(pk__in=mine.values("feedback"))
        if "none" in self.wanted:
            items = items.filter(pk__in=best.filter(deployment=None).values("feedback"))
        return items

    def sources(self) -> list[str]:
        """Return the sources that this project's feedback came from."""
        return values_of(self.project, "source")

    def languages(self) -> list[str]:
        """Return the languages that this project's customers write."""
        return values_of(self.project, "language")
