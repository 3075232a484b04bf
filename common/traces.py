"""Finding and blanking what one person left in stored texts: names, addresses, own words. Pure.

Words are found as they are quoted: cut short, wrapped onto other lines, escaped for HTML, or with
other punctuation. So texts are compared word by word, and a run of RUN words counts as a quote.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

ERASED = "[erased]"
# So many words of theirs in a row are no accident; of scripts without spaces, so many signs.
RUN, RUN_OF_SIGNS = 5, 10
_SIGN = r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_WORD = re.compile(rf"{_SIGN}|[^\W_]+")
_ENTITY = re.compile(r"&#?\w{1,8};")
_OPEN, _CLOSE = "[“”\"'«‘>]", "[“”\"'»’<…]"


@dataclass(frozen=True)
class Traces:
    """What to look for: `sure` names point to one person only, others may be anybody's."""

    sure: frozenset[str]  # mail addresses, long ids, full names
    weak: frozenset[str]  # short ids, first names: only as a whole value, or beside a sure trace
    texts: tuple[str, ...]

    @cached_property
    def _patterns(self) -> "_Patterns":
        return _Patterns(self)

    def are_in(self, text: str) -> bool:
        """Return True if `text` holds a trace."""
        return self.blanked(text) != text

    def blanked(self, text: str) -> str:
        """Return `text` with every trace replaced by ERASED."""
        if not text:
            return text
        if text.strip() in self.weak:
            return ERASED
        blanked = self._patterns.sure.sub(ERASED, text) if self.sure else text
        for pattern in self._patterns.short:
            blanked = pattern.sub(rf"\1{ERASED}\2", blanked)
        blanked = self._patterns.without_quotes(blanked)
        if blanked != text and self.weak:
            blanked = self._patterns.weak.sub(ERASED, blanked)
        return blanked

    def blanked_json(self, value: Any) -> Any:
        """Return a JSON value with every trace in its texts and keys replaced."""
        if isinstance(value, str):
            return self.blanked(value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return ERASED if str(value) in self.weak | self.sure else value
        if isinstance(value, dict):
            return {self.blanked(str(k)): self.blanked_json(v) for k, v in value.items()}
        return [self.blanked_json(item) for item in value]

    def blanked_body(self, body: bytes) -> bytes:
        """Return a stored body without traces: JSON stays JSON, anything else is dropped whole."""
        text = body.decode("utf-8", "replace")
        try:
            value = json.loads(text)
        except ValueError:
            return ERASED.encode() if self.are_in(text) else body
        blanked = self.blanked_json(value)
        return body if blanked == value else json.dumps(blanked, ensure_ascii=False).encode()


class _Patterns:
    """The patterns of one person's traces."""

    def __init__(self, traces: Traces) -> None:
        self.sure = _names(traces.sure)
        self.weak = _names(traces.weak)
        self.short: list[re.Pattern[str]] = []
        self.runs: dict[int, set[tuple[str, ...]]] = {}
        for text in traces.texts:
            words = _WORD.findall(text.casefold())
            run = RUN_OF_SIGNS if sum(len(w) == 1 for w in words) * 2 > len(words) else RUN
            if not words:
                continue
            if len(words) < run:
                said = r"(?:[\W_]|&#?\w{1,8};)+".join(map(re.escape, words))
                self.short.append(
                    re.compile(
                        rf"(^\s*|{_OPEN}\s*){said}[.!?…]*(\s*$|\s*{_CLOSE})",
                        re.IGNORECASE | re.MULTILINE,
                    )
                )
            grams = self.runs.setdefault(run, set())
            grams.update(tuple(words[i : i + run]) for i in range(len(words) - run + 1))

    def without_quotes(self, text: str) -> str:
        """Return `text` with each run of their words replaced."""
        plain = _ENTITY.sub(lambda found: " " * len(found[0]), text)
        found = [(m[0].casefold(), m.start(), m.end()) for m in _WORD.finditer(plain)]
        spans = sorted(self._spans(found), reverse=True)
        for start, end in _joined(spans):
            text = text[:start] + ERASED + text[end:]
        return text

    def _spans(self, found: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
        words = tuple(word for word, _, _ in found)
        for run, grams in self.runs.items():
            for i in range(len(words) - run + 1):
                if words[i : i + run] in grams:
                    yield found[i][1], found[i + run - 1][2]


def _names(names: Iterable[str]) -> re.Pattern[str]:
    spelled = {
        spelling
        for name in names
        for spelling in (name, html.escape(name), quote(name), quote_plus(name), _as_json(name))
        if spelling
    }
    either = "|".join(map(re.escape, sorted(spelled, key=lambda one: (-len(one), one))))
    return re.compile(rf"(?<!\w)(?:{either or '(?!)'})(?!\w)", re.IGNORECASE)


def _as_json(name: str) -> str:
    return json.dumps(name)[1:-1]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans, last first, with those that overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and end >= joined[-1][0]:
            joined[-1] = (start, max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
