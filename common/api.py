"""What every API door shares: reading a JSON body, and errors a person can act on."""

import json
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.response import Response
from rest_framework.views import exception_handler

from common.errors import BadInput


class TooLarge(exceptions.APIException):
    """The body is larger than Wake reads."""

    status_code = 413
    default_code = "too_large"
    default_detail = (
        f"The body is larger than {settings.MAX_BODY_BYTES // 1024**2} MB. Send it in parts."
    )


def read_json(body: bytes) -> Any:
    """Return the JSON value in `body`.

    Raises BadInput if it is not JSON; NaN and Infinity, which are not JSON, are refused too.
    """
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as reason:
        raise BadInput("body", f"is not JSON: {reason}.", "Send UTF-8 encoded JSON.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not allowed")


class JSONBody(BaseParser):
    """Reads any body as JSON, whatever its Content-Type: `curl -d` forgets to set one."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        """Return the JSON value in the body; raises BadInput or TooLarge."""
        try:
            body = parser_context["request"]._request.body
        except RequestDataTooBig:
            raise TooLarge() from None
        return read_json(body)


def explain(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a refused call: `detail` says it in a sentence, `errors` field by field."""
    if isinstance(error, BadInput):
        return Response({"detail": str(error), "errors": [error.as_dict()]}, status=400)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    return exception_handler(error, context)
