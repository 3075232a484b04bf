"""The language of a text, told offline. Pure.

py3langid, a naive Bayes classifier over byte sequences (Lui and Baldwin, "langid.py: An
Off-the-shelf Language Identification Tool", ACL 2012), was as accurate on short texts as the best
that was measured and the only fast one; docs/methods.md has the numbers.
"""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# The start of a text tells its language as well as all of it does.
READ = 240
# Fewer letters than this could be any language: "ok", "super", "top app".
LEAST_LETTERS = 12
LEAST_LETTERS_OF_OTHER_SCRIPTS = 3
# Below this probability we do not know.
SURE = 0.7
# A lot of what surrounds words is English whatever the language is.
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|<[^<>]{1,40}>|\S*[\d/\\_=]\S*")
_LETTERS = re.compile(r"[^\W\d_]")


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`; empty if that cannot be told."""
    words = _NOISE.sub(" ", text[: 4 * READ])[:READ]
    letters = "".join(_LETTERS.findall(words))
    plain = sum(letter < "\u0250" for letter in letters)
    if plain < LEAST_LETTERS and len(letters) - plain < LEAST_LETTERS_OF_OTHER_SCRIPTS:
        return ""
    # Shouting looks like German to it.
    code, probability = _identifier().classify(words.lower())
    return str(code) if probability >= SURE and len(code) == 2 else ""
