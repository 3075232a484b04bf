"""Sentences with a number in them, for none, one, two and many."""

import re
from dataclasses import replace
from datetime import date

import pytest

from common.windows import WEEK, Window
from dashboard.speed import LearningSpeed, Measure
from dashboard.week import week_in_review
from dashboard.week_headline import headline, number, said_words, things
from dashboard.week_lessons import Overdue, Surprise, measured
from dashboard.week_phrases import TurnedPhrase, VoicesTurned
from dashboard.week_reasons import Reason, Undecided, Why, why_nothing
from dashboard.week_voices import Unanswered
from digest.compose import subject_of
from digest.letter import write_letter
from digest.pace import pace_note
from digest.parts import Reader, Section
from digest.plain import as_text
from tests.digest.weeks import make_bet, make_estimate
from tests.factories import NOW, make_metric

COUNTS = [0, 1, 2, 12, 13, 1_204]
NOUNS = "ship|thing|draft|hypothesis|hypothese|customer|pair|surprise|learning|day|digest"
# "one ships", "1 customers", "two draft", "0% of", "none ship", "zero ...": none of it is English.
WRONG = re.compile(
    rf"\b(?:one|1) (?:more )?(?:{NOUNS})s\b"
    rf"|\b(?:no|two|twelve|13|1,204) (?:more )?(?:{NOUNS})\b(?! of| said a word)"
    r"|\b0%? of\b|\b0 \w|\bnone \w+s? said|\b(?:one|1) \w+ wait\b|\b(?:two|13) \w+ waits\b"
    r"|\bno things\b|\bnone of 0\b",
    re.IGNORECASE,
)


def is_english(text: str) -> bool:
    return not WRONG.search(" ".join(text.split()))


def news(**facts) -> str:
    known = {"ships": 0, "with_hypothesis": 0, "untold": 0, "mixed": 0, "waiting": 0,
             "watched": 0, "next_verdict_on": None, "feedback": 0, "lessons": []}  # fmt: skip
    return headline(**(known | facts))


def note(ships: int, learned: float | None, before: float | None = None) -> str:
    nothing = Measure(None, None, 0)
    return pace_note(
        LearningSpeed(
            window=Window.before(NOW, 12 * WEEK), ships=ships, time_to_feedback=nothing,
            time_to_eyes=nothing, time_to_team_eyes=nothing, time_to_verdict=nothing,
            time_to_learning=nothing, share_learned=learned, share_previous=before, trend=[],
        )
    ).removeprefix("12-week medians. ")  # fmt: skip


class TestThePattern:
    @pytest.mark.parametrize(
        "text", ["Learned from 0% of 1 ships.", "One drafts wait", "two ship", "no things said",
                 "one draft wait for", "1 of 1 customers"],
    )  # fmt: skip
    def test_finds_what_is_wrong(self, text):
        assert not is_english(text)


class TestTheHeadline:
    @pytest.mark.parametrize("count", COUNTS)
    @pytest.mark.parametrize("fact", ["ships", "untold", "mixed", "waiting", "watched", "feedback"])
    def test_is_english_however_many(self, fact, count):
        assert is_english(news(**{fact: count}))
        assert is_english(subject_of(news(**{fact: count}), "Shop"))

    @pytest.mark.parametrize("count", COUNTS)
    def test_counts_what_else_was_learned(self, count):
        assert is_english(news(lessons=["Faster search: supported"] * count))

    @pytest.mark.parametrize(
        ("facts", "said"),
        [
            ({"waiting": 1}, "Nothing new was learned: one draft waits for somebody to confirm."),
            ({"waiting": 2}, "Nothing new was learned: two drafts wait for somebody to confirm."),
            ({"watched": 1}, "It is too early to judge one ship."),
            (
                {"watched": 2, "next_verdict_on": date(2026, 3, 26)},
                "It is too early to judge two ships; the first verdict is due on Thursday "
                "26 March.",
            ),
            (
                {"untold": 1},
                "Nothing new was learned: the numbers could not decide one hypothesis.",
            ),
            (
                {"untold": 2},
                "Nothing new was learned: the numbers could not decide two hypotheses.",
            ),
            ({"ships": 1}, "One ship went out, and nothing said what it was meant to change."),
            ({"ships": 2}, "Two ships went out, and none said what it was meant to change."),
            (
                {"ships": 1, "with_hypothesis": 1},
                "One ship went out; nothing has been learned yet.",
            ),
            ({"feedback": 1}, "Nothing shipped, but customers said one thing."),
            ({"lessons": ["A", "B"]}, "A, and one more thing learned."),
            ({"lessons": ["A", "B", "C"]}, "A, and two more things learned."),
            ({}, "Nothing shipped and nobody wrote, so there was nothing to learn from."),
        ],
    )
    def test_says_it_as_a_person_would(self, facts, said):
        assert news(**facts) == said


class TestLearningSpeed:
    @pytest.mark.parametrize(
        ("ships", "learned", "before", "said"),
        [
            (0, None, None, "12-week medians."),
            (1, 0.0, None, "Nothing learned yet from the one ship."),
            (1, 1.0, None, "Learned from the one ship."),
            (1, 1.0, 0.0, "Learned from the one ship, none before."),
            (2, 0.0, None, "Learned from none of two ships."),
            (2, 0.5, 1.0, "Learned from one of two ships, all before."),
            (2, 1.0, 0.5, "Learned from all two ships, 50% before."),
            (12, 0.25, None, "Learned from three of twelve ships."),
            (40, 0.0, 0.3, "Learned from none of 40 ships, 30% before."),
            (40, 0.475, 0.3, "Learned from 48% of 40 ships, 30% before."),
            (1_204, 1.0, None, "Learned from all 1,204 ships."),
        ],
    )
    def test_names_few_ships_and_gives_a_share_of_many(self, ships, learned, before, said):
        assert note(ships, learned, before) == said


class TestCounting:
    @pytest.mark.parametrize("count", COUNTS)
    @pytest.mark.parametrize("noun", ["ship", "thing", "draft", "pair", "surprise", "learning"])
    def test_how_many_more_there_are(self, count, noun):
        assert is_english(Section("", (), count, noun, "said", "https://x.test/").more)

    def test_words_and_numbers(self):
        assert [things(n, "hypothesis") for n in COUNTS] == [
            "no hypotheses", "one hypothesis", "two hypotheses", "twelve hypotheses",
            "13 hypotheses", "1,204 hypotheses",
        ]  # fmt: skip
        assert [said_words(n) for n in (0, 1, 2)] == [
            "nothing said", "one thing said", "two things said",
        ]  # fmt: skip
        assert number(0) == "none"


class TestTheWholeLetter:
    """Each number of a review set to none, one, two and many: no line of the text is wrong."""

    @pytest.fixture
    def review(self, shop):
        return week_in_review(shop, week=Window.before(NOW, WEEK), now=NOW)

    def text(self, shop, review) -> str:
        return as_text(write_letter(shop, review, Reader()))

    @pytest.mark.parametrize("count", COUNTS)
    @pytest.mark.parametrize("before", COUNTS)
    def test_of_ships_and_words_and_those_before(self, shop, review, count, before):
        review = replace(
            review,
            ships=replace(review.ships, count=count, count_before=before),
            voices=replace(review.voices, count=count, count_before=before),
            overdue=Overdue((), count),
        )

        assert is_english(self.text(shop, review))

    @pytest.mark.parametrize("count", COUNTS[1:])
    @pytest.mark.parametrize("why", list(Why))
    def test_of_reasons(self, shop, review, count, why):
        for of in (count, count + 1):
            because = (Reason(why, count, of=of),)
            text = self.text(shop, replace(review, nothing_because=because))

            assert is_english(text), text

    @pytest.mark.parametrize("after", COUNTS)
    @pytest.mark.parametrize("total", COUNTS)
    def test_of_what_customers_started_to_say(self, shop, review, after, total):
        row = TurnedPhrase("slow", min(after, total), total, min(after, total), total)
        turned = VoicesTurned((row,), (row,), (), "")

        assert is_english(self.text(shop, replace(review, turned=turned)))

    @pytest.mark.parametrize("count", [1, 2, 999, 1_000])
    def test_of_what_nobody_answered(self, shop, review, count):
        text = self.text(shop, replace(review, unanswered=Unanswered(count, 1, NOW)))

        assert is_english(text)
        assert ("said waits for an answer" in text) == (count == 1)

    @pytest.mark.parametrize("count", [0, 1, 2, 13])
    def test_of_surprises(self, shop, review, count):
        rows = [
            Surprise(n, f"Ship {n}", "Orders", False, "", "rose by about 4%", True, n)
            for n in range(count)
        ]

        assert is_english(self.text(shop, replace(review, surprises=rows)))

    @pytest.mark.parametrize("count", [1, 2, 13])
    def test_of_bets_without_an_answer(self, shop, review, count):
        because = why_nothing(
            ships=replace(review.ships, count=count), early=[], overdue=Overdue((), 0),
            undecided=Undecided(count, count, None), said=0,
        )  # fmt: skip

        assert is_english(self.text(shop, replace(review, nothing_because=because)))


def test_an_effect_too_small_to_be_written_is_not_called_nothing(shop, ada):
    metric = make_metric(shop)
    row = make_estimate(make_bet(shop, "Search", days=9), metric, 0.0004)

    assert measured(row).startswith("rose by less than 0.1% (")
