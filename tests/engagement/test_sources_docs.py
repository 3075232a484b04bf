"""Each kind of source has its section in the docs, and says on its card what it brings."""

import re
from pathlib import Path

import pytest

from engagement.sources.registry import SOURCES

PAGE = (Path(__file__).resolve().parents[2] / "docs/sources.md").read_text()


@pytest.mark.parametrize("kind", SOURCES.values(), ids=SOURCES)
class TestAKindOfSource:
    def test_is_documented(self, kind):
        assert f"\n## {kind.label}\n" in PAGE

    def test_says_in_one_sentence_what_comes_in_by_it(self, kind):
        assert re.fullmatch(r"[A-Z][^\n]{20,140}\.", kind.what)

    def test_asks_for_a_query(self, kind):
        assert "query" in {setting.name for setting in kind.query_settings}
