"""Forgiving reading of vendors' payloads: whatever stands in the wrong place is left out. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

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


def sha_in(*values: Any) -> str:
    """Return the first of the values that is, or ends in, a git commit's sha."""
    for value in values:
        found = re.search(r"(?:^|[/:@-])([0-9a-fA-F]{7,64})$", line(value))
        if found:
            return found[1].lower()
    return ""


def version_in(ref: Any) -> str:
    """Return a tag's name; a branch's is no version, or every ship of main would have the same."""
    name = line(ref, 200).removeprefix("refs/tags/")
    if name.startswith("refs/heads/") or not re.search(r"\d", name):
        return ""
    return name if re.match(r"(?i)^[a-z_-]*[/@-]?v?\d", name) else ""


def moment(value: Any) -> Any:
    """Return a vendor's time in a form that Wake reads; what cannot be one becomes None.

    GitLab writes "2021-04-28 21:50:00 +0200" and "2016-08-12 15:23:28 UTC". A time that cannot
    be read only decorates a ship here: the moment at which the call came in stands in for it.
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


def person(value: Any, *, host: str = "") -> dict[str, str] | None:
    """Return who that is; `host` completes the address of somebody known by a login alone."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(.*?)\s*<([^<>]+@[^<>]+)>\s*", value)
        value = {"name": found[1], "email": found[2]} if found else {"name": value}
    email, name = line(dig(value, "email"), 254), ""
    for key in ("name", "display_name", "login", "username", "nickname"):
        name = name or line(dig(value, key), 150)
    login = line(dig(value, "login"), 100) or line(dig(value, "username"), 100)
    if "@" not in email:
        email = f"{login}@{host}" if login and host and " " not in login else ""
    return {"email": email, "name": name} if email or name else None


def commit(value: Any) -> dict[str, Any] | None:
    """Return a commit as Wake reads it, from the shape that most vendors share."""
    ref = (
        line(dig(value, "sha"), 100) or line(dig(value, "id"), 100) or line(dig(value, "hash"), 99)
    )
    if not ref:
        return None
    files = [
        line(name, 1000)
        for kind in ("added", "modified", "removed", "files")
        for name in rows(value, kind)
        if isinstance(name, str)
    ]
    message = dig(value, "message")
    return {
        "sha": ref,
        "message": storable(message)[:50_000] if isinstance(message, str) else "",
        "author": person(dig(value, "author")),
        "date": moment(dig(value, "timestamp") or dig(value, "date")),
        "files": files[:3000],
        "url": web(dig(value, "url")),
    }


def commits(values: list[Any]) -> list[dict[str, Any]]:
    """Return the commits of a list that can be read."""
    return [found for value in values[:1000] if (found := commit(value))]


def purl(value: Any) -> tuple[str, str]:
    """Return the name and version in a package URL: pkg:oci/shop@1.2.3?tag=x -> shop, 1.2.3."""
    text = line(value, 1000)
    path, _, rest = text.partition("?")
    name, _, version = path.partition("#")[0].rpartition("@")
    tag = re.search(r"(?:^|&)tag=([^&#]+)", rest)
    if not name:
        name, version = path, ""
    # A digest tells versions apart, but nobody calls a release by it where there is a tag.
    version = unquote(tag[1] if tag else version)
    short = re.sub(r"^(sha256:[0-9a-f]{12})[0-9a-f]+$", r"\1", version)
    return unquote(name.rpartition("/")[2]), short[:200]


def payload_object(given: Any) -> Mapping[str, Any]:
    """Return a free-form field as an object; some vendors pass it on as JSON in a text."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, Mapping) else {}
