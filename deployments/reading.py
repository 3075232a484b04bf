"""What a kept delivery says: its event, its ships. Pure."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.bodies import read_body
from common.errors import BadInput
from common.values import storable
from deployments.providers import generic
from deployments.providers.base import Provider, Told
from deployments.providers.registry import PROVIDERS
from deployments.ship import NotAShip, Ship

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery told of: ships, what was none, and what could not be read."""

    ships: tuple[Ship, ...] = ()
    ignored: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def identify(provider: Provider, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Return the event and the delivery's id, so far as they can be told; never fails."""
    try:
        value = read_body(body, headers)
    except BadInput:
        value = None
    try:
        event, number = provider.events(headers, value), provider.delivery_id(headers, value)
    except Exception:  # a fault here must not keep a delivery from being kept
        logger.exception("The event of a delivery from %s could not be told.", provider.name)
        return "", ""
    return storable(event)[:100], storable(number)[:200]


def read_delivery(provider: str, told: Told) -> Reading:
    """Return what a delivery tells of; never fails, whatever is in it.

    A delivery with several events, such as a batch of CloudEvents, is read one by one: those that
    can be read count, whatever the others are.
    """
    if provider not in PROVIDERS:  # our own API's door
        return _read_one(told, lambda one: [generic.parse(one.body, now=one.now)])
    found = PROVIDERS[provider]
    parts = found.parts(told.body)
    if not parts:
        return Reading(unreadable=("body: is an empty list.",))
    readings = [
        _read_one(replace(told, body=part), found.parse)
        # A field mapping can begin at anything; a vendor's payload is an object.
        if isinstance(part, Mapping) or provider == "generic"
        else Reading(unreadable=("body: must be a JSON object.",))
        for part in parts
    ]
    ships = tuple(
        ship if ship.source != "api" else replace(ship, source=provider)
        for reading in readings
        for ship in reading.ships
    )
    return Reading(
        ships,
        tuple(reason for reading in readings for reason in reading.ignored),
        tuple(reason for reading in readings for reason in reading.unreadable),
    )


def _read_one(told: Told, parse: Any) -> Reading:
    try:
        return Reading(ships=tuple(parse(told)))
    except NotAShip as reason:
        return Reading(ignored=(str(reason),))
    except BadInput as reason:
        return Reading(unreadable=(str(reason),))
    except Exception as fault:
        # A fault of ours, or a payload of a shape nobody thought of. Either way it is kept, and
        # can be read again once Wake has learned to.
        logger.exception("A delivery could not be read.")
        return Reading(unreadable=(f"Wake failed to read it ({type(fault).__name__}).",))
