import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.trailers import read_trailers

MESSAGE = """Shorten the form

Hypothesis: shorter checkout form lifts conversion
Expect: checkout_conversion +2% within 7d
Because: 31 complaints about the address step
Fixes-Feedback: 1042, 1077
"""
PULL_REQUEST = """## What
- **Hypothesis:** a shorter form lifts conversion
- **Expect:** `checkout_conversion` +2% within 7d
* __Because__: 31 complaints
> Fixes feedback: 1042
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

    def test_reads_bold_bulleted_and_quoted_lines_of_a_pull_request(self):
        found = read_trailers([PULL_REQUEST])

        assert found.problems == ()
        assert found.expectation.metric == "checkout_conversion"
        assert found.expectation.statement == "a shorter form lifts conversion"
        assert found.expectation.because == "31 complaints"
        assert found.fixes == ("1042",)

    @pytest.mark.parametrize(
        ("line", "direction", "size"),
        [
            ("error rate -10%", "down", 0.1),
            ("error rate −10 %", "down", 0.1),
            ("error rate – 10%", "down", 0.1),
            ("orders by 2.5%", "up", 0.025),
            ("orders +2,5% over 2 weeks", "up", 0.025),
            ("orders by 2 percent", "up", 0.02),
            ("orders +2 pct.", "up", 0.02),
            ("orders up 2%", "up", 0.02),
            ("orders rises by at least 2%", "up", 0.02),
            ("orders will drop by 2%", "down", 0.02),
            ("time-on-page falls 2% or more within 3 days", "down", 0.02),
            ("orders ≥ 2%", "up", 0.02),
            ("conversion from 10% to 12%", "up", 0.2),
            ("p95 latency from 200 ms to 180 ms within 1d", "down", 0.1),
            ("p95 latency drops from 200ms to 150", "down", 0.25),
            ("orders.per/day +150%", "up", 1.5),
        ],
    )
    def test_reads_the_ways_people_write_it(self, line, direction, size):
        found = read_trailers([f"Expect: {line}"]).expectation

        assert (found.direction, found.min_effect) == (direction, pytest.approx(size))

    @pytest.mark.parametrize(
        ("said", "window"),
        [
            ("within 7d", timedelta(days=7)),
            ("within 24h.", timedelta(hours=24)),
            ("in two weeks", timedelta(weeks=2)),
            ("within a week", timedelta(weeks=1)),
            ("over the next 3 days", timedelta(days=3)),
            ("within one month", timedelta(weeks=4)),
            ("", timedelta(days=7)),
        ],
    )
    def test_reads_how_long_it_may_take(self, said, window):
        found = read_trailers([f"Expect: orders +2% {said}"])

        assert found.expectation.window == window
        assert found.problems == ()

    def test_a_window_that_cannot_be_read_is_said_and_a_week_is_taken(self):
        found = read_trailers(["Expect: orders +2% within a blink"])

        assert found.expectation.window == timedelta(days=7)
        assert found.problems == ("The window “a blink” could not be read; 7 days is used.",)

    @pytest.mark.parametrize("word", ["because", "Because", ", because:"])
    def test_reads_the_reason_on_the_same_line(self, word):
        found = read_trailers([f"EXPECT : orders +2% within 7d {word} two fields fewer"])

        assert found.expectation.because == "two fields fewer"
        assert found.expectation.window == timedelta(days=7)

    @pytest.mark.parametrize("line", ["more orders", "orders +0%", "+2%", "orders 0 to 5"])
    def test_what_cannot_be_read_is_said_with_the_way_to_write_it(self, line):
        assert "METRIC +2% within 7d" in read_trailers([f"Expect: {line}"]).problems[0]

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("conversion +2pp", "percentage points depend"),
            ("conversion +2 percentage points", "percentage points depend"),
            ("conversion ±2%", "does not say which way"),
            ("conversion rises -2%", "opposite things"),
            ("orders from 0 to 5", "from 0"),
            ("orders +20000%", "at most 10,000%"),
        ],
    )
    def test_what_cannot_be_tested_is_said_with_the_reason(self, line, why):
        found = read_trailers([f"Expect: {line}"])

        assert found.expectation is None
        assert why in found.problems[0]

    def test_a_hypothesis_that_expects_nothing_cannot_be_tested(self):
        assert "cannot be tested" in read_trailers(["Hypothesis: better"]).problems[0]

    def test_what_was_expected_of_a_test_is_no_hypothesis(self):
        found = read_trailers(["Fix login\n\nExpected: 200, got 404\nBecause: of a typo"])

        assert (found.expectation, found.problems) == (None, ())

    def test_of_several_expectations_the_last_counts_and_it_is_said(self):
        found = read_trailers(["Expect: orders +2%", "Expect: orders +3%"])

        assert found.expectation.min_effect == 0.03
        assert "several" in found.problems[0]

    def test_the_same_expectation_said_twice_is_one(self):
        assert read_trailers([MESSAGE, MESSAGE]).problems == ()

    @pytest.mark.parametrize(
        "text",
        [
            "\n" * 200_000,
            "Expect: a" + " " * 200_000 + "b",
            "Expect: " + "a " * 90_000 + "!",
            "Expect: a " + "to " * 5_000 + "from 1 to",
            "*" * 200_000 + "Expect:",
        ],
    )
    def test_no_text_takes_long(self, text):
        start = time.monotonic()

        read_trailers([text])

        assert time.monotonic() - start < 2

    @given(st.text(max_size=300))
    def test_no_text_makes_it_fail(self, text):
        found = read_trailers([f"Expect: {text}", f"Expect: orders +{text}%", text])

        assert found.expectation is None or 0 < found.expectation.min_effect <= 100
