"""What people's corrections teach Wake's exam: rows in, trust and scores out.

People correct what is wrong, and seldom say that something is right: fitted to alone, corrections
would teach that Wake is always wrong. So they are weighed against what people opened and let
stand, in the proportion in which both came (choice-based sampling: Manski and Lerman 1977).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from accounts.models import Project
from feedback.models import FeedbackItem
from learning.attribution import Known
from learning.attribution_trust import DEFAULT_TRUST, Case, Trust, fit_trust, log_loss_of_trust
from learning.attribution_v4 import weigh
from learning.knowledge import what_is_known
from learning.linking import Candidates, as_said
from learning.models import Attribution, Correction

MOST_CORRECTIONS = 300
LEAST_CORRECTIONS = 8
MOST_LET_STAND = 300  # are weighed, for all that people opened and let stand
BEFORE = timedelta(days=30)  # the first correction, what was let stand counts already


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of a feedback, by correcting it or by letting it stand."""

    at: datetime
    item: FeedbackItem
    ship: int | None  # the key of the right one; None is none of ours
    counts: float  # for so many


def fit_corrections(project: Project, known: Known) -> tuple[int, Trust | None, dict[str, Any]]:
    """Return how many corrections there are, the trust they teach if it is better, and scores."""
    rows = (
        Correction.objects.filter(feedback__project=project)
        .select_related("feedback")
        .order_by("-corrected_at", "-pk")[:MOST_CORRECTIONS]
    )
    corrected = [Told(row.corrected_at, row.feedback, row.deployment_id, 1.0) for row in rows]
    if len(corrected) < LEAST_CORRECTIONS:
        return len(corrected), None, {}
    count, let_stand = _let_stand(project, since=corrected[-1].at - BEFORE)
    told = sorted([*corrected, *let_stand], key=lambda one: (one.at, one.item.pk))
    cases = _cases(project, told, known)
    cut = len(cases) * 2 // 3
    trust = fit_trust(cases[:cut])
    before = log_loss_of_trust(cases[cut:], DEFAULT_TRUST)
    after = log_loss_of_trust(cases[cut:], trust)
    kept = after < before
    scores = {"before": before, "after": after, "let_stand": count, "kept": kept}
    return len(corrected), fit_trust(cases) if kept else None, scores


def _let_stand(project: Project, *, since: datetime) -> tuple[int, list[Told]]:
    """Return how much people opened and did not correct since then, and a part that stands for it.

    What Wake had said of each is taken to be right.
    """
    opened = FeedbackItem.objects.heard().filter(
        project=project, seen_at__gt=since, correction=None
    )
    count = opened.count()
    every = max(1, -(-count // MOST_LET_STAND))
    part = opened.annotate(place=F("pk") % every).filter(place=0)
    best = Attribution.objects.filter(feedback__in=part.values("pk"), is_best=True)
    rows = list(best.select_related("feedback"))
    counts = count / max(1, len(rows))
    return count, [
        Told(row.feedback.seen_at or since, row.feedback, row.deployment_id, counts) for row in rows
    ]


def _cases(project: Project, told: Sequence[Told], known: Known) -> list[Case]:
    items = [one.item for one in told]
    field = Candidates.of(project, items)
    seen = what_is_known(project, items, field.seen).seen
    known = replace(known, seen=seen)
    return [case for one in told if (case := _case(field, one, known))]


def _case(field: Candidates, one: Told, known: Known) -> Case | None:
    candidates = field.candidates_for(one.item)
    if not candidates:
        return None
    weighed = weigh(as_said(one.item), candidates, known)
    keys = [ship.key for ship in weighed.ships]
    if one.ship is None:
        return Case(weighed, None, one.counts)
    if one.ship not in keys:
        return None  # what was not offered teaches nothing of the weights
    return Case(weighed, keys.index(one.ship), one.counts)
