"""The places that Harbour Shop hears its customers at, and what came by them besides.

Whatever Wake would ask by itself is paused: there are no such accounts, so nothing is ever asked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Project, User
from feedback.connections import Filled, make_connection, pause
from feedback.connectors.registry import CONNECTORS
from feedback.intake import submit_feedback
from feedback.models import Connection
from feedback.taking import take

# By what the rows call it.
PLACES = {
    "widget": Filled("Feedback button in the shop", {"origins": "https://shop.demo.example"}),
    "mailbox": Filled(
        "Support mailbox (example)",
        {"host": "imap.demo.example", "user": "support@demo.example", "folder": "INBOX"},
        {"password": "example"},
    ),
    "app_store": Filled("App Store (example)", {"app": "1000000001", "countries": "us, de"}),
    "google_play": Filled("Google Play (example)", {"app": "example.demo.harbour"}),
    "github_issues": Filled(
        "Issues on GitHub (example)",
        {"repository": "harbour-demo-example/shop", "authors": "everyone", "comments": "no"},
        {"token": "example"},
    ),
}
_LOST = (
    "The basket forgets what I put into it as soon as I lock my phone. I had six things in there, "
    "went to find my card, and when I came back it was empty again."
)


class Places:
    """The places of one project, through which its rows go in."""

    def __init__(self, project: Project, *, by: User | None, now: datetime) -> None:
        self.project = project
        self.open: dict[str, Connection] = {}
        for kind, filled in PLACES.items():
            connector = CONNECTORS[kind]
            self.open[kind], _ = make_connection(project, connector, filled, by=by, now=now)
            if connector.gather:
                pause(self.open[kind])

    def take(self, rows: Sequence[dict[str, Any]], *, now: datetime) -> None:
        """Store the rows, each by the place that it came from; the others as the API does."""
        by_place: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_place.setdefault(str(row["source"]), []).append(row)
        for source, of_place in by_place.items():
            if place := self.open.get(source):
                take(place, of_place, now=now)
            else:
                submit_feedback(project=self.project, rows=of_place, now=now)


def said_besides(now: datetime) -> list[dict[str, Any]]:
    """Return what one customer said three times, an issue, and an advertisement; oldest first."""
    lost = {"text": _LOST, "customer": {"id": "c-0007", "email": "robin@customers.example"}}
    rows: list[dict[str, Any]] = [
        {**lost, "id": "besides-1", "source": "widget", "rating": 2, "area": "basket"},
        {
            "id": "besides-2",
            "source": "github_issues",
            "text": "The size filter is not read out by a screen reader\n\n"
            "With VoiceOver the sizes are announced as “button, button, button”. "
            "The colours are fine.",
            "customer": {"id": "harbour-demo-example-reader"},
        },
        {**lost, "id": "besides-3", "source": "mailbox", "text": f"{_LOST} Thank you."},
        {
            "id": "besides-4",
            "source": "widget",
            "text": "Buy cheap followers and casino bonus now! Best casino bonus, cheap followers: "
            "https://followers.example https://bonus.example https://casino.example",
        },
        {**lost, "id": "besides-5", "source": "widget", "rating": 2},
    ]
    begun = now - timedelta(hours=40)
    for index, row in enumerate(rows):
        row["created_at"] = (begun + timedelta(hours=7 * index)).replace(microsecond=0).isoformat()
    return rows
