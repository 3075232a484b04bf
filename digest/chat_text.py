"""Words for a chat: cut to what it takes, and literal, whatever a customer wrote. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from digest.parts import Item, Letter, Section

Payload = dict[str, Any]
VERDICT_COLOURS = {
    "supported": "#1a7f4b",
    "refuted": "#b4502a",
    "better": "#1a7f4b",
    "worse": "#b4502a",
}
ACCENT = "#0f6b7a"


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel is told: the letter, and where the whole of it can be read."""

    letter: Letter
    link: str
    is_test: bool = False

    @property
    def headline(self) -> str:
        """The news, marked when it is only a test."""
        return f"Test: {self.letter.headline}" if self.is_test else self.letter.headline

    @property
    def about(self) -> str:
        """Whose week it is, and which."""
        return f"{self.letter.project}, {self.letter.period}"

    @property
    def pace(self) -> str:
        """Learning speed as one sentence."""
        said = [
            f"{one.value} {one.label}{f' ({one.change})' if one.change else ''}"
            for one in self.letter.paces
        ]
        return f"Learning speed: {', '.join(said)}." if said else ""


def width(text: str) -> int:
    """Return how long a text is in UTF-16 units, which no chat counts more strictly than."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int, literal: Callable[[str], str] = str) -> str:
    """Return `literal(text)` on one line, with so much left out that it is at most `most` wide.

    It is cut before it is made literal, so that no escape is torn apart.
    """
    line = " ".join(text.split())
    made, kept = literal(line), len(line)
    while width(made) > most and kept:
        kept = min(kept - 1, kept * most // max(width(made), 1))
        made = literal(line[:kept].rstrip()) + "…"
    return made if width(made) <= most else ""


def fitted(told: Told, make: Callable[[Told], Payload], fits: Callable[[Payload], bool]) -> Payload:
    """Return the largest message that fits: what stands last in the letter is left out first."""
    made = make(told)
    while not fits(made) and told.letter.sections:
        told = replace(told, letter=_without_last(told.letter))
        made = make(told)
    return made


def _without_last(letter: Letter) -> Letter:
    *before, last = letter.sections
    shorter = last.shorter()
    return replace(letter, sections=tuple([*before, shorter] if shorter.items else before))


def title_of(item: Item, section: Section) -> str:
    """Return what the item says first; a customer's words stand in quotation marks."""
    return f"“{item.title}”" if section.kind == "voices" else item.title


def word_of(item: Item) -> str:
    """Return the item's verdict as it follows the title."""
    return f" · {item.word}" if item.word else ""


def quiet(item: Item) -> str:
    """Return what is said of the item beneath its title, as one text."""
    return " ".join(_sentence(line) for line in (*item.lines, item.note) if line)


def _sentence(text: str) -> str:
    return text if text[-1] in ".?!…”" else f"{text}."
