"""Letters are cut to two screens of a phone, each part as far as it can be spared."""

import sys
import unicodedata
from dataclasses import replace

import pytest

from digest.fitting import _MAY_BE_WIDE, SCREENS, fitted, height_of
from digest.parts import Item, Letter, Pace, Section

KINDS = (
    "overturned", "lessons", "surprises", "turned", "voices", "ships", "overlaps", "waiting",
    "lookback",
)  # fmt: skip


def letter(**items: int) -> Letter:
    """A letter with so many long items of each kind."""
    item = Item("A title of a line " * 3, "/there/", lines=("And two lines of words. " * 3,))
    sections = tuple(
        Section(kind, (item,) * count, 0, "thing", "said", "/more/", kind)
        for kind, count in items.items()
    )
    pace = Pace("to a verdict", "7 days", "", "")
    return Letter(
        project="Shop", headline="News.", period="May", summary="A ship.", paces=(pace,) * 4,
        pace_note="Medians.", sections=sections, home_url="/", why="", settings_url="",
        unsubscribe_url="",
    )  # fmt: skip


def counts(of: Letter) -> dict[str, int]:
    return {section.kind: len(section.items) for section in of.sections}


class TestFitted:
    def test_leaves_a_short_letter_alone(self):
        short = letter(lessons=2, voices=3)

        assert fitted(short) == short

    @pytest.mark.parametrize("count", [2, 5, 20])
    def test_fits_on_two_screens_whatever_happened(self, count):
        assert height_of(fitted(letter(**dict.fromkeys(KINDS, count)))) <= SCREENS

    def test_spares_ships_before_learnings_and_words(self):
        told = counts(fitted(letter(lessons=3, voices=3, ships=15)))

        assert (told["lessons"], told["voices"]) == (3, 3)
        assert told["ships"] < 15

    def test_counts_what_it_leaves_out_among_the_rest(self):
        ships = fitted(letter(lessons=3, voices=3, ships=15)).sections[2]

        assert len(ships.items) + ships.rest == 15
        assert ships.more == "Eight more things said"

    def test_keeps_something_of_each_part_as_long_as_it_can(self):
        told = counts(fitted(letter(lessons=3, surprises=2, voices=3, ships=6, waiting=3)))

        assert set(told) == {"lessons", "surprises", "voices", "ships", "waiting"}

    def test_letters_of_east_asia_take_twice_the_room(self):
        narrow, wide = (
            Letter(
                **{name: getattr(letter(), name) for name in Letter.__dataclass_fields__}
                | {"headline": text * 60}
            )
            for text in ("n", "語")
        )

        assert height_of(wide) > height_of(narrow)


def test_letters_of_east_asia_are_twice_as_wide_and_those_without_a_letter_are_not():
    def height(text: str) -> int:
        return height_of(replace(letter(), headline=text))

    assert height("語" * 100) == height("x" * 200) > height("“é’" * 40) == height("x" * 120)
    assert all(
        _MAY_BE_WIDE.match(one)
        for one in map(chr, range(sys.maxunicode + 1))
        if unicodedata.east_asian_width(one) in ("W", "F") and unicodedata.category(one) != "Cn"
    )
