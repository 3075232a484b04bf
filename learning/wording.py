"""What changed between two texts, word by word. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

# Beyond so many words a comparison by words takes long and reads badly.
MOST_WORDS = 3_000
_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed, came or went."""

    text: str
    turn: str  # "same", "new" or "gone"


def compared(was: str, now: str) -> list[Piece]:
    """Return `now` in pieces, with what went from `was` where it stood."""
    old, new = _WORD.findall(was), _WORD.findall(now)
    if len(old) + len(new) > MOST_WORDS:
        found = [Piece(was, "gone"), Piece(now, "new")] if was != now else [Piece(now, "same")]
        return [piece for piece in found if piece.text]
    pieces = []
    for word, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if word == "equal":
            pieces.append(Piece("".join(new[k:m]), "same"))
            continue
        if j > i:
            pieces.append(Piece("".join(old[i:j]), "gone"))
        if m > k:
            pieces.append(Piece("".join(new[k:m]), "new"))
    return pieces
