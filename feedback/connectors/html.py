"""The words of a piece of HTML.

The parsers that there are take minutes for some short texts: tags that never end, or that are
nested very deep. What customers send is read here in one walk, in a time that its length bounds.
"""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

# HTML that is that much longer than its text is cut before it is read.
MAX_HTML = 400_000
# Each alternative ends at the next "<" at the latest, so nothing is looked at twice.
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^<>]*>?"
    r"|<(?P<end>/?)(?P<tag>[a-z][a-z0-9:-]*)(?P<facts>[^<>]*)>?|(?P<words>[^<]+|<)",
    re.S | re.I,
)
_CLASS = re.compile(r"""(?:^|\s)class\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"']+))""", re.I)
_ALT = re.compile(r"""(?:^|\s)alt\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"']+))""", re.I)
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "pre", "section", "table", "tr",
    "ul",
)  # fmt: skip
_GAPS = dict.fromkeys(_BLOCKS, "\n") | {"p": "\n\n"}
_SILENT = ("script", "style", "template", "noscript", "head", "title")
_VOID = ("area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr")


def html_to_text(html: Any, *, without: Iterable[str] = ()) -> str:
    """Return the words of a piece of HTML, a line for each block.

    What has one of the classes `without` is left out, such as what others wrote and is quoted.
    """
    if not isinstance(html, str):
        return ""
    reader = _Reader(frozenset(without))
    for token in _TOKEN.finditer(html[:MAX_HTML]):
        if token["words"]:
            reader.hear(token["words"])
        elif token["end"]:
            reader.close(token["tag"].lower())
        elif token["tag"]:
            reader.open(token["tag"].lower(), token["facts"])
    return tidy("".join(reader.words))


class _Reader:
    """Keeps the words, and where a line ends."""

    def __init__(self, without: frozenset[str]) -> None:
        self.words: list[str] = []
        self._without = without
        self._unheard: list[str] = []  # open tags since the one that is left out, that one first
        self._as_is = 0  # how many <pre> are open

    def hear(self, words: str) -> None:
        if not self._unheard:
            self.words.append(unescape(words if self._as_is else re.sub(r"[ \t\r\n]+", " ", words)))

    def open(self, tag: str, facts: str) -> None:
        if self._unheard or tag in _SILENT or self._without & set(_fact(_CLASS, facts).split()):
            if tag not in _VOID:
                self._unheard.append(tag)
        elif tag == "img":  # an emoji is often an image of its name
            self.words.append(_fact(_ALT, facts))
        else:
            self._as_is += tag == "pre"
            self.words.append(_GAPS.get(tag, "") + ("- " if tag == "li" else ""))

    def close(self, tag: str) -> None:
        if not self._unheard:
            self._as_is = max(0, self._as_is - (tag == "pre"))
            self.words.append("" if tag in ("li", "br") else _GAPS.get(tag, ""))
        elif tag == self._unheard[-1]:
            self._unheard.pop()
        elif tag == self._unheard[0]:  # its end ends what was left open in it
            self._unheard.clear()


def _fact(pattern: re.Pattern[str], facts: str) -> str:
    found = pattern.search(facts)
    return unescape(next((text for text in found.groups() if text), "")) if found else ""


def tidy(text: Any) -> str:
    """Return a text with no blanks at the ends of lines and no gaps of several empty lines."""
    if not isinstance(text, str):
        return ""
    lines = [part.strip(" \t\r\xa0") for part in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
