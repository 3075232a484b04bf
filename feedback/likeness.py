"""Whether two texts say the same in nearly the same words. Pure.

Texts are compared by the Jaccard index of their sets of three words in a row. To find what is alike
without comparing everything with everything, each set is signed by minima of random hashes
(MinHash: Broder, "On the resemblance and containment of documents", 1997), and five bands of four
minima each are looked up: two texts whose likeness is s share a band with probability
1 - (1 - s**4)**5, which is 97 % at 0.85 and 4 % at 0.3. What shares a band is compared in full.
"""

import re
import unicodedata
import zlib
from hashlib import blake2b

import numpy as np

METHOD = "minhash-v1"
# At least this alike, two texts say the same.
ALIKE = 0.85
# Two people do not write so many words alike by chance. Shorter texts are several voices.
LONG_WORDS = 15
LONG_DIFFERENT = 12  # of them different, so that "no no no no" is not long
BANDS, ROWS = 5, 4
IN_A_ROW = 3

# Scripts without spaces: each sign stands for a word.
_WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_RANDOM = np.random.default_rng(20261123)
_TIMES = _RANDOM.integers(0, 2**63, size=(BANDS * ROWS, 1), dtype=np.uint64) | np.uint64(1)
_PLUS = _RANDOM.integers(0, 2**63, size=(BANDS * ROWS, 1), dtype=np.uint64)


def words_of(text: str) -> list[str]:
    """Return the words of `text`, without case, accents' spellings and punctuation."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def is_long(words: list[str]) -> bool:
    """Return True if the same words from two people must come from one source."""
    return len(words) >= LONG_WORDS and len(set(words)) >= LONG_DIFFERENT


def shingles_of(words: list[str]) -> frozenset[int]:
    """Return the sets of three words in a row, as numbers; of fewer words, all of them."""
    if len(words) <= IN_A_ROW:
        return frozenset([zlib.crc32(" ".join(words).encode())])
    parts = zip(words, words[1:], words[2:], strict=False)
    return frozenset(zlib.crc32(" ".join(part).encode()) for part in parts)


def bands_of(shingles: frozenset[int]) -> list[int]:
    """Return the numbers under which a text is filed: what is like it shares one of them."""
    hashes = np.fromiter(shingles, dtype=np.uint64, count=len(shingles))
    minima = ((hashes[None, :] * _TIMES + _PLUS) >> np.uint64(32)).min(axis=1)
    return [
        int.from_bytes(
            blake2b(
                bytes([band]) + minima[band * ROWS : (band + 1) * ROWS].tobytes(), digest_size=8
            ).digest(),
            signed=True,
        )
        for band in range(BANDS)
    ]


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the Jaccard index of two sets: 1 if they are equal, 0 if they share nothing."""
    together = len(one | other)
    return len(one & other) / together if together else 1.0
