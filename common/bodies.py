"""The bodies of calls as values and as text to look at. Pure."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from common.api import read_json
from common.errors import BadInput

SHOWN = 20_000  # characters of a body


def is_form(headers: Mapping[str, str]) -> bool:
    """Return True if the body is a form's; GitHub's webhooks are, unless one chooses JSON."""
    return headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def read_body(body: bytes, headers: Mapping[str, str]) -> Any:
    """Return the value in a body: JSON, or a form with a `payload` of JSON, or a form's fields."""
    # curl -d names a form whatever it sends, so what looks like JSON is read as JSON.
    if not is_form(headers) or body.lstrip()[:1] in (b"{", b"["):
        return read_json(body)
    try:
        fields = parse_qs(body.decode(), max_num_fields=200)
    except ValueError as reason:
        raise BadInput("body", f"is not a form: {reason}.", "Send JSON.") from None
    if not fields:
        raise BadInput("body", "is empty.", "Send JSON.")
    if "payload" in fields:
        return read_json(fields["payload"][0].encode())
    return {name: values[0] for name, values in fields.items()}


def laid_out(body: bytes, headers: Mapping[str, str]) -> str:
    """Return the body as text: JSON indented, anything else as it came; long ones are cut."""
    try:
        text = json.dumps(read_body(body, headers), indent=2, ensure_ascii=False)
    except (BadInput, ValueError):
        text = body.decode("utf-8", "replace")
    more = f"\n... {len(text) - SHOWN:,} more characters" if len(text) > SHOWN else ""
    return text[:SHOWN] + more
