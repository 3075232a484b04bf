"""Each connector has its section in the docs, and says on its card what it brings."""

import re
from pathlib import Path

import pytest

from common.webhooks import Scheme
from feedback.connectors.registry import CONNECTORS

PAGE = (Path(__file__).resolve().parents[2] / "docs/connectors.md").read_text()


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
class TestAConnector:
    def test_is_documented(self, connector):
        assert f"\n## {connector.label}\n" in PAGE

    def test_says_in_one_sentence_what_comes_in_by_it(self, connector):
        assert re.fullmatch(r"[A-Z][^\n]{20,140}\.", connector.what)

    def test_is_asked_or_calls_or_is_the_teams_own_page(self, connector):
        assert connector.gather or connector.read or connector.copies

    def test_fits_where_it_is_kept(self, connector):
        assert re.fullmatch(r"[a-z_]{1,30}", connector.name)

    def test_tells_apart_what_is_to_be_filled_in(self, connector):
        names = [setting.name for setting in connector.settings]
        labels = [setting.label for setting in connector.settings]

        assert len(set(names)) == len(names)
        assert len(set(labels)) == len(labels)

    def test_proves_its_calls_by_known_schemes(self, connector):
        assert all(isinstance(scheme, Scheme) for scheme in connector.schemes)
