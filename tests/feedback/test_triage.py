import pytest

from feedback.triage import triage


class TestTheme:
    @pytest.mark.parametrize(
        ("text", "theme"),
        [
            ("It crashes each time I open it", "crash"),
            ("So slow, loading forever", "speed"),
            ("Please add a dark theme, bring back the old one", "request"),
            ("I cannot log in, my password is refused by sign in", "account"),
            ("Love it, excellent", "praise"),
            ("", "other"),
        ],
    )
    def test_is_what_the_words_are_about(self, text, theme):
        assert triage(text, None).theme == theme

    def test_thanks_do_not_hide_a_complaint(self):
        assert triage("Great app, love it, but it crashed", None).theme == "crash"


class TestMood:
    @pytest.mark.parametrize(
        ("rating", "mood"), [(1, "bad"), (2, "bad"), (3, "mixed"), (5, "good")]
    )
    def test_a_rating_decides(self, rating, mood):
        assert triage("Great", rating).mood == mood

    @pytest.mark.parametrize(
        ("text", "mood"), [("Love it", "good"), ("Terrible", "bad"), ("It is blue", "mixed")]
    )
    def test_without_a_rating_the_words_do(self, text, mood):
        assert triage(text, None).mood == mood

    def test_the_method_is_kept(self):
        assert triage("Love it", None).method
