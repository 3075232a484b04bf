"""Sends messages: each until it has arrived, or until it is clear that it will not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce

from common.hosts import CannotReach
from common.http import Answer, call
from common.values import storable
from outbound import grafana, webhook
from outbound.models import Attempt, Hook, Kind, Message

# As Standard Webhooks recommends; then a message is given up.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
    )
)  # fmt: skip
LONGEST_WAIT = timedelta(days=1)
# A hook that takes nothing for so long is turned off.
PATIENCE = timedelta(days=3)
GONE = 410
EXCERPT = 1_000
# A kind is one file and one row here: its deliver() makes the calls that a message needs.
KINDS: dict[str, Callable[..., tuple[Answer, str]]] = {
    Kind.WEBHOOK: webhook.deliver,
    Kind.GRAFANA: grafana.deliver,
}


def send(message: Message, *, now: datetime) -> bool:
    """Send a message that this worker has claimed; return True if it arrived.

    If not, why is kept, and when to try again; a hook that is gone or has failed for days is
    turned off, with the reason.
    """
    reach = partial(call, private_hosts=settings.ALLOW_PRIVATE_HOSTS)
    attempt = Attempt(message=message, tried_at=now)
    headers: dict[str, str] = {}
    try:
        answer, remote_id = KINDS[message.hook.kind](message, reach, now=now)
    except CannotReach as reason:
        attempt.problem = storable(str(reason))[:500]
        arrived = False
    else:
        headers, arrived = answer.headers, answer.is_success
        attempt.status, attempt.excerpt = answer.status, storable(answer.text())[:EXCERPT]
        if not arrived:
            attempt.problem = _why(answer)
    attempt.save()
    if arrived:
        Message.objects.filter(pk=message.pk).update(
            sent_at=now, claimed_at=None, remote_id=remote_id
        )
        Hook.objects.filter(pk=message.hook_id).update(failing_since=None)
        return True
    _try_later(message, headers.get("retry-after", ""), now)
    _note_failure(message.hook, attempt, now)
    return False


def _why(answer: Answer) -> str:
    if answer.status == GONE:
        return "The address is gone (410)."
    if 300 <= answer.status < 400:
        return f"The address redirects ({answer.status}); redirects are not followed."
    return f"The answer was {answer.status}; any from 200 to 299 says that it was taken."


def _try_later(message: Message, retry_after: str, now: datetime) -> None:
    message.refresh_from_db(fields=["tries"])
    if message.tries > len(WAITS):
        Message.objects.filter(pk=message.pk).update(given_up_at=now, claimed_at=None)
        return
    wait = WAITS[max(message.tries, 1) - 1]
    if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 9:
        wait = max(wait, min(timedelta(seconds=int(retry_after)), LONGEST_WAIT))
    Message.objects.filter(pk=message.pk).update(due_at=now + wait, claimed_at=None)


def _note_failure(hook: Hook, attempt: Attempt, now: datetime) -> None:
    mine = Hook.objects.filter(pk=hook.pk)
    mine.update(failing_since=Coalesce(F("failing_since"), now))
    if attempt.status == GONE:
        mine.update(
            is_on=False, off_because="The address answered 410, which means: gone for good."
        )
        return
    mine.filter(is_on=True, failing_since__lte=now - PATIENCE).update(
        is_on=False,
        off_because=f"Nothing has arrived there for {PATIENCE.days} days. Last: {attempt.problem}",
    )


def send_again(message: Message, *, now: datetime) -> None:
    """Let a message be sent once more, under the same id, so that a receiver can tell."""
    Message.objects.filter(pk=message.pk).update(
        due_at=now, sent_at=None, given_up_at=None, claimed_at=None, tries=0
    )


def turn_on(hook: Hook, *, now: datetime) -> None:
    """Tell the hook again: what happens from now on, and what was waiting."""
    Hook.objects.filter(pk=hook.pk).update(
        is_on=True, off_because="", failing_since=None, news_since=now
    )
    hook.messages.waiting().update(due_at=now, claimed_at=None, tries=0)


def turn_off(hook: Hook) -> None:
    """Tell the hook nothing more, until somebody turns it on."""
    Hook.objects.filter(pk=hook.pk).update(is_on=False, off_because="")
