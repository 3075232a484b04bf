import random

import pytest

from learning.phrases import LEAST_AFTER, Text, whats_new
from learning.phrases_words import as_row, count_uses, joined, read_words, tokens_of

TOPICS = [
    "The delivery to my house came late again",
    "I love how quick paying has become",
    "Please add a wish list to the shop",
    "Great prices and friendly people",
    "The search never finds my size",
    "My parcel arrived with a dent in it",
    "Could you sell gift cards too",
    "Support answered within the hour",
]
ENDINGS = ["", " honestly", " since spring", " as always", " in my town", " sadly", " thanks"]
BLANK = [
    "After login there is only a blank screen",
    "Blank screen when I open my orders",
    "I get a blank screen all day long",
    "blank screen on my old phone, help",
    "It shows a Blank Screen and nothing else",
]


def chatter(count, *, seed):
    """What customers say on any day: `count` texts of as many customers."""
    rng = random.Random(seed)
    return [rng.choice(TOPICS) + rng.choice(ENDINGS) for _ in range(count)]


def texts(words, *, start=0, customers=None):
    rows = zip(words, customers or [None] * len(words), strict=True)
    return [Text(start + number, text, who) for number, (text, who) in enumerate(rows)]


def compare(before, after):
    return whats_new(texts(before), texts(after, start=10_000))


class TestReadingWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("I can’t LOG in", ["i", "can't", "log", "in"]),
            ("Fehler: Straße 403", ["fehler", "", "strasse", "403"]),
            ("version 9.5.1 broke it", ["version", "9.5.1", "broke", "it"]),
            ("打不开了。", ["打", "不", "开", "了", ""]),
            ("हिन्दी में", ["हिन्दी", "में"]),
            ("앱이 꺼져요", ["앱이", "꺼져요"]),
            ("", []),
            ("!!! 👎👎", [""]),
        ],
    )
    def test_finds_the_words_of_any_script(self, text, words):
        assert tokens_of(text) == words

    def test_folds_wide_letters_into_plain_ones(self):
        assert tokens_of("ＡＢＣ") == ["abc"]

    def test_writes_words_with_spaces_and_characters_without(self):
        assert joined(["blank", "screen"]) == "blank screen"
        assert joined(["打", "不", "开"]) == "打不开"

    def test_counts_the_forms_of_a_word_as_one(self):
        words = read_words(["it crashes", "it crashed", "crashing", "a crash", "stopped", "stop"])
        spelled = {words.spelled[stem] for stem in words.stemmed if stem >= 0}
        assert {"crash", "stop"} <= spelled
        assert not spelled & {"crashes", "crashed", "crashing", "stopped"}

    def test_leaves_a_form_whose_stem_nobody_uses(self):
        words = read_words(["the news is bad", "ads everywhere"])
        assert [words.spelled[stem] for stem in words.stemmed][:3] == ["the", "news", "is"]

    def test_counts_a_text_once_however_often_it_says_it(self):
        words = read_words(["late late late", "late", "late"])
        uses = count_uses(words, as_row([0, 1, 2]), least=2)
        assert sorted(uses.units.tolist()) == [0, 1, 2]


class TestWhatCustomersStartedSaying:
    def test_names_what_rose(self):
        news = compare(chatter(300, seed=1), chatter(190, seed=2) + BLANK * 2)
        assert [told.phrase for told in news.started] == ["blank screen"]

    def test_tells_how_many_said_it_of_how_many(self):
        news = compare(chatter(300, seed=1) + BLANK[:1], chatter(185, seed=2) + BLANK * 3)
        told = news.started[0]
        assert (told.before, told.before_total, told.after, told.after_total) == (1, 301, 15, 200)
        assert told.score > 3
        assert told.log_odds > 1

    def test_tells_one_thing_once_in_its_longest_telling_phrase(self):
        after = chatter(190, seed=2) + [
            f"The card reader is broken{ending}" for ending in (*ENDINGS, " now", " too", " why")
        ]
        assert [told.phrase for told in compare(chatter(300, seed=1), after).started] == [
            "reader is broken"
        ]

    def test_tells_two_things_apart(self):
        gone = [f"Where is the coupon field gone{ending}" for ending in ENDINGS * 2]
        news = compare(chatter(300, seed=1), chatter(180, seed=2) + BLANK * 2 + gone)
        told = " | ".join(told.phrase for told in news.started)
        assert "blank screen" in told
        assert "coupon" in told

    def test_quotes_different_texts_that_say_it(self):
        news = compare(chatter(300, seed=1), chatter(190, seed=2) + BLANK * 2)
        said = dict(enumerate(chatter(190, seed=2) + BLANK * 2, 10_000))
        quotes = [said[key].casefold() for key in news.started[0].quotes]
        assert len(set(quotes)) == len(quotes) >= 2
        assert all("blank screen" in quote for quote in quotes)

    def test_writes_the_phrase_as_customers_mostly_do(self):
        after = chatter(190, seed=2) + ["It crashes"] + ["The app crashed today"] * 9
        assert "crashed" in compare(chatter(300, seed=1), after).started[0].phrase

    def test_counts_a_customer_once(self):
        after = chatter(190, seed=2) + BLANK * 2
        loud = [None] * 190 + ["loud"] * 10
        news = whats_new(texts(chatter(300, seed=1)), texts(after, start=10_000, customers=loud))
        assert news.started == ()
        assert news.after_total == 191

    def test_finds_a_phrase_of_a_script_without_spaces(self):
        after = chatter(190, seed=2) + ["更新后打不开", "今天打不开了", "一直打不开"] * 4
        told = compare(chatter(300, seed=1) + ["很好用"] * 20, after).started[0]
        assert told.phrase == "打不开"

    def test_says_the_same_each_time(self):
        before, after = chatter(300, seed=1), chatter(190, seed=2) + BLANK * 2
        assert compare(before, after) == compare(before, after)

    def test_says_nothing_of_a_word_that_all_use_a_little_more(self):
        news = compare(
            chatter(300, seed=1), [f"{text} and the shop" for text in chatter(200, seed=2)]
        )
        assert not {"the", "and", "and the"} & {told.phrase for told in news.started}


class TestWhatCustomersStoppedSaying:
    def test_names_what_fell(self):
        news = compare(chatter(270, seed=1) + BLANK * 6, chatter(300, seed=2))
        assert [told.phrase for told in news.stopped] == ["blank screen"]
        assert news.started == ()
        assert news.stopped[0].score < -3

    def test_quotes_what_was_said_before(self):
        news = compare(chatter(270, seed=1) + BLANK * 6, chatter(300, seed=2))
        assert all(key < 10_000 for key in news.stopped[0].quotes)

    def test_needs_enough_said_since(self):
        assert compare(chatter(270, seed=1) + BLANK * 6, chatter(12, seed=2)).stopped == ()


class TestHonestWords:
    def test_says_that_there_is_too_little(self):
        news = compare(chatter(12, seed=1), BLANK[:3])
        assert news.note == "12 texts before, 3 after: too few to tell."
        assert news.smallest_visible is None

    def test_says_what_could_have_been_seen(self):
        news = compare(chatter(300, seed=1), chatter(200, seed=2))
        assert news.started == news.stopped == ()
        assert news.smallest_visible is not None
        assert f"about {news.smallest_visible} of 200 say it" in news.note

    def test_notices_what_it_says_it_would_notice(self):
        count = compare(chatter(300, seed=1), chatter(200, seed=2)).smallest_visible
        after = chatter(200 - count - 2, seed=2) + (BLANK * 9)[: count + 2]
        assert compare(chatter(300, seed=1), after).started

    @pytest.mark.parametrize("side", ["before", "after"])
    def test_takes_nothing_for_an_answer(self, side):
        sides = {"before": texts(chatter(50, seed=1)), "after": texts(chatter(50, seed=2))}
        assert whats_new(**{**sides, side: []}).started == ()

    def test_takes_texts_without_words(self):
        assert compare(["👍"] * 50, ["", "!!!"] * LEAST_AFTER * 4).started == ()

    def test_is_quiet_where_nothing_changed(self):
        claimed = 0
        for seed in range(40):
            news = compare(chatter(200, seed=seed), chatter(150, seed=seed + 1000))
            claimed += bool(news.started or news.stopped)
        assert claimed <= 5  # 5 % of 40 are 2; more than 5 come by chance once in 70 times
