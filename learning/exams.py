"""Wake's own exam: what it would have said, had it not been told. Rows in, a fit and scores out.

Feedback that names its exact version is asked again with the version hidden, in the order of
time, with what was known by then. So the page of how often Wake was right is never empty for
long, and the weights of a project are fitted, and kept only if they say the later half better.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Project
from common.versions import plain
from feedback.models import FeedbackItem
from learning.attribution import CURRENT_METHOD, Known, Said, attribute
from learning.attribution_adoption import DEFAULT, Seen
from learning.attribution_learning import fit_adoption, fit_sureness, log_loss_of_adoption
from learning.attribution_shares import OFF_TOPIC_FOR_RAN
from learning.attribution_trust import DEFAULT_TRUST, Case, Trust, fit_trust, log_loss_of_trust
from learning.attribution_v3 import weigh_all
from learning.calibration import Told, reliability, share_right
from learning.knowledge import known_from, what_is_known
from learning.linking import Candidates, as_said
from learning.models import AttributionFit, Correction

MOST_ASKED = 400  # the last feedback that names its version
LEAST_ASKED = 40  # with fewer, nothing is fitted
MOST_CORRECTIONS = 300
LEAST_CORRECTIONS = 8
AGAIN_AFTER = timedelta(hours=20)


@dataclass(frozen=True)
class Exam:
    """The questions: what was said, the ships it may be about, and the one whose version it is."""

    items: list[FeedbackItem]
    field: Candidates
    seen: Seen


def due_for_an_exam(now: datetime) -> list[Project]:
    """Return the projects whose last exam is long ago, and that have something to be asked of."""
    recent = AttributionFit.objects.filter(fitted_at__gt=now - AGAIN_AFTER).values("project")
    named = FeedbackItem.objects.heard().exclude(version="").values("project")
    corrected = Correction.objects.values("feedback__project")
    found = Project.objects.exclude(pk__in=recent)
    return [*(found.filter(pk__in=named) | found.filter(pk__in=corrected)).distinct()]


def sit_exam(project: Project, *, now: datetime) -> AttributionFit:
    """Fit the project's weights, keep those that prove better, and score them; save all that."""
    exam = _exam(project)
    known = Known(seen=exam.seen)
    weights: dict[str, Any] = {}
    scores: dict[str, Any] = {}
    half = len(exam.seen.at) // 2
    if len(exam.seen.at) >= LEAST_ASKED:
        learned, scores["adoption"] = _fit_adoption(exam, half)
        weights |= learned
        known = known_from(weights, exam.seen)
    count, trust, scores["corrections"] = _fit_corrections(project, known)
    if trust:
        weights |= {"trust": trust.as_dict(), "none": trust.none}
    scores["exam"] = _score(exam, replace(known, off_topic=OFF_TOPIC_FOR_RAN), half)
    if scores.get("adoption", {}).get("kept"):
        # Scored on what was held out; from now on, all of it may teach.
        ships = exam.field.ships
        adoption = fit_adoption(ships, exam.seen)
        weights |= _as_kept(adoption, *fit_sureness(ships, exam.seen, weights=adoption))
    fit, _ = AttributionFit.objects.update_or_create(
        project=project,
        defaults={
            "method": CURRENT_METHOD,
            "weights": weights,
            "corrections": count,
            "scores": scores,
            "fitted_at": now,
        },
    )
    return fit


def _exam(project: Project) -> Exam:
    rows = FeedbackItem.objects.heard().filter(project=project).exclude(version="")
    items = list(rows.order_by("-said_at", "-pk")[:MOST_ASKED])[::-1]
    if not items:
        return Exam([], Candidates([]), Candidates([]).seen(()))
    field = Candidates.of(project, items)
    asked = [item for item in items if _right(field, item) is not None]
    return Exam(asked, field, field.seen((item.said_at, item.version) for item in asked))


def _right(field: Candidates, item: FeedbackItem) -> int | None:
    """Return the key of the last ship of exactly the version that `item` names."""
    ships = field.by_version.get(plain(item.version), ())
    live = [ship.key for ship in ships if ship.shipped_at <= item.said_at]
    return live[-1] if live else None


def _fit_adoption(exam: Exam, half: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return weights learned from the first half, if they tell the second better, and scores."""
    ships = exam.field.ships
    first = Seen(exam.seen.at[:half], exam.seen.ships[:half])
    adoption = fit_adoption(ships, first)
    sharpness, sureness = fit_sureness(ships, first, weights=adoption)
    before = log_loss_of_adoption(ships, exam.seen, since=half, weights=DEFAULT)
    after = log_loss_of_adoption(
        ships,
        exam.seen,
        since=half,
        weights=adoption,
        sharpness=sharpness,
        sureness=sureness,
    )
    kept = after < before
    scores = {"before": before, "after": after, "learned_from": half, "kept": kept}
    return _as_kept(adoption, sharpness, sureness) if kept else {}, scores


def _as_kept(
    adoption: Sequence[float], sharpness: float, sureness: tuple[float, float]
) -> dict[str, Any]:
    return {"adoption": list(adoption), "sharpness": sharpness, "sureness": list(sureness)}


def _fit_corrections(project: Project, known: Known) -> tuple[int, Trust | None, dict[str, Any]]:
    """Return how many corrections there are, the trust they teach if it is better, and scores."""
    rows = (
        Correction.objects.filter(feedback__project=project)
        .select_related("feedback")
        .order_by("-corrected_at", "-pk")[:MOST_CORRECTIONS]
    )
    corrections = list(rows)[::-1]
    if len(corrections) < LEAST_CORRECTIONS:
        return len(corrections), None, {}
    items = [correction.feedback for correction in corrections]
    field = Candidates.of(project, items)
    seen = what_is_known(project, items, field.seen).seen
    cases = [
        case
        for correction in corrections
        if (case := _case(field, correction, replace(known, seen=seen)))
    ]
    cut = len(cases) * 2 // 3
    trust = fit_trust(cases[:cut])
    before = log_loss_of_trust(cases[cut:], DEFAULT_TRUST)
    after = log_loss_of_trust(cases[cut:], trust)
    kept = after < before
    scores = {"before": before, "after": after, "learned_from": cut, "kept": kept}
    return len(corrections), fit_trust(cases) if kept else None, scores


def _case(field: Candidates, correction: Correction, known: Known) -> Case | None:
    item = correction.feedback
    candidates = field.candidates_for(item)
    if not candidates:
        return None
    weighed = weigh_all(as_said(item), candidates, known)
    keys = [ship.key for ship in weighed.ships]
    if correction.deployment_id is None:
        return Case(weighed, None)
    if correction.deployment_id not in keys:
        return None  # what was not offered teaches nothing of the weights
    return Case(weighed, keys.index(correction.deployment_id))


def _score(exam: Exam, known: Known, half: int) -> dict[str, Any]:
    """Return how the exam went, of the half that nothing was learned from."""
    told: list[Told] = []
    newest, losses = 0, []
    asked = exam.items[half:] if half >= LEAST_ASKED // 2 else exam.items
    for item in asked:
        right = _right(exam.field, item)
        candidates = exam.field.candidates_for(item)
        shares = attribute(_hidden(item), candidates, known=known)
        best = next((share for share in shares if share.candidate is not None), None)
        given = next((share.probability for share in shares if share.candidate == right), 0.0)
        told.append(
            Told(best.probability if best else 0.0, best is not None and best.candidate == right)
        )
        losses.append(-math.log(max(given, 1e-3)))
        newest += max(candidates, key=lambda ship: (ship.shipped_at, ship.key)).key == right
    return {
        "asked": len(asked),
        "right": share_right(told),
        "newest": newest / max(1, len(asked)),
        "loss": sum(losses) / max(1, len(losses)),
        "bins": [asdict(one) for one in reliability(told)],
        "since": asked[0].said_at.isoformat() if asked else "",
        "until": asked[-1].said_at.isoformat() if asked else "",
    }


def _hidden(item: FeedbackItem) -> Said:
    return replace(as_said(item), version="")
