import time
from datetime import timedelta

import pytest

from deployments.trailers import read_trailers

MESSAGE = """Shorten the form

Hypothesis: shorter checkout form lifts conversion
Expect: checkout_conversion +2% within 7d
Because: 31 complaints about the address step
Fixes-Feedback: 1042, 1077
"""


class TestReadTrailers:
    def test_reads_a_whole_hypothesis(self):
        found = read_trailers([MESSAGE]).expectation

        assert (found.metric, found.direction, found.min_effect, found.window) == (
            "checkout_conversion", "up", 0.02, timedelta(days=7),
        )  # fmt: skip
        assert found.because == "31 complaints about the address step"

    def test_reads_what_it_fixes(self):
        assert read_trailers([MESSAGE]).fixes == ("1042", "1077")

    @pytest.mark.parametrize(
        ("line", "direction", "size"),
        [
            ("error rate -10%", "down", 0.1),
            ("error rate −10 %", "down", 0.1),
            ("orders by 2.5%", "up", 0.025),
            ("orders +2,5% over 2 weeks", "up", 0.025),
        ],
    )
    def test_reads_the_ways_people_write_it(self, line, direction, size):
        found = read_trailers([f"Expect: {line}"]).expectation

        assert (found.direction, found.min_effect) == (direction, size)

    @pytest.mark.parametrize("line", ["more orders", "orders +0%", "+2%"])
    def test_what_cannot_be_read_is_said_with_the_way_to_write_it(self, line):
        assert "METRIC +2% within 7d" in read_trailers([f"Expect: {line}"]).problems[0]

    def test_a_hypothesis_that_expects_nothing_cannot_be_tested(self):
        assert "cannot be tested" in read_trailers(["Hypothesis: better"]).problems[0]

    @pytest.mark.parametrize(
        "text",
        ["\n" * 200_000, "Expect: a" + " " * 200_000 + "b", "Expect: " + "a " * 90_000 + "!"],
    )
    def test_no_text_takes_long(self, text):
        start = time.monotonic()

        read_trailers([text])

        assert time.monotonic() - start < 2
