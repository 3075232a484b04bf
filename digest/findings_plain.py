"""A mail at once as plain text: whole sentences, so that it reads well aloud too. Pure."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from digest.plain import WIDTH, isolated

if TYPE_CHECKING:
    from digest.findings_letter import FindingLetter, Told


def as_text(letter: "FindingLetter") -> str:
    """Return the letter as text of at most 72 columns, but for addresses, which stay whole."""
    return "\n".join(_lines(letter)).rstrip() + "\n"


def _lines(letter: "FindingLetter") -> Iterator[str]:
    if letter.ship:
        yield from _wrapped(f"After {isolated(letter.ship.label)}")
        yield letter.ship.url
    else:
        yield from _wrapped(letter.intro)
    yield ""
    for told in letter.told:
        yield from _told(told)
    if letter.more:
        yield f"{letter.more.label}: {letter.more.url}"
        yield ""
    yield "-- "
    yield from _wrapped(f"Wake sends this at once, as it is worth a look, in {letter.project}.")
    yield f"When and of what: {letter.settings_url}"
    yield f"No more of these mails: {letter.off_url}"


def _told(told: "Told") -> Iterator[str]:
    yield from _wrapped(f"{isolated(told.headline)} [{told.kind}]", first="- ", rest="  ")
    for line in told.lines:
        yield from _wrapped(line, first="  ", rest="  ")
    for quote in told.quotes:
        yield from _wrapped(f"“{isolated(quote.label)}”", first="  ", rest="  ")
        yield f"  {quote.url}"
    if told.because:
        yield from _wrapped(told.because, first="  ", rest="  ")
    yield f"  {told.url}"
    if told.useful_url:
        yield "  Was this worth it?"
        yield f"  Useful: {told.useful_url}"
        yield f"  Noise: {told.noise_url}"
    yield ""


def _wrapped(text: str, *, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
