"""Whether two texts name the same version. Pure."""

import re
from enum import Enum
from functools import lru_cache

from packaging.version import InvalidVersion, Version

IN_TEXT = re.compile(
    r"(?<![\w.])v?(\d+(?:\.\d+){1,3}(?:[-.]?(?:a|b|rc|alpha|beta)\.?\d*)?)(?![\w.]*\d)"
)
_SHA = re.compile(r"[0-9a-f]{7,64}")
_BUILD = re.compile(r"\s*(?:\+|\(|\bbuild\b).*$")


class Match(Enum):
    """How the version that a customer runs stands to that of a ship."""

    UNKNOWN = "one of the two is not known"
    SAME = "the same"
    LINE = "the customer named only the line of releases that it is in"
    OTHER = "another one"


def compare(said: str, shipped: str, sha: str = "") -> Match:
    """Return how what a customer `said` to run stands to what was `shipped`, at commit `sha`.

    A leading v, upper and lower case, and zeros at the end mean nothing; build metadata counts
    only where both sides have it; a commit may be cut short.
    """
    said, shipped, sha = plain(said), plain(shipped), plain(sha)
    if not said or not (shipped or sha):
        return Match.UNKNOWN
    if said == shipped:
        return Match.SAME
    commits = [commit for commit in (sha, shipped) if _SHA.fullmatch(commit)]
    if _SHA.fullmatch(said) and any(_begin_alike(said, commit) for commit in commits):
        return Match.SAME
    if not shipped:
        return Match.OTHER if _SHA.fullmatch(said) else Match.UNKNOWN
    said_core, shipped_core = _BUILD.sub("", said), _BUILD.sub("", shipped)
    if (said_core == said or shipped_core == shipped) and _equal(said_core, shipped_core):
        return Match.SAME
    ours, theirs = _release(shipped_core), _release(said_core)
    if ours and theirs and len(theirs) < len(ours) and ours[: len(theirs)] == theirs:
        return Match.LINE
    return Match.OTHER


def plain(text: str) -> str:
    """Return a version without what means nothing in it: case, spaces, a leading v."""
    text = " ".join(text.casefold().split())
    return re.sub(r"^(?:version |release[ -/]|v\.? ?)(?=\d)", "", text)


def _begin_alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _equal(one: str, other: str) -> bool:
    if not one or not other:
        return False
    first, second = _parsed(one), _parsed(other)
    return first == second if first and second else one == other


def _release(text: str) -> tuple[int, ...]:
    version = _parsed(text)
    return version.release if version and not version.is_prerelease else ()


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
