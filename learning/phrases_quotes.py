"""Finds where a phrase stands, how it is mostly written, and who says it best. Pure."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.phrases_words import Numbers, Words, joined

QUOTES = 3
CANDIDATES = 300  # texts that are weighed as quotes; more of the same add nothing
GOOD_LENGTH = (4, 40)  # words in a quote that is quickly read, but says something
ALIKE = 0.5  # two quotes that share so many of their words say the same


@dataclass(frozen=True, slots=True)
class Reader:
    """The texts, to find again where a phrase stands."""

    words: Words
    units: Numbers  # of each text
    keys: Sequence[Hashable]

    def places(self, phrase: Numbers) -> Numbers:
        """Return where in the flow of words the phrase begins."""
        stems = self.words.stemmed
        starts = np.flatnonzero(stems[: len(stems) - len(phrase) + 1] == phrase[0])
        for offset in range(1, len(phrase)):
            starts = starts[stems[starts + offset] == phrase[offset]]
        return starts[self.words.texts[starts] == self.words.texts[starts + len(phrase) - 1]]

    def spelled(self, phrase: Numbers) -> list[str]:
        """Return the phrase's words as first written, which need not be as mostly written."""
        return [self.words.spelled[word] for word in phrase]

    def as_written(self, phrase: Numbers, places: Numbers) -> str:
        """Return the phrase as most people write it at those places."""
        tokens, length = self.words.tokens, len(phrase)
        ways = Counter(tuple(tokens[place : place + length].tolist()) for place in places)
        return joined([self.words.spelled[word] for word in ways.most_common(1)[0][0]])

    def texts_at(self, places: Numbers, in_units: NDArray[np.bool_]) -> tuple[Numbers, list[int]]:
        """Return those of the places that stand in texts of the flagged units; and the texts.

        Units beyond the flags (those of the background) are not among them.
        """
        units = self.units[self.words.texts[places]]
        near = np.minimum(units, len(in_units) - 1)
        places = places[(units < len(in_units)) & in_units[near]]
        return places, list(dict.fromkeys(self.words.texts[places].tolist()))

    def quotes(self, texts: Sequence[int], weights: Mapping[int, float]) -> tuple[Hashable, ...]:
        """Return up to QUOTES of the texts, of different people: short, typical, unlike each other.

        `weights` says of words how much they tell.
        """
        bags: dict[int, set[int]] = {}
        merit: dict[int, float] = {}
        for text in texts[:: -(-len(texts) // CANDIDATES) or 1]:
            start, end = np.searchsorted(self.words.texts, [text, text + 1])
            stems = [stem for stem in self.words.stemmed[start:end].tolist() if stem >= 0]
            bags[text] = set(stems)
            shortest, longest = GOOD_LENGTH
            off = max(shortest / max(len(stems), 1), len(stems) / longest, 1.0)
            told = sum(weights.get(stem, 0.0) for stem in bags[text])
            merit[text] = float(told**0.5 / off)
        chosen: list[int] = []
        for text in sorted(bags, key=lambda text: -merit[text]):
            if len(chosen) < QUOTES and not any(self._alike(text, one, bags) for one in chosen):
                chosen.append(text)
        return tuple(self.keys[text] for text in chosen)

    def _alike(self, one: int, other: int, bags: Mapping[int, set[int]]) -> bool:
        same = len(bags[one] & bags[other]) > ALIKE * len(bags[one] | bags[other])
        return same or bool(self.units[one] == self.units[other])
