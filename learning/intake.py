"""The writing door for what we learned: drafted by Wake, edited and confirmed by a person."""

from datetime import datetime, timedelta

from accounts.models import User
from deployments.models import Checkup
from learning.drafting import METHOD, Draft
from learning.models import Learning
from learning.verdict import Verdict

# How long a draft may wait for a person before it counts as overdue.
PATIENCE = timedelta(days=7)
# The verdicts that say something; between two of these a look-back can overturn the first.
DECIDED = frozenset({Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NO_EFFECT})


def draft_learning(checkup: Checkup, draft: Draft, *, now: datetime) -> Learning | None:
    """Save what this checkup taught, and return it, or None if it adds nothing.

    A draft that nobody has confirmed is brought up to date, but a person's words are never
    drafted over. A confirmed learning is never touched: if this checkup overturns it, a new
    version is drafted that supersedes it.
    """
    deployment = checkup.deployment
    current = Learning.objects.filter(deployment=deployment).order_by("-version").first()
    if current is None:
        return _create(checkup, draft, now)
    if current.state == Learning.State.DRAFT:
        if not _is_better(draft.verdict, current.verdict):
            return None
        current.checkup, current.verdict = checkup, draft.verdict
        current.evidence, current.method = draft.evidence, METHOD
        if current.edited_at is None:
            current.headline = draft.headline
        current.save()
        return current
    overturns = {draft.verdict, Verdict(current.verdict)} <= DECIDED
    if not overturns or draft.verdict == current.verdict:
        return None
    return _create(checkup, draft, now, supersedes=current)


def _is_better(new: Verdict, old: str) -> bool:
    # A later look may know more; one that can no longer tell must not wipe out one that could.
    return new in DECIDED or Verdict(old) not in DECIDED


def _create(
    checkup: Checkup, draft: Draft, now: datetime, supersedes: Learning | None = None
) -> Learning:
    learning: Learning = Learning.objects.create(
        project=checkup.deployment.project,
        deployment=checkup.deployment,
        checkup=checkup,
        supersedes=supersedes,
        version=supersedes.version + 1 if supersedes else 1,
        verdict=draft.verdict,
        headline=draft.headline,
        evidence=draft.evidence,
        takeaway=supersedes.takeaway if supersedes else "",
        method=METHOD,
        drafted_at=now,
        due_at=now + PATIENCE,
    )
    if supersedes:  # what people filed it under holds for what it became, too
        learning.tags.set(supersedes.tags.all())
        learning.also_taught_by.set(supersedes.also_taught_by.all())
    return learning


def edit_learning(learning: Learning, *, headline: str, takeaway: str, now: datetime) -> None:
    """Save a person's words; whether the learning is confirmed stays as it is."""
    learning.headline = headline.strip()[:300] or learning.headline
    learning.takeaway = takeaway.strip()
    learning.edited_at = now
    learning.save(update_fields=["headline", "takeaway", "edited_at"])


def confirm_learning(
    learning: Learning, *, by: User, headline: str, takeaway: str, now: datetime
) -> None:
    """Save a person's words and note that they stand by them; the first confirmation counts."""
    edit_learning(learning, headline=headline, takeaway=takeaway, now=now)
    if learning.state == Learning.State.CONFIRMED:
        return
    learning.state = Learning.State.CONFIRMED
    learning.confirmed_by, learning.confirmed_at = by, now
    learning.save(update_fields=["state", "confirmed_by", "confirmed_at"])
