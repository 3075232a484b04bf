"""Makes a letter fit on two screens of a phone. Pure.

A digest is read standing in a train. How high a line is and how many letters it holds is known
from templates/emails/style.html at 360 pixels, in letters as wide as Arial's and those of phones;
`tests/browser/test_digest_mail.py` measures in a browser that letters which fit here fit there.
"""

import re
import unicodedata
from dataclasses import replace
from math import ceil

from digest.parts import Item, Letter, Section

SCREENS = 2 * 800  # CSS pixels, of a phone 360 wide
INNER = 328  # of them, what a line has

# (pixels a letter, pixels a line)
H1, TITLE, LINE, SOFT = (9.4, 23), (7.4, 20), (6.5, 19), (6.0, 18)
HEADING, GAP, EDGES = 23, 11, 18
PICTURE = 146
FRAME = 35 + 32 + 26 + 94 + 6 + 66  # brand, period, learning speed, foot
QUOTE_EDGE = 15

# What goes where there is too much, in this order: of each kind of section all but so many items.
LADDER = (
    ("ships", 3), ("lessons", 2), ("waiting", 2), ("overturned", 2), ("surprises", 1),
    ("overlaps", 1), ("ships", 2), ("lessons", 1), ("voices", 2), ("ships", 1), ("overturned", 1),
    ("lookback", 0), ("turned", 1), ("voices", 1), ("waiting", 1), ("overlaps", 0), ("ships", 0),
)  # fmt: skip

# A letter is measured again and again while it is cut: most of its signs need not be looked up.
_MAY_BE_WIDE = re.compile("[^\x00-\u10ff\u2000-\u22ff]")


def fitted(letter: Letter) -> Letter:
    """Return the letter with as many of its items left out as two screens have no room for."""
    for kind, most in LADDER:
        while height_of(letter) > SCREENS and (sections := _without_one(letter, kind, most)):
            letter = replace(letter, sections=sections)
    return letter


def height_of(letter: Letter) -> int:
    """Return about how high the letter is on a phone, in CSS pixels."""
    head = _high(letter.headline, H1) + _high(letter.summary, LINE) + _high(letter.pace_note, SOFT)
    return FRAME + head + sum(_section(section) for section in letter.sections)


def _without_one(letter: Letter, kind: str, most: int) -> tuple[Section, ...] | None:
    """Return the sections with one item less of that kind; None if it has no more than `most`."""
    shorter = [
        section.shorter() if section.kind == kind and len(section.items) > most else section
        for section in letter.sections
    ]
    kept = tuple(section for section in shorter if section.items)
    return None if kept == letter.sections else kept


def _section(section: Section) -> int:
    is_quoted = section.kind == "voices"
    items = sum(_item(item, is_quoted=is_quoted) for item in section.items)
    beside = f"{section.title}{' ' * 3}{section.more}"  # one line, if they fit
    return EDGES + _high(beside, (6.8, HEADING)) + items


def _item(item: Item, *, is_quoted: bool) -> int:
    title = f"{item.title} {item.word}" if item.word else item.title
    room = INNER - (QUOTE_EDGE if is_quoted else 0)
    high = GAP + _high(title, LINE if is_quoted else TITLE, room) + (PICTURE if item.picture else 0)
    high += _high(item.picture.left_out, SOFT, room) if item.picture else 0
    high += sum(_high(line, LINE, room) for line in item.lines)
    return high + _high(item.note, SOFT, room)


def _high(text: str, face: tuple[float, int], room: int = INNER) -> int:
    letter, line = face
    # Lines end between words: about two letters of each stay empty.
    per_line = max(1.0, room / letter - 2)
    return ceil(_wide(text) / per_line) * line


def _wide(text: str) -> int:
    """Return how many letters wide the text is; the letters of East Asia count twice."""
    double = (unicodedata.east_asian_width(one) in ("W", "F") for one in _MAY_BE_WIDE.findall(text))
    return len(text) + sum(double)
