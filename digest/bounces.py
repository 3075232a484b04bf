"""Addresses that no mail server takes mail for: left alone until a person says otherwise."""

import re
from datetime import datetime

from django.db.models import Q

from accounts.models import Project, User
from digest.models import Subscription

# RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that is closed; a full one (5.2.2) may
# empty, and 5.7.x (no relaying, blocked) is about us and not about the address.
_STATUS = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
# Without such a status, the plain codes of RFC 5321 that speak of the mailbox.
_MAILBOX = (550, 551, 553)
_ABOUT_US = re.compile(r"relay|authenticat|blocked|blacklist|spam|policy|sender", re.IGNORECASE)


def is_hard(code: int, reply: str) -> bool:
    """Return True if the server's answer to the recipient means that the address does not exist."""
    if not 500 <= code <= 599:
        return False
    status = _STATUS.search(reply)
    if status:
        subject, detail = int(status[1]), int(status[2])
        # 5.1.7 and 5.1.8 are about the sender's address.
        return (subject == 1 and detail not in (7, 8)) or (subject, detail) == (2, 1)
    return code in _MAILBOX and not _ABOUT_US.search(reply)


def pause(subscription: Subscription, reason: str, *, now: datetime) -> None:
    """Send nothing more to the address of this subscription, in any project."""
    pause_address(subscription.address, reason, now=now)
    Subscription.objects.filter(pk=subscription.pk).update(claimed_at=None)


def pause_address(address: str, reason: str, *, now: datetime) -> int:
    """Send nothing more to the address, in any project; return how many subscriptions it had."""
    same = Q(user__email__iexact=address) | Q(~Q(email=""), email__iexact=address)
    return Subscription.objects.filter(same, paused_at=None).update(
        paused_at=now, pause_reason=reason[:500]
    )


def is_paused(project: Project, user: User) -> bool:
    """Return True if no mail of the project goes to that member, as their address was refused."""
    return Subscription.objects.filter(project=project, user=user, paused_at__isnull=False).exists()


def pause_channel(subscription: Subscription, reason: str, *, now: datetime) -> None:
    """Post nothing more to this one channel of a chat, until a person says otherwise."""
    Subscription.objects.filter(pk=subscription.pk, paused_at=None).update(
        paused_at=now, pause_reason=reason[:500], claimed_at=None
    )


def resume(subscription: Subscription, *, now: datetime) -> None:
    """Send to the address again, from the next time due on; what fell due meanwhile is not sent."""
    Subscription.objects.filter(pk=subscription.pk).update(
        paused_at=None,
        pause_reason="",
        next_due_at=subscription.plan.next_due(after=now),
        claimed_at=None,
        attempts=0,
        retry_at=None,
        problem="",
    )
