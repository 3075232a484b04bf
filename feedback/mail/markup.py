"""The text of an HTML mail, with what it quotes marked by ">" as in plain mails. Pure.

Python's own parser takes minutes for some few hundred kilobytes that were made to be slow, so the
tags are found here, reading on and never back.
"""

import html
import re
from collections.abc import Iterator

# More of a mail than this is styling; the text of the longest newsletter fits.
MAX_MARKUP = 400_000
MAX_DEPTH = 50
_UNSEEN = {"head", "script", "style", "template", "title", "noscript", "svg", "object"}
_BLOCKS = {
    "address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
    "pre", "section", "table", "tr", "ul",
}  # fmt: skip
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"}
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"</?([a-z][a-z0-9]{0,30})", re.IGNORECASE)


def text_of(markup: str) -> str:
    """Return what a reader of the HTML sees, as plain text. It never raises."""
    page = _Page()
    for text, tag, is_end in _tokens(markup[:MAX_MARKUP]):
        if text:
            page.write(text)
        elif is_end:
            page.end(tag)
        else:
            page.begin(tag)
    return page.text()


def _tokens(markup: str) -> Iterator[tuple[str, str, bool]]:
    """Yield texts, and tags in lower case with whether each ends something."""
    lowered = markup.lower()
    at = 0
    while at < len(markup):
        opening = markup.find("<", at)
        if opening < 0 or markup.find(">", opening) < 0:
            yield html.unescape(markup[at:]), "", False
            return
        if opening > at:
            yield html.unescape(markup[at:opening]), "", False
        if markup.startswith("<!--", opening):
            closing = markup.find("-->", opening + 4)
            at = closing + 3 if closing >= 0 else len(markup)
            continue
        found = _TAG.match(markup, opening)
        if found is None and not markup.startswith(("<!", "<?", "</"), opening):
            yield "<", "", False  # "a < b"
            at = opening + 1
            continue
        at = markup.find(">", opening) + 1
        if found is None:
            continue
        tag, is_end = found[1].lower(), markup[opening + 1] == "/"
        if tag in _UNSEEN and not is_end:
            closing = lowered.find(f"</{tag}", at)
            after = markup.find(">", closing) if closing >= 0 else -1
            # A head that is never closed ends where the body begins.
            body = lowered.find("<body", at) if closing < 0 and tag == "head" else -1
            at = after + 1 if after >= 0 else body if body >= 0 else len(markup)
            continue
        yield "", tag, is_end


class _Page:
    """Lines as they are read, one after the other."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = 0  # of quotes
        self.kept = 0  # inside <pre>, blanks count

    def begin(self, tag: str) -> None:
        """Read the beginning of an element."""
        if tag == "br":
            self._end_line()
        elif tag in _BLOCKS:
            self._block(tag)
        elif tag in ("td", "th") and self.line:
            self.line.append(" ")
        self.depth += tag == "blockquote" and self.depth < MAX_DEPTH
        self.kept += tag == "pre"
        if tag == "li":
            self.line = ["- "]

    def end(self, tag: str) -> None:
        """Read the end of an element."""
        if tag in _BLOCKS:
            self._block(tag)
        if tag == "blockquote":
            self.depth = max(0, self.depth - 1)
        elif tag == "pre":
            self.kept = max(0, self.kept - 1)

    def write(self, text: str) -> None:
        """Read what stands between two tags."""
        if not self.kept:
            words = _BLANKS.sub(" ", text)
            begins = not self.line or self.line == ["- "]
            self.line.append(words.lstrip(" ") if begins else words)
            return
        first, *rest = text.split("\n")
        self.line.append(first)
        for line in rest:
            self._end_line()
            self.line = [line]

    def _block(self, tag: str) -> None:
        if "".join(self.line).strip():
            self._end_line()
        self.line = []
        if tag in _APART and self.lines and self.lines[-1].strip("> "):
            self.lines.append(">" * self.depth)

    def _end_line(self) -> None:
        mark = ">" * self.depth + " " if self.depth else ""
        self.lines.append((mark + "".join(self.line).replace("\xa0", " ")).rstrip())
        self.line = []

    def text(self) -> str:
        """Return the lines, with never more than one empty line between two others."""
        if "".join(self.line).strip():
            self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")
