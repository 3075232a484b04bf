"""Places to gather from that tests can put something into, and break."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from accounts.models import Project
from common.places import Setting
from feedback.connectors.base import Asked, Connector, Gathered
from feedback.models import Connection
from tests.factories import NOW

KIND = "suggestions"


@dataclass
class Place:
    """A list of rows that is given out in pages; `fault` is raised instead, if there is one."""

    rows: list[Any] = field(default_factory=list)
    page: int = 2
    fault: Exception | None = None
    wait: timedelta | None = None
    asked: list[Asked] = field(default_factory=list)

    def gather(self, asked: Asked) -> Gathered:
        self.asked.append(asked)
        if self.fault:
            raise self.fault
        start = asked.cursor.get("at", 0)
        end = start + self.page
        return Gathered(
            self.rows[start:end],
            {"at": min(end, len(self.rows))},
            has_more=end < len(self.rows),
            wait=self.wait,
        )

    def connector(self, **facts: Any) -> Connector:
        made = Connector(
            name=KIND,
            label="Suggestion box",
            what="What people put into the box.",
            settings=(
                Setting("url", "Address", is_address=True),
                Setting("token", "Token", is_secret=True),
            ),
            gather=self.gather,
        )
        return replace(made, **facts)


def said(*numbers: int) -> list[dict[str, Any]]:
    """Return a row for each number."""
    return [
        {"id": f"box/{n}", "text": f"Suggestion {n}", "created_at": NOW.isoformat()}
        for n in numbers
    ]


def make_connection(project: Project, kind: str = KIND, **facts: Any) -> Connection:
    """Return a connection that is due at NOW."""
    facts.setdefault("name", "The box")
    facts.setdefault("next_due_at", NOW)
    facts.setdefault("created_at", NOW - timedelta(days=1))
    facts.setdefault("secrets", {"token": "t0p-secret-token"})
    facts.setdefault("options", {"url": "https://box.example"})
    return Connection.objects.create(project=project, kind=kind, **facts)
