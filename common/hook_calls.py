"""Calls to webhook doors as they come: raw, bounded, and ready to be proved."""

from datetime import datetime

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError

from common.api import TooLarge
from common.webhooks import SignedCall


class CallUnread(Exception):
    """The body of a call cannot be read; the text says why, and `status` what is answered."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.status = status

    def answer(self) -> JsonResponse:
        """Return what the caller is told."""
        return JsonResponse({"detail": str(self)}, status=self.status)


def read_hook_call(request: HttpRequest, *, now: datetime) -> SignedCall:
    """Return the call with its headers and its raw body; raises CallUnread."""
    try:
        body = request.body
    except RequestDataTooBig:
        raise CallUnread(TooLarge.default_detail, TooLarge.status_code) from None
    except UnreadablePostError:
        raise CallUnread("The body broke off.", 400) from None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return SignedCall(headers, body, now)
