"""What a message says of a ship, a verdict or a learning; docs/outgoing.md explains each field."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from deployments.addresses import page_of_deployment
from deployments.models import Deployment, Hypothesis
from learning.models import ImpactEstimate, Learning
from learning.verdict import Verdict


def ship_recorded(ship: Deployment) -> dict[str, Any]:
    """Return what is told of a ship that went live."""
    return {"project": ship.project.slug, "ship": _ship(ship)}


def verdict_reached(learning: Learning) -> dict[str, Any]:
    """Return what is told of a verdict: the word, and the effect that it rests on."""
    return {
        **ship_recorded(learning.deployment),
        "verdict": learning.verdict,
        "verdict_label": str(Verdict(learning.verdict).label),
        "reached_at": learning.checkup.due_at.isoformat() if learning.checkup else None,
        "effect": _effect(learning),
        "learning": _learning(learning),
    }


def learning_confirmed(learning: Learning) -> dict[str, Any]:
    """Return what is told of a learning that a person stands by."""
    return {**ship_recorded(learning.deployment), "learning": _learning(learning)}


def _ship(ship: Deployment) -> dict[str, Any]:
    return {
        "id": ship.pk,
        "url": page_of_deployment(ship),
        "version": ship.version,
        "sha": ship.sha,
        "title": ship.title,
        "environment": ship.environment.name,
        "service": ship.service.name if ship.service else "",
        "status": ship.status,
        "shipped_at": ship.shipped_at.isoformat(),
        "shippers": [
            {"email": one.email, "name": one.name} for one in ship.shippers.order_by("pk")
        ],
        "hypothesis": _hypothesis(ship),
    }


def _hypothesis(ship: Deployment) -> dict[str, Any] | None:
    bet: Hypothesis | None = getattr(ship, "hypothesis", None)
    if bet is None:
        return None
    return {
        "metric": bet.metric.key,
        "direction": bet.direction,
        "min_effect": bet.min_effect,
        "window_seconds": int(bet.window.total_seconds()),
        "statement": bet.statement,
        "because": bet.because,
    }


def _effect(learning: Learning) -> dict[str, Any] | None:
    bet: Hypothesis | None = getattr(learning.deployment, "hypothesis", None)
    if bet is None or learning.checkup_id is None:
        return None
    row = ImpactEstimate.objects.filter(checkup=learning.checkup_id, metric=bet.metric_id).first()
    if row is None or row.effect is None:
        return None
    return {"metric": bet.metric.key, "effect": row.effect, "low": row.low, "high": row.high}


def _learning(learning: Learning) -> dict[str, Any]:
    where = {"slug": learning.deployment.project.slug, "pk": learning.pk}
    return {
        "id": learning.pk,
        "url": settings.BASE_URL + reverse("learning", kwargs=where),
        "version": learning.version,
        "verdict": learning.verdict,
        "headline": learning.headline,
        "evidence": learning.evidence,
        "takeaway": learning.takeaway,
        "state": learning.state,
        "confirmed_at": learning.confirmed_at.isoformat() if learning.confirmed_at else None,
        "confirmed_by": str(learning.confirmed_by) if learning.confirmed_by else "",
    }
