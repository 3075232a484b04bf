"""Posts a digest to a channel: one call, and what its answer means."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings

from common.attempts import hide
from common.hosts import CannotReach
from common.http import Answer, NoAnswer, call
from common.rest import rest_asked
from digest.channel_models import Channel
from digest.chat_formats import FORMATS
from digest.chat_text import Payload
from digest.handover import MayHaveArrived

# A webhook that is forbidden, unknown or gone does not come back by itself.
FINAL = (401, 403, 404, 410)
EXCERPT = 300


class NotTaken(Exception):
    """The chat did not take the message: for good, or for at least `wait`."""

    def __init__(self, said: str, *, is_final: bool = False, wait: timedelta | None = None) -> None:
        super().__init__(said)
        self.is_final, self.wait = is_final, wait or timedelta(0)


def post(
    channel: Channel, payload: Payload, *, now: datetime, may_i: Callable[[], bool] = lambda: True
) -> bool:
    """Post a message to the channel; False if `may_i`, asked just before, says no.

    Raises NotTaken, or MayHaveArrived if the call was made and never answered. What they say
    holds nothing of the secret address.
    """
    how = FORMATS[channel.chat]
    if not may_i():
        return False
    try:
        answer = call(
            "POST",
            _with(channel.url, how.query),
            headers={"Content-Type": "application/json"},
            body=json.dumps(payload).encode(),
            private_hosts=settings.ALLOW_PRIVATE_HOSTS,
        )
    except NoAnswer as lost:
        raise MayHaveArrived(_hidden(str(lost), channel)) from None
    except CannotReach as problem:
        raise NotTaken(_hidden(str(problem), channel)) from None
    if answer.is_success:
        return True
    raise _refusal(answer, channel, now)


def _refusal(answer: Answer, channel: Channel, now: datetime) -> NotTaken:
    said = " ".join(answer.text().split())
    gone = answer.status == 400 and any(word in said for word in FORMATS[channel.chat].gone)
    wait = rest_asked(answer.headers, now) if "retry-after" in answer.headers else None
    is_final = gone or (answer.status in FINAL and wait is None)
    name = channel.get_chat_display()
    if answer.status == 429:
        told = f"{name} asks to be called less often (429)."
    elif 300 <= answer.status < 400:
        told = f"The address redirects ({answer.status}); redirects are not followed."
    else:
        words = f": {said[:EXCERPT]}" if said else ""
        told = f"{name} answered {answer.status}{words}"
    return NotTaken(_hidden(told, channel), is_final=is_final, wait=wait)


def _hidden(text: str, channel: Channel) -> str:
    parts = urlsplit(channel.url)
    pieces = [channel.url, parts.query, *parts.path.split("/")]
    return hide(text, {str(n): piece for n, piece in enumerate(pieces) if len(piece) > 7})


def _with(url: str, query: tuple[tuple[str, str], ...]) -> str:
    """Return the address with what the chat needs to be asked, whatever it had before."""
    if not query:
        return url
    parts = urlsplit(url)
    names = {name for name, _ in query}
    said = [pair for pair in parse_qsl(parts.query) if pair[0] not in names]
    return urlunsplit(parts._replace(query=urlencode([*said, *query])))
