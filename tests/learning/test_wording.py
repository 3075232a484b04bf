import pytest

from learning.wording import Piece, compared


class TestCompared:
    def test_marks_the_words_that_came_and_went(self):
        assert compared("it rose by 5%", "it fell by 5%") == [
            Piece("it ", "same"),
            Piece("rose ", "gone"),
            Piece("fell ", "new"),
            Piece("by 5%", "same"),
        ]

    @pytest.mark.parametrize(
        ("was", "now"),
        [("", "new words"), ("old words", ""), ("a\nb", "a b c"), ("x " * 4000, "y " * 10)],
    )
    def test_loses_no_word_of_either_text(self, was, now):
        pieces = compared(was, now)

        assert "".join(one.text for one in pieces if one.turn != "gone") == now
        gone_and_same = "".join(one.text for one in pieces if one.turn != "new")
        assert gone_and_same.split() == was.split()

    def test_says_of_equal_texts_that_nothing_changed(self):
        assert {one.turn for one in compared("the same", "the same")} == {"same"}
