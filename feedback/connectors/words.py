"""What customers wrote, brought into the form that intake takes: plain text, people, versions."""

import re
from collections.abc import Iterable
from typing import Any

from common.payloads import line
from common.values import storable
from feedback.connectors.html import tidy

MAX_TEXT = 50_000  # what intake takes; a longer text is cut rather than refused
_VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:[-+.][0-9A-Za-z.-]+)?", re.I)
_VERSION_LABEL = re.compile(
    r"(?:affects|app|found[ -]in|in|release|since|version|ver|[ /:=_-])*(?P<version>v?\d.*)", re.I
)
# The headings that a form of GitHub's or GitLab's puts over what was answered to each question.
_ASKED_VERSION = re.compile(
    r"^#{2,6}[ \t]*(?:which |what |app(?:lication)? |product |affected |installed |current )*"
    r"(?:version|release)s?(?: number| are you (?:using|on|running))?[ \t]*\??[ \t]*(?:\r?\n)+"
    r"[ \t]*(?P<version>[^\r\n]{1,100})",
    re.I | re.M,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)


def markdown(text: Any) -> str:
    """Return Markdown as it is, without what its author does not see: comments of a template."""
    return tidy(_COMMENT.sub("", text)) if isinstance(text, str) else ""


def said(*parts: Any) -> str:
    """Return a title and what follows it as one text that intake takes, each part once."""
    found: list[str] = []
    for part in parts:
        text = part.strip() if isinstance(part, str) else ""
        if text and text not in found:
            found.append(text)
    if len(found) > 1 and found[1].startswith(found[0].rstrip(".…")):
        found = found[1:]  # a title that was made of the beginning of the text
    # Storable first: joining halves of characters may change the length.
    return storable("\n\n".join(found))[:MAX_TEXT].rstrip()


def person(known_by: str, name: Any = "", email: Any = "") -> dict[str, str] | None:
    """Return a customer for intake, or None if there is nothing to know one by."""
    address = line(email, 255)
    address = address if "@" in address and len(address) <= 254 and " " not in address else ""
    if not known_by and not address:
        return None  # many people have the same name
    facts = {"id": known_by[:200], "name": line(name, 150), "email": address}
    kept = {field: value for field, value in facts.items() if value}
    return kept or None


def version_of(labels: Iterable[Any], text: Any = "") -> str:
    """Return the version that labels name ("v1.4", "version: 1.4.0"), or that a form asked for."""
    for label in labels:
        if (found := _VERSION_LABEL.fullmatch(line(label, 100))) and (
            version := _VERSION.fullmatch(found["version"])
        ):
            return version[0]
    answered = _ASKED_VERSION.search(text) if isinstance(text, str) else None
    found_in = _VERSION.search(answered["version"]) if answered else None
    return found_in[0][:100] if found_in else ""


def is_chosen(labels: Iterable[str], chosen: Any) -> bool:
    """Return True if one of the labels is among those chosen, or if none are: "bug, customer"."""
    wanted = {one.strip().casefold() for one in line(chosen, 2000).split(",")} - {""}
    return not wanted or not wanted.isdisjoint(label.casefold() for label in labels)


def is_bot(name: Any) -> bool:
    """Return True if an account's name is one that only programs have."""
    return re.search(r"(?i)\[bot\]$|[-_]bot$|_bot_[0-9a-f]+$", line(name, 200)) is not None
