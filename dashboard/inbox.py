"""What the feedback inbox shows: which feedback, and about which ship it most likely is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Prefetch, Q

from accounts.models import Project, User
from common.days import DayField, midnight
from common.windows import DAY
from deployments.models import Deployment
from feedback.models import FeedbackItem, FeedbackQuerySet, Status
from feedback.search import containing
from feedback.triage import MOODS, THEMES
from learning.models import Attribution

RATINGS = tuple((str(n), f"{n} star" if n == 1 else f"{n} stars") for n in range(5, 0, -1))
# A filter offers this many of the newest ships; the page of an older ship links here by itself.
SHIPS_OFFERED = 50
SOURCES_OFFERED = 30
# Feedback comes late, but a ship older than this is not offered for it by hand.
LOOK_BACK = timedelta(days=120)


def any_of(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the choices of a filter that need not be set."""
    return [("", "Any"), *((word, word.capitalize()) for word in words)]


@dataclass(frozen=True, slots=True)
class Tab:
    """One status to choose, and the query string that shows it."""

    value: str
    label: str
    address: str
    is_current: bool


class InboxFilter(forms.Form):
    """The filters in the inbox's address. One that cannot be read filters nothing, and says so."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.TextInput({"type": "search", "placeholder": "Words that they used"}),
    )
    status = forms.ChoiceField(required=False, choices=[("", "All"), *Status.choices])
    mood = forms.ChoiceField(required=False, choices=any_of(MOODS))
    theme = forms.ChoiceField(required=False, choices=any_of(THEMES))
    rating = forms.ChoiceField(required=False, choices=[("", "Any"), *RATINGS])
    source = forms.CharField(required=False, max_length=40)
    version = forms.CharField(required=False, max_length=100)
    ship = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    since = DayField("From")
    until = DayField("To")
    yours = forms.BooleanField(required=False, label="About my ships")

    def __init__(self, data: Any, *, project: Project, reader: User) -> None:
        super().__init__(data)
        self.project, self.reader = project, reader
        self.is_valid()
        self.wanted: dict[str, Any] = {k: v for k, v in self.cleaned_data.items() if v}

    @property
    def is_narrow(self) -> bool:
        """True if anything is left out."""
        return bool(self.wanted)

    @property
    def address(self) -> str:
        """The filters as a query string, for links that keep them."""
        return self.address_with()

    def address_with(self, **changes: str) -> str:
        """Return the filters as a query string with some of them changed; "" drops one."""
        shown = {name: "on" if value is True else value for name, value in self.wanted.items()}
        return urlencode({name: value for name, value in {**shown, **changes}.items() if value})

    @property
    def tabs(self) -> list[Tab]:
        """The statuses to choose from, each keeping the other filters."""
        current = self.wanted.get("status", "")
        return [
            Tab(value, str(label), self.address_with(status=value), value == current)
            for value, label in [("", "All"), *Status.choices]
        ]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that are folded away at first."""
        return [self[name] for name in ("mood", "theme", "rating", "version", "since", "until")]

    @property
    def more_is_set(self) -> bool:
        """True if a filter is set that is folded away at first."""
        return bool(self.wanted.keys() - {"q", "status", "yours"})

    def items(self) -> FeedbackQuerySet:
        """Return the feedback that the filters leave, in no order yet."""
        wanted = self.wanted
        items = FeedbackItem.objects.heard().filter(project=self.project)
        exactly = ("status", "mood", "theme", "source", "version")
        items = items.filter(**{name: wanted[name] for name in exactly if name in wanted})
        if "rating" in wanted:
            middle = int(wanted["rating"])  # ratings from other scales lie between the stars
            items = items.filter(rating__gte=middle - 0.5, rating__lt=middle + 0.5)
        if "since" in wanted:
            items = items.filter(said_at__gte=midnight(wanted["since"]))
        if "until" in wanted:
            items = items.filter(said_at__lt=midnight(wanted["until"] + DAY))
        best = Attribution.objects.filter(is_best=True, deployment__project=self.project)
        if "ship" in wanted:
            about = best.filter(deployment=wanted["ship"])
            items = items.filter(pk__in=about.values("feedback"))
        if "yours" in wanted:
            mine = best.filter(deployment__shippers__user=self.reader)
            items = items.filter(pk__in=mine.values("feedback"))
        return containing(items, wanted.get("q", ""))

    def sources(self) -> list[str]:
        """Return the sources that this project's feedback came from.

        Each is looked up behind the one before: a DISTINCT would read the whole index.
        """
        items = FeedbackItem.objects.filter(project=self.project).order_by("source")
        found: list[str] = []
        last = items.values_list("source", flat=True).first()
        while last is not None and len(found) < SOURCES_OFFERED:
            found.append(last)
            last = items.filter(source__gt=last).values_list("source", flat=True).first()
        return found

    def ships(self) -> list[Deployment]:
        """Return the newest live ships, and the one that is asked for."""
        ships = Deployment.objects.filter(project=self.project)
        newest = list(ships.reaching_customers().order_by("-shipped_at", "-pk")[:SHIPS_OFFERED])
        asked = self.wanted.get("ship")
        if asked and all(ship.pk != asked for ship in newest):
            newest += ships.filter(pk=asked)
        return newest


def with_best_ship(items: FeedbackQuerySet) -> FeedbackQuerySet:
    """Give each feedback `best`: a list with the attribution most likely to be right, if any."""
    best = Attribution.objects.filter(is_best=True).select_related("deployment")
    best = best.prefetch_related("deployment__shippers__user")
    return items.select_related("correction").prefetch_related(
        Prefetch("attributions", best, to_attr="best")
    )


def count_new(project: Project) -> int:
    """Return how much feedback nobody has opened yet."""
    return FeedbackItem.objects.heard().filter(project=project, status=Status.NEW).count()


def neighbours(
    item: FeedbackItem, items: FeedbackQuerySet
) -> tuple[FeedbackItem | None, FeedbackItem | None]:
    """Return what was said just after and just before `item` among `items`."""
    newer = Q(said_at__gt=item.said_at) | Q(said_at=item.said_at, pk__gt=item.pk)
    older = Q(said_at__lt=item.said_at) | Q(said_at=item.said_at, pk__lt=item.pk)
    return (
        items.filter(newer, said_at__gte=item.said_at).order_by("said_at", "pk").first(),
        items.filter(older, said_at__lte=item.said_at).order_by("-said_at", "-pk").first(),
    )


def ships_to_choose(item: FeedbackItem) -> list[Deployment]:
    """Return the ships that a person may say `item` is about, newest first."""
    return list(
        Deployment.objects.filter(project=item.project_id)
        .reaching_customers()
        .filter(shipped_at__lte=item.said_at, shipped_at__gt=item.said_at - LOOK_BACK)
        .order_by("-shipped_at", "-pk")[:SHIPS_OFFERED]
    )
