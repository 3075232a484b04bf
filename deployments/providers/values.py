"""Reading what ships are made of out of payloads: shas, versions, people, commits. Pure."""

import re
from typing import Any
from urllib.parse import unquote

from common.payloads import dig, line, moment, rows, web
from common.values import storable


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
