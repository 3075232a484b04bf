"""What a mail provider reports of an address, in the words of django-anymail."""

import re
from datetime import datetime
from typing import Any

from digest.bounces import is_hard, pause_address

# Providers call a full mailbox a bounce too.
_MAY_WORK_AGAIN = re.compile(r"soft|temporar|transient|full|quota|block", re.IGNORECASE)
_STATUS = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")


def take_event(event: Any, *, now: datetime) -> int:
    """Pause an address that does not exist, or whose reader called a mail spam; return how many.

    `event` is an anymail.signals.AnymailTrackingEvent. What says nothing for good is left alone.
    """
    address = str(event.recipient or "").strip()
    why = _why_for_good(event)
    if not address or not why:
        return 0
    return pause_address(address, why, now=now)


def _why_for_good(event: Any) -> str:
    """Return why nothing more is to be sent to the address, or ""."""
    if event.event_type == "complained":
        return "Its reader told the mail provider that a mail was spam."
    said = " ".join(str(event.mta_response or event.description or "").split())
    words = f"The mail provider says: {said or event.reject_reason or event.event_type}"
    if event.event_type not in ("bounced", "rejected"):
        return ""
    if _STATUS.search(said):
        return words if is_hard(550, said) else ""
    if event.reject_reason not in ("bounced", "invalid"):
        return ""
    kind = event.esp_event.get("Type", "") if isinstance(event.esp_event, dict) else ""
    return "" if _MAY_WORK_AGAIN.search(f"{kind} {said}") else words
