"""Calls that reached us, kept as they came: nothing is lost because it could not be read."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F

from accounts.models import Project
from common.bodies import is_form, read_body
from common.errors import BadInput
from common.masking import mask_body, mask_form, mask_headers, mask_text
from common.values import storable
from deployments.intake import Recorded, record_deployment
from deployments.models import Delivery, Webhook
from deployments.providers.base import Options, Told
from deployments.providers.registry import PROVIDERS
from deployments.reading import Reading, identify, read_delivery
from deployments.ship import DEFAULT_ENVIRONMENT

logger = logging.getLogger(__name__)

# After so many failures to store what a delivery tells, it waits for a person.
MAX_ATTEMPTS = 5
# A worker that has not recorded a delivery by then is presumed dead.
STALE = timedelta(minutes=1)
MAX_REASON = 2_000


def keep_unreadable(
    *, project: Project, provider: str, body: bytes, reason: BadInput, now: datetime
) -> Delivery:
    """Keep a call that could not be read, and why, so that it can be read again after a fix."""
    return Delivery.objects.create(
        project=project,
        provider=provider,
        body=mask_body(body),
        outcome=Delivery.Outcome.UNREADABLE,
        reason=_reason(str(reason)),
        received_at=now,
    )


def receive(
    webhook: Webhook, *, headers: Mapping[str, str], path: str, body: bytes, now: datetime
) -> Delivery:
    """Keep a delivery as it came, record the ships that it tells of, and return what became of it.

    A delivery that came before is not kept again; if it told its ships already, nor recorded.
    `headers` have their names in lower case.
    """
    delivery = _kept(webhook, headers, path, body, now)
    # "received" is a row whose worker died half-way, or is at it: recording is safe to run twice.
    # One that could not be read may be readable by now.
    if delivery.outcome in (Delivery.Outcome.RECEIVED, Delivery.Outcome.UNREADABLE):
        record_delivery(delivery, webhook=webhook)
    return delivery


def _kept(
    webhook: Webhook, headers: Mapping[str, str], path: str, body: bytes, now: datetime
) -> Delivery:
    event, delivery_id = identify(PROVIDERS[webhook.provider], headers, body)
    mask = mask_form if is_form(headers) else mask_body
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
            headers={k: storable(v)[:2_000] for k, v in mask_headers(headers).items()},
            path=storable(mask_text(path))[:500],
            body=mask(body, webhook.secrets_at(now)),
            received_at=now,
        )


def record_delivery(delivery: Delivery, *, webhook: Webhook | None = None) -> Delivery:
    """Read a kept delivery and record its ships; safe to repeat, at any later time.

    It is read as of the moment it came in: what did not say when it shipped, shipped then.
    """
    if webhook is None:
        webhook = Webhook.objects.filter(
            project=delivery.project_id, provider=delivery.provider
        ).first()
    reading = read_kept(delivery, options_of(webhook))
    Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1)
    delivery.attempts += 1
    try:
        with transaction.atomic():
            recorded = [
                record_deployment(project=delivery.project, ship=ship, now=delivery.received_at)
                for ship in reading.ships
            ]
            _conclude(delivery, reading, recorded)
    except DatabaseError as fault:
        logger.exception("Delivery %s could not be recorded.", delivery.pk)
        delivery.deployment = None
        if delivery.attempts >= MAX_ATTEMPTS:
            why = f"Wake failed to record it ({type(fault).__name__})."
            _save(delivery, Delivery.Outcome.UNREADABLE, why)
    return delivery


def read_kept(delivery: Delivery, options: Options) -> Reading:
    """Return what a kept delivery tells of, without recording it."""
    headers = {str(name): str(value) for name, value in delivery.headers.items()}
    try:
        body: Any = read_body(bytes(delivery.body), headers)
    except BadInput as reason:
        return Reading(unreadable=(str(reason),))
    told = Told(
        event=delivery.event,
        body=body,
        headers=headers,
        now=delivery.received_at,
        options=options,
        path=delivery.path,
    )
    return read_delivery(delivery.provider, told)


def options_of(webhook: Webhook | None) -> Options:
    """Return what the project chose for a webhook, or what holds where it chose nothing."""
    if webhook is None:
        return Options()
    return Options(
        branch=webhook.branch,
        names=tuple(webhook.names),
        environment=webhook.environment or DEFAULT_ENVIRONMENT,
        mapping=webhook.mapping,
    )


def _conclude(delivery: Delivery, reading: Reading, recorded: list[Recorded]) -> None:
    if recorded:
        delivery.deployment = recorded[0].deployment
    if reading.unreadable:
        several = len(reading.ships) + len(reading.ignored) + len(reading.unreadable) > 1
        count = f"{len(reading.unreadable)} of its parts could not be read. " if several else ""
        _save(delivery, Delivery.Outcome.UNREADABLE, count + " ".join(reading.unreadable))
    elif recorded:
        names = ", ".join(f"{one.deployment.version}" for one in recorded)
        told = f"{len(recorded)} ships: {names}." if len(recorded) > 1 else ""
        _save(delivery, Delivery.Outcome.RECORDED, told)
    else:
        _save(delivery, Delivery.Outcome.IGNORED, " ".join(dict.fromkeys(reading.ignored)))


def _save(delivery: Delivery, outcome: Delivery.Outcome, reason: str) -> None:
    delivery.outcome, delivery.reason = outcome, _reason(reason)
    delivery.save(update_fields=["outcome", "reason", "deployment"])


def _reason(text: str) -> str:
    return storable(mask_text(text))[:MAX_REASON]


def replay_unreadable(project: Project, *, provider: str = "") -> tuple[int, int]:
    """Read again all that could not be read; return how many there were, and how many now can."""
    waiting = project.deliveries.filter(outcome=Delivery.Outcome.UNREADABLE)
    if provider:
        waiting = waiting.filter(provider=provider)
    numbers = list(waiting.order_by("received_at", "pk").values_list("pk", flat=True))
    mended = 0
    for pk in numbers:
        delivery = project.deliveries.select_related("project").filter(pk=pk).first()
        if delivery and record_delivery(delivery).outcome != Delivery.Outcome.UNREADABLE:
            mended += 1
    return len(numbers), mended


def record_left_behind(now: datetime) -> int:
    """Record the deliveries whose worker died before it had; return how many there were."""
    left = Delivery.objects.filter(
        outcome=Delivery.Outcome.RECEIVED, received_at__lt=now - STALE
    ).select_related("project")
    rows = list(left.order_by("received_at", "pk")[:500])
    for delivery in rows:
        record_delivery(delivery)
    return len(rows)


def forget_deliveries(before: datetime) -> int:
    """Delete the deliveries that came in before that moment; return how many."""
    count, _ = Delivery.objects.filter(received_at__lt=before).delete()
    return count
