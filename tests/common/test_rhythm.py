"""When a silence means something: judged by the place's own rhythm, as tables of cases."""

from datetime import timedelta

import pytest

from common.health import Facts, State, judge
from common.rhythm import DAYS_KEPT, heard_again, silent_after
from tests.factories import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rhythm_of(*hours: float) -> list[list[str | float]]:
    return [[f"2026-03-{day:02}", 3600 * value] for day, value in enumerate(hours, 1)]


class TestARhythm:
    def test_keeps_the_longest_silence_of_a_day(self):
        rhythm = heard_again([], before=NOW - 3 * HOUR, now=NOW)
        rhythm = heard_again(rhythm, before=NOW, now=NOW + HOUR)

        assert rhythm == [["2026-03-18", 3 * 3600.0]]

    def test_begins_with_the_second_thing_that_comes(self):
        assert heard_again([], before=None, now=NOW) == []

    def test_keeps_two_weeks(self):
        rhythm: list[list[str | float]] = []
        for day in range(30):
            rhythm = heard_again(rhythm, before=NOW + (day - 1) * DAY, now=NOW + day * DAY)

        assert len(rhythm) == DAYS_KEPT

    def test_takes_no_harm_from_what_came_earlier_than_the_last(self):
        assert heard_again([], before=NOW, now=NOW - HOUR) == []

    @pytest.mark.parametrize(
        "hours, wait",
        [
            ((), 3 * DAY),
            ((1, 1, 1, 1), 3 * DAY),  # too few days to know
            ((1, 1, 1, 1, 1), 6 * HOUR),  # a busy place, but not a nervous Wake
            ((8, 8, 9, 8, 8), 18 * HOUR),  # nights
            ((8, 8, 60, 8, 8), 5 * DAY),  # weekends
            ((24 * 7,) * 5, 14 * DAY),  # somebody writes once a week
        ],
    )
    def test_says_how_long_a_silence_must_be(self, hours, wait):
        assert silent_after(rhythm_of(*hours)) == wait


def health(**facts):
    known = {
        "is_active": True, "is_asked": True, "created_at": NOW - 30 * DAY, "worked_at": NOW,
        "heard_at": NOW - HOUR, "failing_since": None, "problem": "", "rhythm": (),
    }  # fmt: skip
    return judge(Facts(**{**known, **facts}), now=NOW)


class TestHealth:
    @pytest.mark.parametrize(
        "facts, state, since",
        [
            ({}, State.WORKS, NOW),
            ({"is_asked": False}, State.WORKS, NOW - HOUR),
            ({"heard_at": NOW - 3 * DAY}, State.SILENT, NOW - 3 * DAY),
            ({"heard_at": NOW - 7 * HOUR, "rhythm": rhythm_of(1, 1, 1, 1, 1)}, State.SILENT,
             NOW - 7 * HOUR),
            ({"heard_at": NOW - 5 * HOUR, "rhythm": rhythm_of(1, 1, 1, 1, 1)}, State.WORKS, NOW),
            ({"heard_at": NOW - 9 * DAY, "rhythm": rhythm_of(*[168] * 5)}, State.WORKS, NOW),
            ({"heard_at": None}, State.SILENT, None),
            ({"heard_at": None, "created_at": NOW - HOUR}, State.WORKS, NOW),
            ({"heard_at": None, "worked_at": None, "created_at": NOW}, State.NEW, None),
            ({"failing_since": NOW - DAY, "heard_at": NOW - 9 * DAY}, State.FAILING, NOW - DAY),
            ({"is_active": False, "failing_since": NOW}, State.PAUSED, None),
        ],
    )  # fmt: skip
    def test_is_one_word_and_since_when(self, facts, state, since):
        found = health(**facts)

        assert (found.state, found.since) == (state, since)

    def test_says_how_long_a_place_is_silent(self):
        assert health(heard_at=NOW - 3 * DAY).silence == 3 * DAY

    def test_says_what_is_wrong(self):
        assert health(failing_since=NOW, problem="It is down.").problem == "It is down."

    @pytest.mark.parametrize("facts, needs", [({}, False), ({"failing_since": NOW}, True)])
    def test_says_whether_somebody_should_look(self, facts, needs):
        assert health(**facts).needs_a_look == needs
