"""Which words a drawn chart can show. What it cannot, the page or mail around it says.

The one font that matplotlib brings has Latin, Greek and Cyrillic letters, but none of Chinese,
Japanese, Korean or Thai, and matplotlib sets letters from left to right, each on its own: Arabic
and Hebrew words would stand the wrong way round, unjoined. A box or a wrong word says less than
nothing, so such words are left out of the picture. Mail programs and browsers have the fonts.
"""

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont

from dashboard.charts import Chart

FONT = "DejaVu Sans"
THE_SHIP = "the ship"  # in the place of a name that cannot be drawn
FACES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
SET_OTHERWISE = ("R", "AL", "AN")  # of right-to-left scripts (Unicode Annex 9)


def can_draw(text: str) -> bool:
    """Return True if a picture shows these words as they are written."""
    if text.isascii() and text.isprintable():
        return True  # without opening the font
    known = _letters()
    return all(
        ord(letter) in known
        and unicodedata.bidirectional(letter) not in SET_OTHERWISE
        # Marks are not set upon their letters, and what controls the others would be drawn.
        and unicodedata.category(letter)[0] not in "MC"
        for letter in composed(text)
    )


def composed(text: str) -> str:
    """Return the text with accents in their letters, where Unicode has such a letter."""
    return unicodedata.normalize("NFC", text)


def heading_of(chart: Chart) -> str:
    """Return what stands above the chart: the metric and its unit."""
    return f"{chart.metric.name}, {chart.metric.unit}" if chart.metric.unit else chart.metric.name


def left_out(chart: Chart) -> str:
    """Return in words what the picture of the chart should show and cannot; "" where it can all."""
    main = (mark["label"] for mark in chart.data["marks"] if mark["main"])
    label = next(main, "")
    said = [] if can_draw(heading_of(chart)) else [_apart(heading_of(chart))]
    if not can_draw(label):
        said.append(f"{THE_SHIP}: {_apart(label)}")
    return "; ".join(said)


def _apart(words: str) -> str:
    # Right-to-left words must not reorder what stands around them (Unicode Annex 9).
    return f"\u2068{words}\u2069"


@cache
def _letters() -> frozenset[int]:
    """Return the letters that the font has, light and bold; matplotlib itself is not loaded."""
    spec = find_spec("matplotlib")
    assert spec is not None and spec.submodule_search_locations  # it is required
    folder = Path(spec.submodule_search_locations[0], "mpl-data", "fonts", "ttf")
    faces = []
    for face in FACES:
        with TTFont(folder / face, lazy=True) as font:
            faces.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*faces)
