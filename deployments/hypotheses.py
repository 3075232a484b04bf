"""Stating what a ship is expected to do, and changing it while it is still a bet."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from common.errors import BadInput
from deployments.models import Checkup, Deployment, Hypothesis, HypothesisEdit
from deployments.ship import Expectation
from engagement.intake import metric_for, read_key

# What makes up a bet; any other of these is another bet.
_FACTS = ("metric", "direction", "min_effect", "window", "statement", "because")


class TooLate(BadInput):
    """Wake has looked at the ship, so that nothing said now is said beforehand."""

    def __init__(self, problem: str) -> None:
        super().__init__("hypothesis", problem, "State it before the first look, an hour after it.")


def has_been_looked_at(deployment: Deployment) -> bool:
    """Return True once Wake has begun to look at the deployment: bets are closed."""
    frozen = Hypothesis.objects.filter(deployment=deployment, frozen_at__isnull=False)
    return frozen.exists() or deployment.checkups.filter(finished_at__isnull=False).exists()


def state_hypothesis(
    deployment: Deployment, expectation: Expectation, *, now: datetime, by: User | None = None
) -> Hypothesis:
    """Save what the deployment is expected to do, with a checkup at the end of its window.

    Until Wake first looks, a later word replaces the earlier one, which is kept as an edit; only
    that CI, which says the same at each step of a ship, never replaces a person's word. After
    that it changes nothing: what CI sends (`by` is None) is kept as a remark that came too late,
    and what was said first is returned; a person is told, by TooLate. A hypothesis that is first
    stated after the first look is no bet: TooLate. A metric that is not known yet is made.
    """
    key = read_key(expectation.metric, field="hypothesis.metric")
    with transaction.atomic():
        # The lock makes two people, or CI's retries, wait for each other.
        Deployment.objects.select_for_update().get(pk=deployment.pk)
        known = Hypothesis.objects.select_for_update().filter(deployment=deployment).first()
        closed = has_been_looked_at(deployment)
        if closed and (by or known is None):
            raise TooLate("Wake has looked at this ship already, so its hypothesis is frozen.")
        metric, _ = metric_for(deployment.project, key)
        said: dict[str, Any] = {
            "metric": metric,
            "direction": expectation.direction,
            "min_effect": expectation.min_effect,
            "window": expectation.window,
            "statement": expectation.statement,
            "because": expectation.because,
        }
        if known is None:
            known = Hypothesis.objects.create(
                deployment=deployment, stated_at=now, stated_by=by, **said
            )
        elif _is_another(known, said) and (by or not _a_person_wrote(known)):
            _keep_edit(known, said, by=by, now=now, is_late=closed)
            if not closed:
                for name, value in said.items():
                    setattr(known, name, value)
                known.save(update_fields=_FACTS)
        if deployment.is_live:
            make_checkup_at(deployment, known.window)
    # Whoever holds the deployment may have read it before there was a hypothesis.
    deployment.hypothesis = known
    return known


def _is_another(known: Hypothesis, said: dict[str, Any]) -> bool:
    return any(getattr(known, name) != value for name, value in said.items())


def _a_person_wrote(known: Hypothesis) -> bool:
    # CI tells the same commit's trailers at each step of a ship's life; a person's word stands.
    return known.edits.filter(by__isnull=False).exists() or known.stated_by is not None


def _keep_edit(
    known: Hypothesis, said: dict[str, Any], *, by: User | None, now: datetime, is_late: bool
) -> None:
    old = _told({name: getattr(known, name) for name in _FACTS})
    new = _told(said)
    last = known.edits.order_by("-pk").first()
    if is_late and last and last.is_late and last.new == new:
        return  # CI says the same again each time it retries
    HypothesisEdit.objects.create(
        hypothesis=known, old=old, new=new, by=by, edited_at=now, is_late=is_late
    )


def _told(said: dict[str, Any]) -> dict[str, Any]:
    """Return a bet as it is kept in an edit: the metric by its key, the window in seconds."""
    return {
        **said,
        "metric": said["metric"].key,
        "window": int(said["window"].total_seconds()),
    }


def make_checkup_at(deployment: Deployment, horizon: timedelta) -> None:
    """Make an appointment to look back at the deployment that long after it shipped."""
    Checkup.objects.get_or_create(
        deployment=deployment,
        horizon=horizon,
        defaults={"due_at": deployment.shipped_at + horizon},
    )
