"""Calls that reached us, kept as they came: nothing is lost because it could not be read."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts.models import Project
from common.api import read_json
from common.errors import BadInput
from common.values import storable
from deployments.intake import record_deployment
from deployments.models import Delivery, Webhook
from deployments.providers import github
from deployments.ship import NotAShip, Ship

Parser = Callable[..., Ship]
# A provider is one file and one row here: its parse(event, body, now=...) makes a Ship.
PROVIDERS: dict[str, Parser] = {"github": github.parse}


def keep_unreadable(
    *, project: Project, provider: str, body: bytes, reason: BadInput, now: datetime
) -> Delivery:
    """Keep a call that could not be read, and why, so that a person can mend and send it again."""
    return Delivery.objects.create(
        project=project,
        provider=provider,
        body=body,
        outcome=Delivery.Outcome.UNREADABLE,
        reason=storable(str(reason)),
        received_at=now,
    )


def receive(
    webhook: Webhook, *, event: str, delivery_id: str, body: bytes, now: datetime
) -> Delivery:
    """Keep a delivery as it came, record the ship that it tells of, and return what became of it.

    A delivery that came before is not kept or recorded again; its first outcome is returned.
    """
    delivery = _kept(webhook, event, delivery_id, body, now)
    # A row still "received" is one whose worker died half-way; recording is safe to run twice.
    if delivery.outcome == Delivery.Outcome.RECEIVED:
        parse = partial(PROVIDERS[webhook.provider], event)
        _record(delivery, parse, now)
    return delivery


def _kept(webhook: Webhook, event: str, delivery_id: str, body: bytes, now: datetime) -> Delivery:
    with transaction.atomic():
        # The lock makes a delivery that is repeated at the same moment wait for the first.
        Webhook.objects.select_for_update().get(pk=webhook.pk)
        known = Delivery.objects.filter(
            project=webhook.project, provider=webhook.provider, delivery_id=delivery_id
        )
        before = known.order_by("pk").first() if delivery_id else None
        return before or Delivery.objects.create(
            project=webhook.project,
            provider=webhook.provider,
            event=event,
            delivery_id=delivery_id,
            body=body,
            received_at=now,
        )


def _record(delivery: Delivery, parse: Callable[..., Ship], now: datetime) -> None:
    try:
        body: Any = read_json(bytes(delivery.body))
        ship = parse(body, now=now)
        with transaction.atomic():
            recorded = record_deployment(project=delivery.project, ship=ship, now=now)
            delivery.deployment = recorded.deployment
            _conclude(delivery, Delivery.Outcome.RECORDED, "")
    except NotAShip as reason:
        _conclude(delivery, Delivery.Outcome.IGNORED, str(reason))
    except BadInput as reason:
        _conclude(delivery, Delivery.Outcome.UNREADABLE, str(reason))


def _conclude(delivery: Delivery, outcome: Delivery.Outcome, reason: str) -> None:
    delivery.outcome, delivery.reason = outcome, storable(reason)
    delivery.save(update_fields=["outcome", "reason", "deployment"])
