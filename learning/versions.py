"""The versions of a learning, and what each changed: rows in, the history that a page shows out."""

from collections.abc import Sequence
from dataclasses import dataclass

from learning.grounds import Changed, Grounds, numbers_changed
from learning.models import Learning
from learning.wording import Piece, compared


@dataclass(frozen=True, slots=True)
class Version:
    """One version, and how it differs from the one before it."""

    learning: Learning
    grounds: Grounds | None
    was: Learning | None  # the version that it supersedes
    changes: list[Changed]  # verdict and numbers
    evidence: list[Piece]  # Wake's words
    takeaway: list[Piece]  # the team's words

    @property
    def words_changed(self) -> bool:
        """True if Wake's or the team's words differ."""
        return any(piece.turn != "same" for piece in (*self.evidence, *self.takeaway))


def history_of(versions: Sequence[Learning], grounds: dict[int, Grounds]) -> list[Version]:
    """Return the versions, newest first as given, each next to the one before it."""
    by_key: dict[int | None, Learning] = {version.pk: version for version in versions}
    return [_version(one, by_key.get(one.supersedes_id), grounds) for one in versions]


def _version(one: Learning, was: Learning | None, grounds: dict[int, Grounds]) -> Version:
    return Version(
        learning=one,
        grounds=grounds.get(one.pk),
        was=was,
        changes=numbers_changed(was, one, grounds) if was else [],
        evidence=compared(was.evidence, one.evidence) if was else [],
        takeaway=compared(was.takeaway, one.takeaway) if was else [],
    )
