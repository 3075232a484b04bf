"""The story of Harbour Shop: what it shipped, and what each ship truly did. Pure."""

import hashlib
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
MAIL = "{}@demo.example"
REPOSITORY = "https://git.demo.example/harbour-shop"


@dataclass(frozen=True, slots=True)
class Voice:
    """A group of customers who say something because of a ship."""

    count: int
    rating: tuple[int, int]
    area: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedShip:
    """One ship of the story: what CI sends of it, and what it truly does."""

    version: str
    shipped_at: datetime
    rolled_back_at: datetime | None
    body: dict[str, Any]
    effects: dict[str, float]
    voices: tuple[Voice, ...]
    thanks_for: str = ""
    takeaway: str = ""
    fixes: list[str] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        """True if it reached customers."""
        return self.body["status"] != "failed"

    @property
    def has_hypothesis(self) -> bool:
        """True if the call or a commit states one."""
        texts = [commit["message"] for commit in self.body["commits"]]
        return bool(self.body["hypothesis"]) or any("\nExpect:" in text for text in texts)

    def runs_at(self, moment: datetime) -> bool:
        """Return True if customers could get this version at that moment."""
        gone = self.rolled_back_at is not None and moment >= self.rolled_back_at
        return self.is_live and self.shipped_at <= moment and not gone


@cache
def phrases() -> dict[str, Any]:
    """Return what people write: customers' topics, and the team's replies and takeaways."""
    return tomllib.loads((DATA / "phrases.toml").read_text(encoding="utf-8"))


def planned_ships(*, now: datetime, since: datetime) -> list[PlannedShip]:
    """Return the ships from `since` to `now`, oldest first, placed on the calendar of `now`."""
    rows = tomllib.loads((DATA / "ships.toml").read_text(encoding="utf-8"))["ship"]
    ships = [_planned(row, now) for row in rows]
    return sorted(
        (ship for ship in ships if since <= ship.shipped_at <= now),
        key=lambda ship: ship.shipped_at,
    )


def _planned(row: dict[str, Any], now: datetime) -> PlannedShip:
    shipped_at = _moment(row, now)
    hours = row.get("rolled_back_after_hours")
    return PlannedShip(
        version=row["version"],
        shipped_at=shipped_at,
        rolled_back_at=shipped_at + timedelta(hours=hours) if hours else None,
        body=_body(row, shipped_at),
        effects=row.get("effects", {}),
        voices=tuple(
            Voice(one["count"], tuple(one["rating"]), one["area"], tuple(one["texts"]))
            for one in row.get("voices", ())
        ),
        thanks_for=row.get("thanks_for", ""),
        takeaway=row.get("takeaway", ""),
    )


def _moment(row: dict[str, Any], now: datetime) -> datetime:
    if "hours_ago" in row:
        return now.replace(second=0, microsecond=0) - timedelta(hours=row["hours_ago"])
    day = now.date() - timedelta(days=row["days_ago"])
    return datetime.combine(day, time.fromisoformat(row["at"]), tzinfo=UTC)


def _body(row: dict[str, Any], shipped_at: datetime) -> dict[str, Any]:
    """Return what CI posts; a ship that was taken back is first told of as live."""
    status = row.get("status", "succeeded")
    commits = [
        {
            "sha": _sha(row["version"], message),
            "message": message,
            "files": files,
            "author": {"name": row["by"][0].capitalize(), "email": MAIL.format(row["by"][0])},
            "date": (shipped_at - timedelta(hours=20 - 3 * index)).isoformat(),
            "url": f"{REPOSITORY}/commit/{_sha(row['version'], message)}",
        }
        for index, (message, files) in enumerate(row["commits"])
    ]
    return {
        "version": row["version"],
        "sha": commits[-1]["sha"],
        "service": row.get("service", ""),
        "status": "succeeded" if status == "rolled_back" else status,
        "title": row["title"],
        "notes": row.get("notes", ""),
        "url": f"{REPOSITORY}/releases/{row['version']}",
        "started_at": (shipped_at - timedelta(minutes=6)).isoformat(),
        "finished_at": shipped_at.isoformat(),
        "shippers": [{"name": name.capitalize(), "email": MAIL.format(name)} for name in row["by"]],
        "commits": commits,
        "areas": row.get("areas", []),
        "hypothesis": row.get("hypothesis"),
    }


def _sha(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
