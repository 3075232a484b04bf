"""Forgiving reading of vendors' payloads: whatever stands in the wrong place is left out."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_datetime

from common.errors import BadInput
from common.values import storable


def part(body: Any, *names: str) -> Mapping[str, Any]:
    """Return the object at that path of the body, or an empty one."""
    found = dig(body, *names)
    return found if isinstance(found, Mapping) else {}


def must(value: Any, field: str, length: int = 200) -> str:
    """Return text that must be there; raises BadInput naming the field."""
    if text := line(value, length):
        return text
    raise BadInput(field, "is missing.", "Send the payload as the tool made it.")


def needed(body: Any, *names: str) -> Mapping[str, Any]:
    """Return the object at that path of the body; raises BadInput if there is none."""
    found = part(body, *names)
    if not found:
        raise BadInput(".".join(names), "is missing.", "Send the payload as the tool made it.")
    return found


def dig(body: Any, *names: str) -> Any:
    """Return whatever stands at that path of the body, or None."""
    for name in names:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def rows(body: Any, *names: str) -> list[Any]:
    """Return the list at that path of the body, or an empty one."""
    found = dig(body, *names)
    return found if isinstance(found, list) else []


def line(value: Any, length: int = 300) -> str:
    """Return text or a number as one line, cut at `length`; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(storable(str(value)).split())[:length]


def moment(value: Any) -> Any:
    """Return a vendor's time in a form that Wake reads; what cannot be one becomes None.

    GitLab writes "2021-04-28 21:50:00 +0200" and "2016-08-12 15:23:28 UTC". The moment
    at which something came in stands in for a time that cannot be read.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if 6e8 < value < 1e20 else None
    text = line(value)
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text):
        return text
    text = re.sub(r" ?(UTC|GMT)$", "Z", text)
    text = re.sub(r" ([+-]\d\d:?\d\d)$", r"\1", text)
    try:
        parsed = parse_datetime(text)
    except ValueError:
        return None
    return text if parsed and parsed.tzinfo and parsed.year >= 1990 else None


def web(*values: Any) -> str:
    """Return the first of the values that is a link into the web."""
    texts = (line(value, 2000) for value in values)
    return next((text for text in texts if text.startswith(("https://", "http://"))), "")


def payload_object(given: Any) -> Mapping[str, Any]:
    """Return a free-form field as an object; some vendors pass it on as JSON in a text."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, Mapping) else {}
