"""One line of ships and of what customers said, read and answered. Pure: no table is asked."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from learning.attribution import CURRENT_METHOD, Share
from learning.attribution_adoption import NOTHING_SEEN
from learning.attribution_evidence import Candidate, Said
from learning.attribution_fixes import LOOK_AHEAD, likely_fixes
from learning.attribution_series import Fleet, attribute_series
from learning.attribution_shares import OFF_TOPIC_FOR_RAN

DIGITS = 6
MOST = 40  # candidates that one line of output has at most


@dataclass(frozen=True, slots=True)
class Asked:
    """How to answer."""

    method: str = CURRENT_METHOD
    most: int = MOST
    learn: bool = True  # from the versions that other feedback of the same line names
    off_topic: float = OFF_TOPIC_FOR_RAN  # how much speaks for "none" if no notes speak of it
    fixes: bool = False  # say, too, which later ships may have taken it up


def answer_line(
    line: str, asked: Asked, *, report: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Yield one answer a feedback of `line`, in its order.

    `line` is `{"releases": [{"version", "released_at", "notes"}], "feedback": [{"id", "text",
    "rating", "created_at", "version"}]}`. Raises ValueError if it is none; a release or feedback
    that cannot be read is told to `report`, and the feedback's answer, if it has an id, says so.
    """
    case = json.loads(line)
    if not isinstance(case, dict):
        raise ValueError("it is not an object")
    ships, _ = _each(case, "releases", _ship, report)
    said, left_out = _each(case, "feedback", _said, report)
    unread = {
        number: {"id": row["id"], "candidates": [], "none": 1.0, "error": problem}
        for number, (row, problem) in left_out.items()
        if isinstance(row, dict) and "id" in row
    }
    rows = {one.key: row for one, row in said}
    versions = [str(row["version"]) for _, row in ships]
    fleet = Fleet([ship for ship, _ in ships])
    if fleet.is_announced:
        said = [(replace(one, in_store=_is_rated(row)), row) for one, row in said]
    seen = fleet.seen([one for one, _ in said]) if asked.learn else NOTHING_SEEN
    found = {
        one.key: (one, shares)
        for one, shares in attribute_series(
            fleet,
            [one for one, _ in said],
            seen,
            method=asked.method,
            most=asked.most,
            off_topic=asked.off_topic,
        )
    }
    names = {ship.key: version for (ship, _), version in zip(ships, versions, strict=True)}
    for key in sorted({*found, *unread}):
        if key in unread:
            yield unread[key]
            continue
        one, shares = found[key]
        answer = {"id": rows[key]["id"], **_told(shares, names)}
        if asked.fixes:
            start = bisect_right(fleet.times, one.said_at)
            end = bisect_right(fleet.times, one.said_at + LOOK_AHEAD)
            fixes = likely_fixes(
                one, fleet.ships[start:end], answer=rows[key].get("reply_text") or ""
            )
            answer["fixes"] = _told(fixes, names)["candidates"]
        yield answer


def _told(shares: list[Share], names: dict[int, str]) -> dict[str, Any]:
    candidates = [
        {
            "version": names[share.candidate],
            "probability": round(share.probability, DIGITS),
            "reasons": list(share.reasons),
        }
        for share in shares
        if share.candidate is not None
    ]
    none = next(share.probability for share in shares if share.candidate is None)
    return {"candidates": candidates, "none": round(none, DIGITS)}


def _each(
    case: dict[str, Any],
    name: str,
    read: Callable[[int, dict[str, Any]], Any],
    report: Callable[[str], None],
) -> tuple[list[tuple[Any, dict[str, Any]]], dict[int, tuple[Any, str]]]:
    """Return what could be read, with its row, and by its number what could not, with why."""
    rows = case.get(name)
    if not isinstance(rows, list):
        raise ValueError(f"`{name}` is not a list")
    found, left_out = [], {}
    for number, row in enumerate(rows, 1):
        try:
            if not isinstance(row, dict):
                raise ValueError("it is not an object")
            found.append((read(number, row), row))
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            left_out[number] = row, _spoken(problem)
            report(f"{name} {number} was left out: {_spoken(problem)}")
    return found, left_out


def _ship(number: int, row: dict[str, Any]) -> Candidate:
    version = row["version"]
    if not isinstance(version, str) or not version.strip():
        raise ValueError("`version` is not a text")
    at, day_only = _moment(row["released_at"], "released_at")
    notes = row.get("notes") or ""
    if not isinstance(notes, str):
        raise ValueError("`notes` is not a text")
    gone = row.get("rolled_back_at")
    gone_at = _moment(gone, "rolled_back_at")[0] if gone else None
    sha = str(row.get("sha") or "")
    return Candidate(number, version, sha, at, "", notes, day_only=day_only, gone_at=gone_at)


def _said(number: int, row: dict[str, Any]) -> Said:
    if "id" not in row:
        raise KeyError("id")
    text, version = row.get("text") or "", row.get("version") or ""
    if not isinstance(text, str) or not isinstance(version, str):
        raise ValueError("`text` and `version` are texts, or null")
    at, day_only = _moment(row["created_at"], "created_at")
    if day_only:  # said at some time of that day: all that shipped on it may have been out
        at = at.replace(hour=23, minute=59, second=59)
    area, url = str(row.get("area") or ""), str(row.get("url") or "")
    return Said(number, str(row["id"]), text, version, "", area, url, at)


def _is_rated(row: dict[str, Any]) -> bool:
    """Return whether `row` is a review: who asks for help gives no stars."""
    return isinstance(row.get("rating"), int | float)


def _moment(value: Any, field: str) -> tuple[datetime, bool]:
    """Return a moment, and whether only its day is known."""
    if not isinstance(value, str):
        raise ValueError(f"`{field}` is not a moment like 2026-03-18T12:00:00Z")
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError as problem:
        raise ValueError(f"`{field}` is not a moment like 2026-03-18T12:00:00Z") from problem
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC), len(value.strip()) <= len("2026-03-18")


def _spoken(problem: Exception) -> str:
    return f"it has no `{problem.args[0]}`" if isinstance(problem, KeyError) else str(problem)
