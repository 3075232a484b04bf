"""A place that measures, which tests can fill, and break."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Project
from common.places import Setting
from engagement.models import Feed, Metric, Source
from engagement.sources.base import Access, Found, SourceKind, Wanted
from tests.factories import NOW

KIND = "gauges"


def hours(at: datetime) -> float:
    return at.timestamp() / 3600


@dataclass
class Gauges:
    """Answers with `value` for each bucket that ends in the past; `fault` is raised instead."""

    value: Callable[[datetime], float | None] = hours
    fault: Exception | None = None
    notes: tuple[str, ...] = ()
    asked: list[Wanted] = field(default_factory=list)

    def gather(self, wanted: Wanted) -> Found:
        self.asked.append(wanted)
        if self.fault:
            raise self.fault
        values, at = {}, wanted.window.start
        while at < wanted.window.end:
            value = 100.0 if wanted.query == "all" else self.value(at)
            if value is not None:
                values[at] = value
            at += wanted.step
        return Found(values, self.notes)

    def check(self, access: Access) -> str:
        if self.fault:
            raise self.fault
        return "It is there."

    def kind(self, **facts: Any) -> SourceKind:
        return SourceKind(
            name=KIND,
            label="Gauges",
            what="What the gauges in the cellar show.",
            settings=(
                Setting("url", "Address", is_address=True),
                Setting("token", "Token", is_secret=True, is_required=False),
            ),
            query_settings=(
                Setting("query", "Query", is_long=True),
                Setting("denominator", "Denominator", is_required=False),
            ),
            check=self.check,
            gather=self.gather,
            **facts,
        )


def make_source(project: Project, kind: str = KIND, **facts: Any) -> Source:
    facts.setdefault("name", "The cellar")
    facts.setdefault("options", {"url": "https://gauges.example"})
    facts.setdefault("secrets", {"token": "t0p-secret-token"})
    facts.setdefault("created_at", NOW)
    return Source.objects.create(project=project, kind=kind, **facts)


def make_feed(source: Source, key: str = "orders", **facts: Any) -> Feed:
    """Return a feed that is due at NOW, with a week of history to gather."""
    resolution = facts.pop("resolution", timedelta(hours=1))
    metric, _ = Metric.objects.get_or_create(
        project=source.project, key=key, defaults={"name": key, "resolution": resolution}
    )
    facts.setdefault("options", {"query": "q"})
    facts.setdefault("environment", "production")
    facts.setdefault("days_back", 7)
    facts.setdefault("next_due_at", NOW)
    facts.setdefault("created_at", NOW)
    return Feed.objects.create(source=source, metric=metric, **facts)
