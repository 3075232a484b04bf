"""What is kept of an event's properties: little, and nothing that tells who somebody is. Pure."""

import json
import re
from functools import lru_cache
from typing import Any

from common.masking import MASK, mask_text
from common.values import storable, storable_json

MOST = 50
MAX_NAME = 100
MAX_TEXT = 500
MAX_NESTED = 1_000  # characters of a list or an object, as JSON
TOO_LONG = "(too long to keep)"
# Taken apart at capitals and signs: "userEmail", "user_email" and "E-Mail" are all about mail.
_PERSONAL = re.compile(
    r"(?:^|_)(?:e_?mail|mail|phone|telephone|mobile|fax|ip|ip_address|address|street|postcode|zip|"
    r"first_name|last_name|full_name|surname|birthday|birth_date|date_of_birth|ssn|iban|card|cvc|"
    r"passw(?:or)?d|passphrase|secret|token|api_?key|authorization|cookie|signature)"
    r"(?:$|_(?:address|number|no|hash|id))",
)
_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_MAIL = re.compile(r"[^\s@<>\"',;:()]{1,64}@[^\s@<>\"',;:()]{1,190}\.[A-Za-z]{2,24}")
_PHONE = re.compile(r"(?<![\w.+-])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){7,14}(?!\w)")
_ADDRESS = re.compile(r"https?://[^\s?#]{1,400}[?#]\S*")
# These only say where the event came from, or are read into fields of their own.
_LEFT_OUT = frozenset({"environment", "search", "referrer"})


def kept_properties(properties: dict[str, Any], page: Any = None) -> dict[str, Any]:
    """Return the properties as they are kept; `page` is the path of the page it was done on.

    At most 50, names of 100 and texts of 500 characters. What is called like a mail address, a
    phone number, a postal address or a secret, or looks like one, is masked; addresses of pages
    lose their query.
    """
    kept: dict[str, Any] = {}
    for name, value in properties.items():
        if name in _LEFT_OUT or value is None:
            continue
        if len(kept) == MOST:
            break
        kept[storable(name)[:MAX_NAME]] = MASK if is_personal(name) else _kept(value)
    if isinstance(page, str) and page and "path" not in kept and len(kept) < MOST:
        kept["path"] = _text(page.partition("?")[0])
    return kept


@lru_cache(maxsize=4_096)
def is_personal(name: str) -> bool:
    """Return True if a property of that name tells who somebody is, or is a secret."""
    return _PERSONAL.search(_EDGE.sub("_", name[:MAX_NAME]).lower()) is not None


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool | float):
        return storable_json(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)[:MAX_NAME]
    return _nested(value)


def _text(value: str) -> str:
    if len(value) > MAX_TEXT:
        value = value[: MAX_TEXT - 1] + "…"
    value = storable(value)
    if "@" in value:
        value = _MAIL.sub(MASK, value)
    if "+" in value or "00" in value:
        value = _PHONE.sub(MASK, value)
    if "://" in value:
        value = _ADDRESS.sub(lambda found: re.split(r"[?#]", found[0])[0], value)
    # No secret that can be told by its shape is shorter.
    return mask_text(value) if len(value) > 16 else value


def _nested(value: Any) -> Any:
    clean = without_people(value)
    return clean if len(json.dumps(clean)) <= MAX_NESTED else TOO_LONG


def without_people(value: Any) -> Any:
    """Return a JSON value in which nothing is left that is called like, or looks like, a person."""
    if isinstance(value, dict):
        return {
            storable(str(name))[:MAX_NAME]: MASK if is_personal(str(name)) else without_people(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [without_people(one) for one in value]
    return _kept(value) if value is not None else None
