"""What people say a feedback is really about. Their word stands; Wake's guess is kept beside it."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from deployments.models import Deployment
from feedback.handling import write_history
from feedback.models import FeedbackEvent, FeedbackItem
from learning.attribution import attribute
from learning.knowledge import versions_before, what_is_known
from learning.linking import Candidates, as_said
from learning.models import Attribution, Correction

METHOD = "person"


def correct_attribution(
    feedback: FeedbackItem, *, deployment: Deployment | None, by: User, now: datetime
) -> Correction:
    """Save that `feedback` is about `deployment`, or with None about none of our ships.

    The attributions then show that as certain, with the reasons that Wake had given; the
    correction keeps the probability that Wake gave this candidate, so that it can be scored.
    """
    with transaction.atomic():
        feedback = FeedbackItem.objects.select_for_update(of=("self",)).get(pk=feedback.pk)
        correction, _ = Correction.objects.update_or_create(
            feedback=feedback,
            defaults={
                "deployment": deployment,
                "was_probability": _guess(feedback, deployment),
                "by": by,
                "corrected_at": now,
            },
        )
        # Two steps, as there may never be two best candidates, not even for a moment.
        feedback.attributions.update(is_best=False, probability=0.0, on_topic=False)
        details = {"ship": str(deployment) if deployment else None}
        write_history(FeedbackEvent.Kind.CORRECTED, {feedback.pk: details}, by=by, now=now)
        Attribution.objects.update_or_create(
            feedback=feedback,
            deployment=deployment,
            defaults={
                "is_best": True,
                "probability": 1.0,
                "on_topic": True,
                "method": METHOD,
                "said_at": feedback.said_at,
            },
        )
    return correction


def _guess(feedback: FeedbackItem, deployment: Deployment | None) -> float:
    if not Correction.objects.filter(feedback=feedback).exists():
        row = feedback.attributions.filter(deployment=deployment).first()
        return row.probability if row else 0.0
    # An earlier correction has overwritten what Wake had given, so it is asked again.
    field = Candidates.of(feedback.project, [feedback])
    known = what_is_known(feedback.project, [feedback], field.seen)
    said = as_said(feedback, versions_before([feedback]).get(feedback.pk, ""))
    wanted = deployment.pk if deployment else None
    shares = attribute(said, field.candidates_for(feedback), known=known)
    return next((share.probability for share in shares if share.candidate == wanted), 0.0)


def withdraw_correction(feedback: FeedbackItem, *, by: User, now: datetime) -> None:
    """Forget what a person said `feedback` is about, and let Wake judge it anew."""
    with transaction.atomic():
        Correction.objects.filter(feedback=feedback).delete()
        feedback.attributions.all().delete()
        details = {"taken_back": True}
        write_history(FeedbackEvent.Kind.CORRECTED, {feedback.pk: details}, by=by, now=now)
        FeedbackItem.objects.filter(pk=feedback.pk).update(linked_at=None)
