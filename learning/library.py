"""What the library of learnings shows: which learnings, in what words they are found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, F, Q, QuerySet, TextChoices

from accounts.models import Project, User
from common.days import DayField, midnight
from common.values import storable
from common.windows import DAY
from deployments.models import Shipper
from learning.models import Learning, Tag
from learning.verdict import Verdict

SEARCHED = ("headline", "takeaway", "evidence", "deployment__title", "deployment__version")


class State(TextChoices):
    """What the library can be narrowed to, beyond the verdict."""

    DRAFT = "draft", "Waiting to be confirmed"
    OVERDUE = "overdue", "Overdue"
    CONFIRMED = "confirmed", "Confirmed"
    OVERTURNED = "overturned", "Overturned by a look-back"
    SUPERSEDED = "superseded", "Superseded versions"


class LibraryFilter(forms.Form):
    """The filters in the library's address. One that cannot be read filters nothing."""

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.TextInput({"type": "search", "placeholder": "Words, tag or ship"}),
    )
    verdict = forms.ChoiceField(required=False, choices=[("", "Any"), *Verdict.choices])
    state = forms.ChoiceField(required=False, choices=[("", "Any"), *State.choices])
    tag = forms.ModelChoiceField(
        Tag.objects.none(), required=False, empty_label="Any", to_field_name="name"
    )
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
        tags = self.fields["tag"]
        assert isinstance(tags, forms.ModelChoiceField)
        tags.queryset = Tag.objects.filter(project=project).order_by("name")
        self.is_valid()
        self.wanted: dict[str, Any] = {k: v for k, v in self.cleaned_data.items() if v}

    @property
    def is_narrow(self) -> bool:
        """True if anything is left out."""
        return bool(self.wanted)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields beside the search that are always in sight."""
        return [self[name] for name in ("verdict", "state", "tag", "person")]

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
        found = in_state(wanted.get("state", ""), self.now).filter(project=self.project)
        found = found.select_related("deployment", "confirmed_by", "supersedes", "successor")
        if "verdict" in wanted:
            found = found.filter(verdict=wanted["verdict"])
        if "tag" in wanted:
            found = found.filter(tags=wanted["tag"])
        if "person" in wanted:
            theirs = Shipper.objects.filter(user=wanted["person"]).values("deployment")
            found = found.filter(deployment__in=theirs)
        if "since" in wanted:
            found = found.filter(drafted_at__gte=midnight(wanted["since"]))
        if "until" in wanted:
            found = found.filter(drafted_at__lt=midnight(wanted["until"] + DAY))
        found = holding(found, wanted.get("q", ""))
        return found.prefetch_related("deployment__shippers__user", "tags")

    @property
    def query(self) -> str:
        """The filters as the query string of an address, without those that are not set."""
        said = {name: self.data.get(name, "") for name in self.fields if name in self.wanted}
        return urlencode(said)


def in_state(state: str, now: datetime) -> "QuerySet[Learning]":
    """Return the learnings in that state, one of State; the newest versions if it is none.

    Only "superseded" asks for versions that a later one has replaced.
    """
    found: QuerySet[Learning] = Learning.objects.current()
    if state == State.SUPERSEDED:
        found = Learning.objects.exclude(successor=None)
    elif state == State.OVERTURNED:
        found = Learning.objects.current().overturning()
    elif state == State.OVERDUE:
        found = found.filter(state=Learning.State.DRAFT, due_at__lte=now)
    elif state:
        found = found.filter(state=state)
    return found


def holding(found: "QuerySet[Learning]", text: str) -> "QuerySet[Learning]":
    """Keep the learnings that hold each word of `text`, in whatever case, somewhere."""
    for word in storable(text).split()[:10]:
        # SQLite ignores the case of A to Z alone; the other letters are asked for as they may be.
        tags = Q()
        fits = Q()
        for spelled in {word, word.lower(), word.upper(), word.capitalize()}:
            for field in SEARCHED:
                fits |= Q(**{f"{field}__icontains": spelled})
            tags |= Q(name__icontains=spelled)
        filed = Learning.tags.through.objects.filter(tag__in=Tag.objects.filter(tags))
        found = found.filter(fits | Q(pk__in=filed.values("learning")))
    return found


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
    overturned = Q(supersedes__isnull=False) & ~Q(verdict=F("supersedes__verdict"))
    counts = (
        Learning.objects.current()
        .filter(project=project)
        .aggregate(
            mine=Count("pk", filter=drafts & mine, distinct=True),
            overdue=Count("pk", filter=drafts & Q(due_at__lte=now), distinct=True),
            all_drafts=Count("pk", filter=drafts, distinct=True),
            overturned=Count("pk", filter=overturned, distinct=True),
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
        Shortcut("Overturned", counts["overturned"], urlencode({"state": "overturned"})),
    ]


def versions_of(learning: Learning) -> list[Learning]:
    """Return all versions of what this ship taught, newest first."""
    return list(
        Learning.objects.filter(project=learning.project_id, deployment=learning.deployment_id)
        .select_related("confirmed_by")
        .prefetch_related("tags", "also_taught_by")
        .order_by("-version")
    )
