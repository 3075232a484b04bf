"""Learnings as a file: CSV for a table, JSON lines for a program, Markdown for a wiki.

Each is made row by row, so that a library of any size needs little memory.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from deployments.addresses import page_of_deployment
from learning.grounds import Grounds, grounds_of
from learning.models import Learning
from learning.verdict import Verdict

BATCH = 200
COLUMNS = (
    "id", "version", "verdict", "headline", "takeaway", "evidence", "tags", "state",
    "drafted_at", "confirmed_at", "confirmed_by", "ship", "shipped_at", "shipped_by",
    "also_taught_by", "metric", "hoped_for", "effect", "low", "high", "smallest_visible",
    "method", "url",
)  # fmt: skip
# A cell that starts like this is run as a formula by spreadsheets (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def rows_of(learnings: "QuerySet[Learning]") -> Iterator[dict[str, Any]]:
    """Yield each learning as a dict of COLUMNS, newest first; times are ISO 8601 in UTC."""
    found = learnings.select_related("deployment__project", "confirmed_by").prefetch_related(
        "tags", "also_taught_by", "deployment__shippers__user"
    )
    batch: list[Learning] = []
    for learning in found.order_by("-drafted_at", "-pk").iterator(chunk_size=BATCH):
        batch.append(learning)
        if len(batch) == BATCH:
            yield from _batch(batch)
            batch = []
    yield from _batch(batch)


def _batch(learnings: list[Learning]) -> Iterator[dict[str, Any]]:
    grounds = grounds_of(learnings)
    for learning in learnings:
        yield _row(learning, grounds.get(learning.pk))


def _row(learning: Learning, grounds: Grounds | None) -> dict[str, Any]:
    ship, row = learning.deployment, grounds.estimate if grounds else None
    return {
        "id": learning.pk,
        "version": learning.version,
        "verdict": learning.verdict,
        "headline": learning.headline,
        "takeaway": learning.takeaway,
        "evidence": learning.evidence,
        "tags": [tag.name for tag in learning.tags.all()],
        "state": learning.state,
        "drafted_at": learning.drafted_at.isoformat(),
        "confirmed_at": learning.confirmed_at.isoformat() if learning.confirmed_at else "",
        "confirmed_by": str(learning.confirmed_by) if learning.confirmed_by else "",
        "ship": ship.version,
        "shipped_at": ship.shipped_at.isoformat(),
        "shipped_by": [str(one) for one in ship.shippers.all()],
        "also_taught_by": [other.version for other in learning.also_taught_by.all()],
        "metric": grounds.hypothesis.metric.key if grounds else "",
        "hoped_for": grounds.goal if grounds else None,
        "effect": row.effect if row else None,
        "low": row.low if row else None,
        "high": row.high if row else None,
        "smallest_visible": row.smallest_visible if row else None,
        "method": row.method if row else "",
        "url": page_of_deployment(ship),
    }


def as_csv(learnings: "QuerySet[Learning]") -> Iterator[str]:
    """Yield the lines of a CSV file; lists are joined by commas."""
    yield _line(COLUMNS)
    for row in rows_of(learnings):
        yield _line([_cell(row[name]) for name in COLUMNS])


def _line(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = ", ".join(value)
    # Only people's words: a number keeps its minus.
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def as_jsonl(learnings: "QuerySet[Learning]") -> Iterator[str]:
    """Yield one JSON object a line."""
    for row in rows_of(learnings):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def as_markdown(learnings: "QuerySet[Learning]") -> Iterator[str]:
    """Yield a page of Markdown, a heading for each learning."""
    yield "# Learnings\n"
    for row in rows_of(learnings):
        yield _section(row)


def _section(row: dict[str, Any]) -> str:
    facts = [f"Verdict: {Verdict(row['verdict']).label}", f"ship {_plain(row['ship'])}"]
    facts.append(f"shipped {row['shipped_at'][:10]}")
    if row["confirmed_by"]:
        facts.append(f"confirmed by {_plain(row['confirmed_by'])}, {row['confirmed_at'][:10]}")
    if row["state"] == Learning.State.DRAFT:
        facts.append("a draft")
    lines = [f"\n## {_plain(row['headline'])}\n", f"{', '.join(facts)}.\n"]
    if row["takeaway"]:
        lines.append(f"{_paragraphs(row['takeaway'])}\n")
    if row["evidence"]:
        quoted = _paragraphs(row["evidence"]).split("\n")
        lines.append("\n".join(f"> {line}".rstrip() for line in quoted) + "\n")
    if row["tags"]:
        lines.append(f"Tags: {', '.join(_plain(tag) for tag in row['tags'])}\n")
    return "\n".join(lines)


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|"})


def _plain(text: str) -> str:
    """Return people's words so that Markdown reads them as words, on one line."""
    return " ".join(text.split()).translate(_MARKS)


def _paragraphs(text: str) -> str:
    return "\n\n".join(_plain(line) for line in text.splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file."""

    label: str
    content_type: str
    suffix: str
    write: Callable[["QuerySet[Learning]"], Iterator[str]]


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", "csv", as_csv),
    "jsonl": Format("JSON lines", "application/x-ndjson", "jsonl", as_jsonl),
    "markdown": Format("Markdown", "text/markdown; charset=utf-8", "md", as_markdown),
}
