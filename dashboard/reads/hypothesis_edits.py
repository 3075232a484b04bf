"""How a hypothesis was changed while it was a bet, and what was said too late."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deployments.models import Goal, Hypothesis, HypothesisEdit
from learning.verdict import percent


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, in words."""

    row: HypothesisEdit
    by: str
    old: str  # such as "orders +2% within 7 d"
    new: str
    words: str  # which words were changed too


def edits_of(hypothesis: Hypothesis) -> list[Edit]:
    """Return the edits of a hypothesis, oldest first, in one query."""
    rows = hypothesis.edits.select_related("by").order_by("pk")
    return [_edit(row) for row in rows]


def _edit(row: HypothesisEdit) -> Edit:
    changed = [
        f"the {'reason' if name == 'because' else name}"
        for name in ("statement", "because")
        if row.old[name] != row.new[name]
    ]
    return Edit(
        row=row,
        by=str(row.by) if row.by else "CI",
        old=_bet(row.old),
        new=_bet(row.new),
        words=f"({' and '.join(changed)} too)" if changed else "",
    )


def _bet(said: dict[str, Any]) -> str:
    size = percent(said["min_effect"] if said["direction"] == Goal.UP else -said["min_effect"])
    sign = "+" if said["direction"] == Goal.UP else ""
    return f"{said['metric']} {sign}{size} within {_length(timedelta(seconds=said['window']))}"


def _length(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours / 24:g} d" if hours % 24 == 0 else f"{hours:g} h"
