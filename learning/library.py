"""What the library of learnings shows: which learnings, and how our bets fared over time."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts.models import Project, User
from common.days import DayField, midnight
from common.values import storable
from common.windows import DAY
from deployments.models import Shipper
from learning.models import Learning
from learning.verdict import Verdict

MONTHS = 12
STATES = (
    ("draft", "Waiting to be confirmed"),
    ("overdue", "Overdue"),
    ("confirmed", "Confirmed"),
)


class LibraryFilter(forms.Form):
    """The filters in the library's address. One that cannot be read filters nothing."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.TextInput({"type": "search", "placeholder": "Headline, takeaway or ship"}),
    )
    verdict = forms.ChoiceField(required=False, choices=[("", "Any"), *Verdict.choices])
    state = forms.ChoiceField(required=False, choices=[("", "Any"), *STATES])
    person = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Shipped by", empty_label="Anyone"
    )
    since = DayField("From")
    until = DayField("To")

    def __init__(self, data: Any, *, project: Project, now: datetime) -> None:
        super().__init__(data)
        self.project, self.now = project, now
        people = self.fields["person"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = User.objects.filter(projects=project).order_by("name", "email")
        self.is_valid()
        self.wanted: dict[str, Any] = {k: v for k, v in self.cleaned_data.items() if v}

    @property
    def is_narrow(self) -> bool:
        """True if anything is left out."""
        return bool(self.wanted)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields beside the search that are always in sight."""
        return [self[name] for name in ("verdict", "state", "person")]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that are folded away at first."""
        return [self[name] for name in ("since", "until")]

    @property
    def more_is_set(self) -> bool:
        """True if something is set, or wrong, among what is folded away."""
        return any(field.errors or field.name in self.wanted for field in self.folded)

    def learnings(self) -> "QuerySet[Learning]":
        """Return the newest versions of the learnings that the filters leave, in no order yet."""
        wanted = self.wanted
        found = Learning.objects.current().filter(project=self.project)
        found = found.select_related("deployment", "confirmed_by", "supersedes")
        if "verdict" in wanted:
            found = found.filter(verdict=wanted["verdict"])
        if "state" in wanted:
            found = found.filter(_in_state(wanted["state"], self.now))
        if "person" in wanted:
            theirs = Shipper.objects.filter(user=wanted["person"]).values("deployment")
            found = found.filter(deployment__in=theirs)
        if "since" in wanted:
            found = found.filter(drafted_at__gte=midnight(wanted["since"]))
        if "until" in wanted:
            found = found.filter(drafted_at__lt=midnight(wanted["until"] + DAY))
        for word in storable(wanted.get("q", "")).split()[:10]:
            found = found.filter(
                Q(headline__icontains=word)
                | Q(takeaway__icontains=word)
                | Q(evidence__icontains=word)
                | Q(deployment__title__icontains=word)
                | Q(deployment__version__icontains=word)
            )
        return found.prefetch_related("deployment__shippers__user")


def _in_state(state: str, now: datetime) -> Q:
    if state == "overdue":
        return Q(state=Learning.State.DRAFT, due_at__lte=now)
    return Q(state=state)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A list that people often want: its name, how many there are, and its query string."""

    name: str
    count: int
    address: str


def shortcuts(project: Project, reader: User, now: datetime) -> list[Shortcut]:
    """Return the lists that wait for somebody, and for whom."""
    drafts = Q(state=Learning.State.DRAFT)
    mine = Q(deployment__shippers__user=reader)
    counts = (
        Learning.objects.current()
        .filter(project=project)
        .aggregate(
            mine=Count("pk", filter=drafts & mine, distinct=True),
            overdue=Count("pk", filter=drafts & Q(due_at__lte=now), distinct=True),
            all_drafts=Count("pk", filter=drafts, distinct=True),
        )
    )
    return [
        Shortcut(
            "Waiting for me",
            counts["mine"],
            urlencode({"state": "draft", "person": reader.pk}),
        ),
        Shortcut("Overdue", counts["overdue"], urlencode({"state": "overdue"})),
        Shortcut("All drafts", counts["all_drafts"], urlencode({"state": "draft"})),
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar: its verdict, where it starts and how long it is, in learnings."""

    word: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Month:
    """How many learnings of one month came out how."""

    first_day: date
    supported: int
    refuted: int
    no_effect: int
    other: int  # no verdict was possible, or no hypothesis was stated

    @property
    def total(self) -> int:
        """How many learnings there were."""
        return self.supported + self.refuted + self.no_effect + self.other

    @property
    def bars(self) -> list[Bar]:
        """The parts of a bar as long as `total`, side by side."""
        bars, start = [], 0
        for word in ("supported", "refuted", "no_effect", "other"):
            width = getattr(self, word)
            if width:
                bars.append(Bar(word, start, width))
            start += width
        return bars


def verdicts_by_month(project: Project, *, now: datetime) -> list[Month]:
    """Return the last MONTHS months, newest first, from the first one with a learning on."""
    here = timezone.localtime(now)
    months = [_months_before(here, n) for n in range(MONTHS)]
    rows = (
        Learning.objects.current()
        .filter(project=project, drafted_at__gte=midnight(months[-1]))
        .annotate(month=TruncMonth("drafted_at"))
        .values_list("month", "verdict")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counts: dict[date, Counter[str]] = {}
    for month, verdict, count in rows:
        counts.setdefault(month.date(), Counter())[verdict] += count
    oldest = min(counts, default=None)
    return [
        _month(month, counts.get(month, Counter()))
        for month in months
        if oldest is not None and month >= oldest
    ]


def added_up(months: list[Month]) -> Month | None:
    """Return all `months` as one that starts with the oldest; None if there are none."""
    if not months:
        return None
    return Month(
        months[-1].first_day,
        supported=sum(month.supported for month in months),
        refuted=sum(month.refuted for month in months),
        no_effect=sum(month.no_effect for month in months),
        other=sum(month.other for month in months),
    )


def _months_before(moment: datetime, months: int) -> date:
    years, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _month(first_day: date, counts: Counter[str]) -> Month:
    supported, refuted = counts[Verdict.SUPPORTED], counts[Verdict.REFUTED]
    no_effect = counts[Verdict.NO_EFFECT]
    other = counts.total() - supported - refuted - no_effect
    return Month(first_day, supported, refuted, no_effect, other)


def versions_of(learning: Learning) -> list[Learning]:
    """Return all versions of what this ship taught, newest first."""
    return list(
        Learning.objects.filter(project=learning.project_id, deployment=learning.deployment_id)
        .select_related("confirmed_by")
        .order_by("-version")
    )
