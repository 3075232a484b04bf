"""The forms of sources of metrics and of what each gathers."""

from datetime import timedelta
from typing import Any

from django import forms

from common.errors import BadInput
from common.place_forms import PREFIX, PlaceForm
from engagement.feeding import Filled
from engagement.models import Direction, EventMetric, Feed, Kind, Metric, Source
from engagement.sample_rows import read_key
from engagement.sources.base import SourceKind
from engagement.telemetry_following import is_fed

MINUTES = [(5, "5 minutes"), (15, "15 minutes"), (60, "An hour"), (1440, "A day")]
DAYS_BACK = [(7, "A week"), (30, "A month"), (90, "Three months"), (365, "A year")]


class SourceForm(PlaceForm):
    """A place that metrics are gathered from: its name, and how to get in."""

    name = forms.CharField(max_length=100, help_text="What you call it in Wake.")

    def __init__(self, *args: Any, source: Source, kind: SourceKind, **kw: Any) -> None:
        self.source, self.kind = source, kind
        kw.setdefault("initial", {"name": source.name})
        wanted = {"options": source.options, "secrets": source.secrets}
        super().__init__(*args, wanted=kind.settings, **wanted, **kw)

    def clean_name(self) -> str:
        """Refuse a name that another source of the project has."""
        name = str(self.cleaned_data["name"])
        if self.source.project.sources.exclude(pk=self.source.pk).filter(name=name).exists():
            raise forms.ValidationError("Another source has this name.")
        return name


class FeedForm(PlaceForm):
    """One metric of a source: what is asked, and what the answer is called."""

    name = forms.CharField(max_length=150, label="Metric", help_text="Such as Orders.")
    key = forms.CharField(
        max_length=100,
        required=False,
        help_text="By which the API and hypotheses name it; empty: made from the name.",
    )
    unit = forms.CharField(
        max_length=30, required=False, help_text="Shown behind the values: ms, EUR, orders."
    )
    kind = forms.ChoiceField(choices=Kind.choices)
    good_direction = forms.ChoiceField(choices=Direction.choices, label="Which way is good")
    minutes = forms.TypedChoiceField(
        choices=MINUTES, coerce=int, label="One value for each", initial=60
    )
    environment = forms.CharField(
        max_length=100, help_text="What that word in a query stands for; also whose versions count."
    )
    service = forms.CharField(
        max_length=100,
        required=False,
        help_text="What that word in a query stands for, if there is one.",
    )
    days_back = forms.TypedChoiceField(
        choices=DAYS_BACK, coerce=int, label="History to gather at first", initial=90
    )

    def __init__(self, *args: Any, feed: Feed, kind: SourceKind, **kw: Any) -> None:
        self.feed, self.source_kind = feed, kind
        kw.setdefault("initial", self._known())
        super().__init__(*args, wanted=kind.query_settings, options=feed.options, secrets={}, **kw)
        if feed.pk:
            del self.fields["key"]
        self.order_fields([PREFIX + setting.name for setting in kind.query_settings])

    def _known(self) -> dict[str, Any]:
        feed = self.feed
        known = {"environment": feed.environment or "production", "days_back": feed.days_back}
        if not feed.pk:
            return known
        metric = feed.metric
        minutes = int(metric.resolution.total_seconds() // 60)
        shown = ("name", "unit", "kind", "good_direction")
        facts = {name: getattr(metric, name) for name in shown}
        return {**known, **facts, "service": feed.service, "minutes": minutes}

    def clean(self) -> dict[str, Any]:
        """Refuse a key that is fed already, and words in a query that mean nothing."""
        said = super().clean()
        asked = {one.name: said.get(PREFIX + one.name, "") for one in self.wanted}
        try:
            self.source_kind.asks(asked)
        except BadInput as problem:
            self.add_error(PREFIX + problem.field, f"{problem.problem} {problem.mend}")
        if not self.feed.pk and said.get("name"):
            self._check_key(said)
        return said

    def _check_key(self, said: dict[str, Any]) -> None:
        try:
            said["key"] = read_key(said.get("key") or said["name"], field="key")
        except BadInput as problem:
            self.add_error("key", f"{problem.problem} {problem.mend}")
            return
        taken = Feed.objects.filter(metric__project=self.feed.source.project)
        if taken.filter(metric__key=said["key"]).exists():
            self.add_error("key", "This metric is gathered already; choose another key.")
            return
        project = self.feed.source.project
        made = EventMetric.objects.filter(metric__project=project)
        if made.filter(metric__key=said["key"]).exists():
            self.add_error("key", "This metric is made of events; choose another key.")
        elif is_fed(project, said["key"]):
            self.add_error("key", "OpenTelemetry feeds this metric; choose another key.")

    def filled(self) -> Filled:
        """Return what was filled in, once the form is valid."""
        said, options = self.cleaned_data, self.entered(secret=False)
        is_share = any(options.get(name) for name in ("denominator", "denominator_path"))
        metric: dict[str, Any] = {
            "key": self.feed.metric.key if self.feed.pk else said["key"],
            "name": said["name"],
            "unit": said["unit"],
            "kind": Kind.RATIO if is_share else said["kind"],
            "good_direction": said["good_direction"],
            "resolution": timedelta(minutes=said["minutes"]),
        }
        return Filled(
            metric, options, said["environment"], said["service"], days_back=said["days_back"]
        )


def blank_feed(source: Source) -> Feed:
    """Return a feed that is not saved, as the form for a new one begins."""
    return Feed(source=source, metric=Metric(project=source.project))
