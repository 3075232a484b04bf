"""Tries that failed: how long to wait, and why, in plain words and without secrets."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common.due import Place
from common.errors import BadInput
from common.hosts import CannotReach
from common.masking import MASK, mask_text
from common.places import ConnectionFault
from common.values import storable

# After a failure the wait doubles from the first to the longest; a place that names a wait of its
# own is believed, up to a day.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_REST = timedelta(days=1)
# Waits vary by so much to both sides, so that many places are not asked at the same moment.
JITTER = 0.1
MAX_PROBLEM = 2_000
# Shorter ones would be found in ordinary words.
SHORTEST_SECRET = 4


def varied(wait: timedelta) -> timedelta:
    """Return the wait, a little longer or shorter."""
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311, it guards nothing


def is_expected(fault: Exception) -> bool:
    """Return True if the fault is the place's, and not one of Wake's own that its log must tell."""
    return isinstance(fault, ConnectionFault | CannotReach | BadInput)


def after_failure(
    place: Place, fault: Exception, secrets: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Return what a failed try makes of the place's row: its problem, and when the next is due."""
    failures = place.failures + 1
    rest = fault.retry_after if isinstance(fault, ConnectionFault) else None
    wait = varied(min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT))
    if rest:
        wait = max(wait, min(rest, LONGEST_REST))
    return {
        "failures": failures,
        "failing_since": place.failing_since or now,
        "problem": problem_in(fault, secrets),
        "tried_at": now,
        "rest_until": now + min(rest, LONGEST_REST) if rest else None,
        "next_due_at": now + wait,
        "claimed_at": None,
    }


def problem_in(fault: Exception, secrets: Mapping[str, Any]) -> str:
    """Return in plain words why a place could not be gathered from, and the mend; no secrets."""
    if isinstance(fault, ConnectionFault):
        said = str(fault)
    elif isinstance(fault, CannotReach):
        said = f"{fault} Check the address, and whether it answers."
    elif isinstance(fault, BadInput):
        said = f"The answer could not be read. {fault}"
    else:
        said = f"Wake failed here ({type(fault).__name__}). Its log says more; it tries again."
    return hide(said, secrets)[:MAX_PROBLEM]


def hide(text: str, secrets: Mapping[str, Any]) -> str:
    """Return the text without the place's secrets, and without what looks like one."""
    known = [value for value in secrets.values() if isinstance(value, str)]
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return storable(mask_text(text))
