"""Findings in what customers say: feedback, phrases and ratings in, what deserves attention out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Project
from common.windows import WEEK, Window
from deployments.models import Deployment
from feedback.models import FeedbackItem
from learning.findings_rules import (
    SEVERAL,
    Saying,
    complaints_strength,
    gathered,
    same_saying,
)
from learning.models import Attribution, Finding, Phrase

BEFORE = 4 * WEEK
FRESH = WEEK  # so long after a ship what is said is looked through whenever feedback is linked
SURE = 0.5  # how likely a complaint is about the ship that it counts for
MOST_READ = 5_000
IDS_KEPT = 50
STOPPED_LEAST = 5  # customers who said it before
Kind = Finding.Kind


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a look found, before it is held against the bar of its kind.

    `evidence` holds numbers, phrases and ids of feedback, never a customer's text: quotes are
    looked up when they are shown, so that what is erased is gone here too.
    """

    ship_id: int
    kind: Finding.Kind
    key: str
    headline: str
    evidence: dict[str, Any]
    strength: float

    def is_same_as(self, finding: Finding) -> bool:
        """Return True if `finding` is this very thing, found before.

        What customers started saying is the same after two ships if it is the same texts; what
        they stopped saying, if it is the same words.
        """
        if self.key == finding.key:
            return True
        if finding.deployment_id != self.ship_id and self.kind == Kind.SAID_BY_SEVERAL:
            told = set(finding.evidence.get("feedback", ()))
            return self.kind == finding.kind and bool(told & set(self.evidence["feedback"]))
        of_words = (Kind.SAID_BY_SEVERAL, Kind.COMPLAINT_STOPPED)
        if self.kind != finding.kind or self.kind not in of_words:
            return False
        return same_saying(_saying_in(self.evidence), _saying_in(finding.evidence))


def _saying_in(evidence: dict[str, Any]) -> Saying:
    words = (*evidence.get("phrases", ()), *filter(None, [evidence.get("theme")]))
    return Saying(tuple(words), frozenset(evidence.get("feedback", ())))


def started(ship: Deployment) -> list[Found]:
    """Return what several customers started saying after the ship, each thing once."""
    return _turned(ship, Phrase.Turn.STARTED, Kind.SAID_BY_SEVERAL)


def stopped(ship: Deployment) -> list[Found]:
    """Return the complaints that customers stopped making after the ship."""
    return _turned(ship, Phrase.Turn.STOPPED, Kind.COMPLAINT_STOPPED)


def _turned(ship: Deployment, turn: Phrase.Turn, kind: Finding.Kind) -> list[Found]:
    order = "-score" if turn == Phrase.Turn.STARTED else "score"
    rows = {
        row.phrase: row
        for row in Phrase.objects.filter(deployment=ship, turn=turn).order_by(order, "phrase")
    }
    if kind == Kind.COMPLAINT_STOPPED:
        rows = _complaints_among(rows)
    sayings = gathered(Saying((row.phrase,), frozenset(row.quotes)) for row in rows.values())
    return [_phrase_found(ship, kind, saying, rows[saying.words[0]]) for saying in sayings]


def _complaints_among(rows: dict[str, Phrase]) -> dict[str, Phrase]:
    """Keep the phrases that mostly unhappy customers used: praise that stops is no good news."""
    quoted = {key for row in rows.values() for key in row.quotes}
    moods = dict(FeedbackItem.objects.heard().filter(pk__in=quoted).values_list("pk", "mood"))
    kept = {}
    for phrase, row in rows.items():
        bad = [moods[key] == "bad" for key in row.quotes if key in moods]
        if row.before_count >= STOPPED_LEAST and bad and 2 * sum(bad) > len(bad):
            kept[phrase] = row
    return kept


def _phrase_found(ship: Deployment, kind: Finding.Kind, saying: Saying, surest: Phrase) -> Found:
    is_new = kind == Kind.SAID_BY_SEVERAL
    before = f"{surest.before_count:,} of {surest.before_total:,}"
    after = f"{surest.after_count:,} of {surest.after_total:,}"
    if is_new:
        ago = f"{before} before" if surest.before_count else "nobody before"
        headline = f"Customers started saying “{surest.phrase}”: {after} since, {ago}"
    else:
        since = f"{after} since" if surest.after_count else "nobody since"
        headline = f"Customers stopped saying “{surest.phrase}”: {before} before, {since}"
    # What is said of another ship as well is its finding, not this one's.
    count = surest.about_count if is_new else surest.before_count
    return Found(
        ship.pk,
        kind,
        f"{'said' if is_new else 'stopped'}:{ship.pk}:{surest.phrase}",
        headline,
        {
            "phrases": list(saying.words)[:10],
            "feedback": sorted(saying.feedback)[:IDS_KEPT],
            "before": surest.before_count,
            "before_total": surest.before_total,
            "after": surest.after_count,
            "after_total": surest.after_total,
            "about": surest.about_count,
            "window_seconds": int(surest.window.total_seconds()),
        },
        count / (SEVERAL if is_new else STOPPED_LEAST),
    )


def complaints(project: Project, *, now: datetime) -> dict[Deployment, list[Found]]:
    """Return what several customers newly complain of after each fresh ship, in three queries.

    A complaint counts if it is about what the ship changed, and more likely about this ship than
    about all others together. It is new if it is made much more often than in the four weeks
    before. This finds a fault within minutes, when there are still too few texts to compare words.
    """
    fresh = Window.before(now, FRESH)
    rows = (
        Attribution.objects.heard()
        .filter(
            is_best=True,
            on_topic=True,
            probability__gte=SURE,
            deployment__project=project,
            deployment__shipped_at__gte=fresh.start,
            said_at__gte=fresh.start,
            said_at__lte=now,
            feedback__mood="bad",
        )
        .exclude(feedback__theme__in=["", "other"])
        .order_by("pk")
        .values_list("deployment", "feedback__theme", "feedback_id", "feedback__customer_id")
    )
    said: dict[tuple[int, str], dict[int, int]] = {}
    for ship_id, theme, key, customer in rows[:MOST_READ]:
        voices = said.setdefault((ship_id, theme), {})
        voices.setdefault(customer or -key, key)
    several = {pair: list(voices.values()) for pair, voices in said.items() if len(voices) > 1}
    wanted = {ship_id for ship_id, _ in several}
    ships = Deployment.objects.select_related("environment", "project").in_bulk(wanted)
    found: dict[Deployment, list[Found]] = {}
    for (ship_id, theme), keys in several.items():
        one = _complaint(ships[ship_id], theme, keys, now)
        if one:
            found.setdefault(ships[ship_id], []).append(one)
    return found


def _complaint(ship: Deployment, theme: str, keys: list[int], now: datetime) -> Found | None:
    earlier = (
        FeedbackItem.objects.heard()
        .filter(project=ship.project_id, theme=theme, mood="bad")
        .said_within(Window.before(ship.shipped_at, BEFORE))
    )
    before = earlier.values("customer", "pk")[:MOST_READ]
    count = len({row["customer"] or -row["pk"] for row in before})
    length = now - ship.shipped_at
    strength = complaints_strength(len(keys), count, share=length / (length + BEFORE))
    if strength is None:
        return None
    ago = f"{count:,} in the four weeks before" if count else "nobody in the four weeks before"
    return Found(
        ship.pk,
        Kind.SAID_BY_SEVERAL,
        f"complaints:{ship.pk}:{theme}",
        f"{len(keys):,} customers complain about {theme} since: {ago}",
        {"theme": theme, "feedback": keys[:IDS_KEPT], "before": count, "after": len(keys)},
        strength,
    )
