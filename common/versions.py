"""Whether two texts name the same version. Pure."""

import re
from enum import Enum
from functools import lru_cache

from packaging.version import InvalidVersion, Version

IN_TEXT = re.compile(
    r"(?<![\w.])v?(\d+(?:\.\d+){1,3}(?:[-.]?(?:a|b|rc|alpha|beta)\.?\d*)?)(?![\w.]*\d)"
)
_SHA = re.compile(r"[0-9a-f]{7,64}")
_NUMBERED = re.compile(r"v?(\d+(?:\.\d+)*)(?![\w.])(.*)|v?(\d+(?:\.\d+)+)(.*)")
_TRIAL = re.compile(r"[-. ]?(?:a|b|c|rc|alpha|beta|pre|dev|nightly|canary|preview)(?![a-z])")
_LONG_TERM = re.compile(r"[-. ]?(?:esr|lts)\b")
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


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Return a version without what means nothing in it: case, spaces, a leading v."""
    text = " ".join(text.casefold().split())
    return re.sub(r"^(?:version |release[ -/]|v\.? ?)(?=\d)", "", text)


class Channel(Enum):
    """Whom a version is for, as far as its name tells."""

    ALL = "all customers"
    TRIAL = "those who try a version before the others"
    LONG_TERM = "those who stay on one line for long"


@lru_cache(maxsize=8192)
def place_in_order(version: str) -> tuple[Channel, tuple[int, ...]] | None:
    """Return the channel of a version, and numbers that order the versions of one channel.

    None if the name does not tell, like that of a commit.
    """
    version = plain(version)
    found = _NUMBERED.fullmatch(version)
    if not found or (_SHA.fullmatch(version) and not version.isdecimal()):
        return None
    numbers, rest = found[1] or found[3], found[2] or found[4] or ""
    release = [int(number[:18]) for number in numbers.split(".")[:6]]
    while release and not release[-1]:
        release.pop()  # 4.2 and 4.2.0 are one
    padded = (release + [0] * 6)[:6]
    build = [int(number[:15]) for number in re.findall(r"\d+", rest)[:3]]
    if _LONG_TERM.match(rest):
        return Channel.LONG_TERM, (*padded, *build)
    return (Channel.TRIAL if _TRIAL.match(rest) else Channel.ALL), (*padded, *build)


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
