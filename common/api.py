"""What every API door shares: reading a JSON body, and errors a person can act on."""

import json
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from common.errors import BadInput
from common.overload import BUSY, busy_headers, is_busy

# Real bodies are nested a dozen levels deep; without a limit, reading them could end the process.
MAX_DEPTH = 50
_NESTED = (dict, list)


class TooLarge(exceptions.APIException):
    """The body is larger than Wake reads."""

    status_code = 413
    default_code = "too_large"
    default_detail = (
        f"The body is larger than {settings.MAX_BODY_BYTES // 1024**2} MB. Send it in parts."
    )


def read_json(body: bytes) -> Any:
    """Return the JSON value in `body`.

    Raises BadInput if it is not JSON, or nested deeper than anybody means. NaN and Infinity,
    which are not JSON, are refused too.
    """
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as reason:
        raise BadInput("body", f"is not JSON: {reason}.", "Send UTF-8 encoded JSON.") from None
    # Level by level, and only what can hold another level: most of a large body is plain values.
    level = [value] if type(value) in _NESTED else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _NESTED
        ]
        if not level:
            return value
    raise _too_deep()


def _too_deep() -> BadInput:
    return BadInput("body", f"is nested more than {MAX_DEPTH} levels deep.", "Send it flatter.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not allowed")


def batch_in(body: Any, name: str, *, most: int) -> list[Any] | None:
    """Return the rows if `body` is a batch, {name: [...]} or a bare list; None if it is not.

    Raises TooLarge if there are more than `most` rows.
    """
    rows = body.get(name) if isinstance(body, dict) else body
    if isinstance(body, dict) and name not in body:
        return None
    if not isinstance(rows, list):
        raise BadInput(name, "must be a list.", "Send " + "{" + f'"{name}": [...]' + "}.")
    if len(rows) > most:
        raise TooLarge(f"{len(rows):,} rows in one call; send at most {most:,} at a time.")
    return rows


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
    # DRF's views name this module in their settings, so it must be importable before they are.
    from rest_framework.views import exception_handler

    if isinstance(error, BadInput):
        return Response({"detail": str(error), "errors": [error.as_dict()]}, status=400)
    if isinstance(error, OperationalError) and is_busy(error):
        return Response(json.loads(BUSY), status=429, headers=busy_headers())
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    return exception_handler(error, context)
