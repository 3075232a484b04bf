"""The life of a ship, worked out from all that was told of it. Pure: no tables and no clock.

What was told is a set of words, and every answer here depends on the set alone: not on the order
in which the words arrived, nor on how often each did.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

PENDING, IN_PROGRESS, SUCCEEDED = "pending", "in_progress", "succeeded"
FAILED, ROLLED_BACK = "failed", "rolled_back"
# News never turns a later state back into an earlier one: deliveries arrive in any order.
RANK = {
    PENDING: 0,
    IN_PROGRESS: 1,
    FAILED: 2,
    SUCCEEDED: 3,  # a job that failed and was run again did ship
    ROLLED_BACK: 4,
}
# Two tools that tell of one ship do so within minutes of each other ...
TOLD_TWICE = timedelta(minutes=10)
# ... or the one when the job began, and the other when it ended.
LONGEST_JOB = timedelta(minutes=30)
SHORTEST_SHA = 7
# A release is tagged some days before or after it goes live.
TAGGED_NEARBY = timedelta(days=7)
FAR = datetime.max.replace(tzinfo=UTC)
# Of each state so many words are kept, the earliest and the latest: retries may go on for ever.
KEPT = 20


@dataclass(frozen=True, slots=True, order=True)
class Word:
    """One thing that was told of a ship: that it was in this state at that moment."""

    at: datetime
    status: str
    id: str = ""  # by which the teller knows the ship
    guessed: bool = False  # read from old files: what was told at the time counts for more
    heard_at: datetime = FAR

    def as_json(self) -> list[Any]:
        """Return the word as a row keeps it."""
        at, heard_at = self.at.isoformat(), self.heard_at.isoformat()
        return [self.status, at, self.id, self.guessed, heard_at]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> "Word":
        """Return the word that a row keeps."""
        status, at, known_as, guessed, heard_at = kept
        moment = datetime.fromisoformat
        return cls(moment(at), status, known_as, guessed, moment(heard_at))


@dataclass(frozen=True, slots=True)
class Life:
    """Where a ship is in its life, and since when."""

    status: str
    shipped_at: datetime  # when it went live, or the best that is known of it
    last_live_at: datetime | None
    rolled_back_at: datetime | None

    @property
    def is_live(self) -> bool:
        """True if it reached its place, even if it was taken back later."""
        return self.status in (SUCCEEDED, ROLLED_BACK)


def together(*words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words as a set in order; one that was heard twice was heard when it was first."""
    first: dict[tuple[Any, ...], Word] = {}
    for word in sorted(word for some in words for word in some):
        first.setdefault((word.status, word.at, word.id, word.guessed), word)
    kept: list[Word] = []
    for status in RANK:
        of_it = [word for word in first.values() if word.status == status]
        kept += of_it if len(of_it) <= KEPT else of_it[: KEPT // 2] + of_it[-KEPT // 2 :]
    return tuple(sorted(kept))


def life_of(words: Iterable[Word]) -> Life:
    """Return the life that the words tell of; there must be at least one."""
    words = tuple(words)
    status = max((word.status for word in words), key=RANK.__getitem__)
    went_live = live_moments(words)
    taken = [word for word in words if word.status == ROLLED_BACK]
    known = went_live or [word.at for word in words if word.status == status]
    shipped_at = min(known)
    # Some tools send a roll-back with the time at which the ship went live; then it was taken
    # back when they said so.
    rolled_back_at = min(
        (word.at if word.at > shipped_at else max(word.heard_at, shipped_at) for word in taken),
        default=None,
    )
    return Life(status, shipped_at, max(went_live, default=None), rolled_back_at)


def live_moments(words: Iterable[Word]) -> list[datetime]:
    """Return when the ship was told to be live, earliest first; guesses only for want of better."""
    live = [word for word in words if word.status == SUCCEEDED]
    sure = [word.at for word in live if not word.guessed]
    guesses = [word.at for word in live if word.guessed]
    better = [at for at in guesses if all(abs(at - one) > TAGGED_NEARBY for one in sure)]
    return sorted([*sure, *better])


def sittings(words: Iterable[Word], others: Iterable[datetime]) -> list[tuple[Word, ...]]:
    """Return the words on one version in one place, parted into ships, earliest first.

    It went live a second time where it was told live before and after one of `others`, the moments
    at which another version went live there, or before and after it was taken back.
    """
    words = sorted(words)
    taken = [word.at for word in words if word.status == ROLLED_BACK]
    cuts = sorted([*others, *taken])
    starts: list[datetime] = []
    last: datetime | None = None
    for moment in live_moments(words):
        if last is None or bisect_right(cuts, last) < bisect_left(cuts, moment):
            starts.append(moment)
        last = moment
    if len(starts) < 2:
        return [tuple(words)]
    ships: list[list[Word]] = [[] for _ in starts]
    for word in words:
        if word.status in (SUCCEEDED, ROLLED_BACK):
            number = bisect_right(starts, word.at) - 1
        else:  # it began before it went live
            number = bisect_left(starts, word.at)
        ships[min(max(number, 0), len(starts) - 1)].append(word)
    return [tuple(ship) for ship in ships]


@dataclass(frozen=True, slots=True)
class Named:
    """What a ship is called: its version, and its commit where that is known."""

    version: str
    sha: str = ""

    @property
    def plain_version(self) -> str:
        """The version without the v that tags have and packages do not."""
        version = self.version.lower()
        return version[1:] if version[:1] == "v" and version[1:2].isdigit() else version

    def is_same_as(self, other: "Named") -> bool:
        """Return True if both are one version of one commit, as far as is known."""
        if self.sha and other.sha and not _is_prefix(self.sha, other.sha):
            return False
        if self.plain_version == other.plain_version:
            return True
        sha = max(self.sha, other.sha, key=len)
        return any(_is_commit(name.version, sha) for name in (self, other))


def better_version(known: str, new: str, *, sha: str) -> str:
    """Return the version to keep: a tool that knows none calls the ship by its commit."""
    return new if _is_commit(known, sha) and not _is_commit(new, sha) else known


def _is_commit(version: str, sha: str) -> bool:
    return bool(sha) and _is_prefix(version, sha)


def _is_prefix(one: str, other: str) -> bool:
    short, long = sorted((one.lower(), other.lower()), key=len)
    return long == short or (len(short) >= SHORTEST_SHA and long.startswith(short))


def is_told_twice(life: Life, word: Word) -> bool:
    """Return True if a word from another tool is close enough to be about the ship of that life."""
    if word.status == ROLLED_BACK:
        return life.is_live and word.at >= life.shipped_at - TOLD_TWICE
    ended = (life.is_live or life.status == FAILED, word.status in (SUCCEEDED, FAILED))
    if ended == (True, False):
        return -TOLD_TWICE <= life.shipped_at - word.at <= LONGEST_JOB
    if ended == (False, True):
        return -TOLD_TWICE <= word.at - life.shipped_at <= LONGEST_JOB
    return abs(life.shipped_at - word.at) <= (TOLD_TWICE if ended[0] else LONGEST_JOB)


@dataclass(frozen=True, slots=True)
class GoneLive:
    """A ship that went live, in the line of those in its place."""

    pk: int
    name: Named
    at: datetime


def roll_backs(line: Iterable[GoneLive]) -> dict[int, int]:
    """Return {the ship that was rolled back: the ship that took its place}, by their keys.

    A ship is a roll-back if its version had been live before the version that it replaces ever
    was. It takes back all ships of later versions that stand. The same version again takes back
    nothing, and a later version that comes once more is on its way forward again.
    """
    ordered = sorted(line, key=lambda ship: (ship.at, ship.name.version, ship.name.sha, ship.pk))
    keys = _keys(ordered)
    first: dict[str, int] = {}
    standing: list[tuple[int, GoneLive]] = []
    taken_back: dict[int, int] = {}
    for number, (ship, key) in enumerate(zip(ordered, keys, strict=True)):
        rank = first.setdefault(key, number)
        while standing and standing[-1][0] > rank:
            taken_back[standing.pop()[1].pk] = ship.pk
        standing.append((rank, ship))
    return taken_back


def _keys(line: Sequence[GoneLive]) -> list[str]:
    """Return what tells each ship's version apart: its commit, or its name where that has none."""
    of_version: dict[str, str] = {}
    for ship in line:
        if ship.name.sha:
            of_version.setdefault(ship.name.plain_version, ship.name.sha.lower()[:SHORTEST_SHA])
    return [
        ship.name.sha.lower()[:SHORTEST_SHA]
        or of_version.get(ship.name.plain_version, ship.name.plain_version)
        for ship in line
    ]
