"""The quick look before a pattern never hides what the pattern would find."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback import spam, triage
from feedback.word_patterns import Words

PATTERNS = {**triage._PATTERNS, "good": triage._GOOD, "bad": triage._BAD, "sold": spam._SOLD}


@pytest.mark.parametrize("name", PATTERNS)
def test_whatever_a_pattern_of_wake_matches_is_found(name):
    pattern = PATTERNS[name]

    @settings(max_examples=200, deadline=None)
    @given(st.from_regex(pattern._pattern, fullmatch=True))
    def found(text):
        assert pattern.findall(f"so {text} now") == pattern._pattern.findall(f"so {text} now") != []

    found()


@pytest.mark.parametrize("text", ["BUGS", "It’s a Bug", "buggy", "Ein bugſ", "no"])
def test_finds_what_the_bare_pattern_finds(text):
    bare = re.compile(r"\b(?:bugs?|buggy)\b", re.IGNORECASE)

    assert Words(r"bugs?|buggy").findall(text) == bare.findall(text)


@pytest.mark.parametrize("words", [r"\w+", "(?:very )?bad", "a?"])
def test_words_that_begin_with_anything_are_refused(words):
    with pytest.raises(ValueError, match="begin"):
        Words(words)
