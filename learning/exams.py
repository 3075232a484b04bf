"""Wake's own exam: what it would have said, had it not been told. Rows in, a fit and scores out.

Feedback that names its exact version is asked again with the version hidden, in the order of
time, with what was known by then: each is guessed before it teaches. So the page of how often
Wake was right is never empty for long, and the weights of a project are fitted, and kept only if
they say the later half better.
"""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q

from accounts.models import Project
from common.versions import plain
from feedback.models import FeedbackItem
from learning.attribution import CURRENT_METHOD, Known, Said, attribute
from learning.attribution_adoption import Seen
from learning.attribution_learner import SURER_EVERY, Learner
from learning.attribution_learning import log_loss_of_adoption
from learning.attribution_shares import OFF_TOPIC_FOR_RAN
from learning.attribution_v4 import usual_weights
from learning.calibration import Told, about_eighty, reliability, share_right
from learning.exam_corrections import fit_corrections
from learning.knowledge import as_kept, known_from
from learning.linking import Candidates, as_said
from learning.models import AttributionFit, Correction

MOST_ASKED = 400  # the last feedback that names its version
LEAST_ASKED = 40  # with fewer, nothing is fitted
AGAIN_AFTER = timedelta(hours=20)
SOONER_AFTER = timedelta(minutes=50)  # ... where SURER_EVERY customers named theirs since


@dataclass(frozen=True)
class Exam:
    """The questions: what was said, the ships it may be about, and the one whose version it is."""

    items: list[FeedbackItem]
    field: Candidates
    seen: Seen

    @property
    def usual(self) -> tuple[float, ...]:
        """Return the weights that a project of such feedback begins with."""
        return usual_weights([as_said(item) for item in self.items])

    def learner(self) -> Learner:
        """Return one that has learned nothing yet."""
        return Learner(self.field.ships, Known(seen=self.seen), usual=self.usual)


def due_for_an_exam(now: datetime) -> list[Project]:
    """Return the projects whose last exam is long ago, and that have something to be asked of.

    Long ago is less long where many customers named their version since.
    """
    recent = AttributionFit.objects.filter(
        fitted_at__gt=now - AGAIN_AFTER, method=CURRENT_METHOD
    ).exclude(pk__in=_much_is_new(now))
    named = FeedbackItem.objects.heard().exclude(version="").values("project")
    corrected = Correction.objects.values("feedback__project")
    found = Project.objects.exclude(pk__in=recent.values("project"))
    return [*(found.filter(pk__in=named) | found.filter(pk__in=corrected)).distinct()]


def _much_is_new(now: datetime) -> list[int]:
    """Return the fits since which enough customers named their version to learn from them."""
    heard = FeedbackItem.objects.heard().exclude(version="")
    fits = dict(
        AttributionFit.objects.filter(
            fitted_at__gt=now - AGAIN_AFTER, fitted_at__lte=now - SOONER_AFTER
        ).values_list("project", "pk")
    )
    since = F("project__attribution_fit__fitted_at")
    counts = (
        heard.filter(project__in=fits, said_at__gt=now - AGAIN_AFTER, said_at__lte=now)
        .values("project")
        .annotate(new=Count("pk", filter=Q(said_at__gt=since)))
        .filter(new__gte=SURER_EVERY)
        .values_list("project", flat=True)
    )
    return [fits[project] for project in counts]


def sit_exam(project: Project, *, now: datetime) -> AttributionFit:
    """Fit the project's weights, keep those that prove better, and score them; save all that."""
    exam = _exam(project)
    weights: dict[str, Any] = {}
    scores: dict[str, Any] = {}
    half = len(exam.seen.at) // 2
    if len(exam.seen.at) >= LEAST_ASKED:
        learned, scores["adoption"] = _fit_adoption(exam, half)
        weights |= learned
    known = known_from(weights, exam.seen)
    count, trust, scores["corrections"] = fit_corrections(project, known)
    if trust:
        weights |= {"trust": trust.as_dict(), "none": trust.none}
    scores["exam"] = _score(exam, _known_by_then(exam, weights), half)
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
    """Return learned weights, if on the way they told the second half better, and scores."""
    ships, learner = exam.field.ships, exam.learner()
    known = learner.after(len(exam.seen.at))
    later = [loss for place, loss in learner.losses.items() if place >= half]
    before = log_loss_of_adoption(ships, exam.seen, since=half, weights=exam.usual)
    after = sum(later) / max(1, len(later))
    kept = after < before
    scores = {"before": before, "after": after, "learned_from": half, "kept": kept}
    return as_kept(known) if kept else {}, scores


def _known_by_then(exam: Exam, weights: dict[str, Any]) -> Callable[[datetime], Known]:
    """Return what gives what was known at a moment; it must be asked in the order of time."""
    # Corrections teach which ship feedback is about; which one the customer ran is asked here.
    known = known_from(weights, exam.seen)
    last = replace(known, off_topic=OFF_TOPIC_FOR_RAN, trust={}, none=0.0)
    if "adoption" not in weights:
        return lambda moment: last
    learner, moments = exam.learner(), exam.seen.at.tolist()

    def by_then(moment: datetime) -> Known:
        then = learner.after(bisect_left(moments, moment.timestamp()))
        return replace(last, adoption=then.adoption, sureness=then.sureness)

    return by_then


def _score(exam: Exam, known: Callable[[datetime], Known], half: int) -> dict[str, Any]:
    """Return how the exam went, of the second half, each by what was `known` by then."""
    told: list[Told] = []
    newest, losses = 0, []
    asked = exam.items[half:] if half >= LEAST_ASKED // 2 else exam.items
    for item in asked:
        right = _right(exam.field, item)
        candidates = exam.field.candidates_for(item)
        shares = attribute(_hidden(item), candidates, known=known(item.said_at))
        best = next((share for share in shares if share.candidate is not None), None)
        given = next((share.probability for share in shares if share.candidate == right), 0.0)
        told.append(
            Told(best.probability, best.candidate == right, best.candidate)
            if best
            else Told(0.0, False)
        )
        losses.append(-math.log(max(given, 1e-3)))
        newest += max(candidates, key=lambda ship: (ship.shipped_at, ship.key)).key == right
    return {
        "asked": len(asked),
        "right": share_right(told),
        "newest": newest / max(1, len(asked)),
        "loss": sum(losses) / max(1, len(losses)),
        "bins": [asdict(one) for one in reliability(told)],
        "eighty": asdict(eighty) if (eighty := about_eighty(told)) else None,
        "since": asked[0].said_at.isoformat() if asked else "",
        "until": asked[-1].said_at.isoformat() if asked else "",
    }


def _hidden(item: FeedbackItem) -> Said:
    return replace(as_said(item), version="")
