"""Words in PromQL: what stands for them stays text, whatever it is."""

import pytest

from common.errors import BadInput
from engagement.sources.words import fill_promql, words_in

NASTY = '1.0"} or vector(1) # \\ '


def fill(query: str, **words: str) -> str:
    return fill_promql(query, words, step_seconds=3600)


class TestFilling:
    @pytest.mark.parametrize(
        ("query", "filled"),
        [
            ('up{env="{{ environment }}"}', 'up{env="production"}'),
            ("up{env='{{environment}}'}", "up{env='production'}"),
            ('up{env="a-{{ environment }}-b"}', 'up{env="a-production-b"}'),
            ("increase(a[{{ step }}])", "increase(a[3600s])"),
            ('a{b="\\"{{ environment }}"}', 'a{b="\\"production"}'),
            ("sum(a) / sum(b)", "sum(a) / sum(b)"),
        ],
    )
    def test_puts_in_what_the_word_stands_for(self, query, filled):
        assert fill(query, environment="production") == filled

    def test_lets_no_version_leave_its_quotes(self):
        assert fill('a{v="{{ version }}"}', version=NASTY) == 'a{v="1.0\\"} or vector(1) # \\\\ "}'

    def test_escapes_the_quote_that_is_open(self):
        assert fill("a{v='{{ version }}'}", version='it\'s "x"\n') == ("a{v='it\\'s \"x\"\\n'}")

    @pytest.mark.parametrize(
        "query", ["{{ version }}", "a{v=`{{ version }}`}", 'a{v=""}+{{ version }}']
    )
    def test_refuses_a_word_outside_quotes(self, query):
        with pytest.raises(BadInput, match="inside double or single quotes"):
            fill(query, version="1.0")

    def test_refuses_a_word_that_means_nothing(self):
        with pytest.raises(BadInput, match="colour"):
            words_in('a{v="{{ colour }}"}')
