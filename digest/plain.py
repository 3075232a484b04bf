"""The digest as plain text: whole sentences, so that it reads well aloud too. Pure."""

import textwrap
import unicodedata
from collections.abc import Iterator

from digest.parts import Item, Letter, Section

WIDTH = 72


def as_text(letter: Letter) -> str:
    """Return the letter as text of at most 72 columns, but for addresses, which stay whole."""
    return "\n".join(_lines(letter)).rstrip() + "\n"


def _lines(letter: Letter) -> Iterator[str]:
    yield from _wrapped(letter.headline)
    yield ""
    yield from _wrapped(f"{letter.project}, {letter.period}. {letter.summary}")
    yield ""
    yield from _title("Learning speed")
    for pace in letter.paces:
        change = f", {pace.change}" if pace.change else ""
        yield f"- {pace.label[0].upper()}{pace.label[1:]}: {pace.value}{change}"
    yield from _wrapped(letter.pace_note)
    yield ""
    for section in letter.sections:
        yield from _section(section)
    yield f"All of it: {letter.home_url}"
    yield ""
    if letter.why or letter.settings_url:
        yield "-- "
    yield from _wrapped(isolated(letter.why))
    if letter.settings_url:
        yield f"More, less often or another hour: {letter.settings_url}"
    if letter.unsubscribe_url:
        yield f"No more of these mails: {letter.unsubscribe_url}"


def _section(section: Section) -> Iterator[str]:
    yield from _title(section.title)
    for item in section.items:
        yield from _item(item, quoted=section.kind == "voices")
    if section.more:
        yield f"{section.more}: {section.more_url}"
        yield ""


def _item(item: Item, *, quoted: bool) -> Iterator[str]:
    title = f"“{isolated(item.title)}”" if quoted else isolated(item.title)
    yield from _wrapped(f"{title} [{item.word}]" if item.word else title, first="- ", rest="  ")
    for line in (*item.lines, item.note):
        yield from _wrapped(_sentence(line), first="  ", rest="  ")
    yield f"  {item.url}"
    yield ""


def _title(text: str) -> Iterator[str]:
    yield text.upper()
    yield ""


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".?!…”" else f"{text}."


def _wrapped(text: str, *, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    )


def isolated(text: str) -> str:
    """Return `text` so that its right-to-left words do not reorder what stands around it."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
        return f"\u2068{text}\u2069"
    return text
