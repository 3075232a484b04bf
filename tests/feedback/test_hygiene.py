"""What intake does by itself: hold spam back, merge what was said twice, leave voices apart."""

from datetime import timedelta

import pytest

from feedback.holding import hold, release
from feedback.intake import submit_feedback
from feedback.merging import separate
from feedback.models import Band, FeedbackItem
from feedback.spam import is_gibberish, spam_in
from tests.factories import NOW, make_feedback, make_project

pytestmark = pytest.mark.django_db
LONG = (
    "Since the last update the address step of the checkout asks for everything twice and then "
    "forgets my postcode, which is maddening on a small phone"
)
SPAM = "Best online casino bonus, call girls and casino bonus. Call +44 20 7946 0000"


def heads():
    return FeedbackItem.objects.heard().count()


class TestSaidTwice:
    def test_by_one_customer_within_days_is_one_voice(self, shop):
        make_feedback(shop, "Great app", customer="kim", source="play")
        make_feedback(shop, "great app!", customer="kim", source="mail")

        assert heads() == 1
        assert FeedbackItem.objects.get(merged_because__startswith="The same customer").merged_into

    def test_by_one_customer_months_later_is_said_anew(self, shop):
        make_feedback(shop, "Great app", customer="kim", created_at=NOW - timedelta(days=90))
        make_feedback(shop, "Great app", customer="kim", created_at=NOW)

        assert heads() == 2

    def test_with_another_rating_is_a_change_of_mind(self, shop):
        make_feedback(shop, LONG, customer="kim", rating=5)
        make_feedback(shop, LONG, customer="kim", rating=1)

        assert heads() == 2

    def test_of_another_version_is_news(self, shop):
        make_feedback(shop, "Still crashes", customer="kim", version="1.0")
        make_feedback(shop, "Still crashes", customer="kim", version="1.1")

        assert heads() == 2

    def test_in_a_short_text_by_two_customers_is_two_voices(self, shop):
        make_feedback(shop, "Great app, thank you all", customer="kim")
        make_feedback(shop, "Great app, thank you all", customer="sam")

        assert heads() == 2

    def test_in_a_long_text_by_two_customers_is_a_copy(self, shop):
        make_feedback(shop, LONG, customer="kim", source="play")
        make_feedback(shop, f"{LONG}!", customer="kim@example.com", source="mail")

        assert heads() == 1

    def test_in_one_batch_is_seen_too(self, shop):
        rows = [{"id": str(n), "text": LONG, "customer": f"c{n}"} for n in range(3)]
        submit_feedback(project=shop, rows=rows, now=NOW)

        assert heads() == 1

    def test_in_another_project_is_none_of_ours(self, shop):
        make_feedback(shop, LONG)
        make_feedback(make_project(), LONG)

        assert heads() == 2

    def test_is_merged_once_however_often_it_is_imported(self, shop):
        rows = [{"id": str(n), "text": LONG} for n in range(2)]
        submit_feedback(project=shop, rows=rows, now=NOW)
        report = submit_feedback(project=shop, rows=rows, now=NOW)

        assert (report.unchanged, heads()) == (2, 1)

    def test_stays_apart_once_a_person_has_separated_it(self, shop, ada):
        make_feedback(shop, LONG, id="1")
        two = make_feedback(shop, LONG, id="2")
        separate(two, by=ada, now=NOW)
        make_feedback(shop, f"{LONG} indeed", id="2")

        assert heads() == 2

    def test_only_a_rating_is_never_the_same(self, shop):
        make_feedback(shop, "", rating=5, customer="kim")
        make_feedback(shop, "", rating=5, customer="kim")

        assert heads() == 2

    def test_files_only_the_heads_of_long_texts(self, shop):
        make_feedback(shop, LONG)
        make_feedback(shop, LONG)
        make_feedback(shop, "Too short to be filed")

        assert Band.objects.values("feedback").distinct().count() == 1

    def test_costs_a_few_queries_for_two_hundred_rows(self, shop, django_assert_max_num_queries):
        rows = [{"id": str(n), "text": f"{LONG} {n}", "customer": f"c{n}"} for n in range(200)]
        with django_assert_max_num_queries(30):
            submit_feedback(project=shop, rows=rows, now=NOW)


class TestSpam:
    def test_is_held_back_with_its_reasons(self, shop):
        item = make_feedback(shop, SPAM)

        assert item.held_at == NOW
        assert item.held_because.startswith("It offers what spam offers and")
        assert heads() == 0

    def test_is_not_held_again_after_a_person_released_it(self, shop, ada):
        item = make_feedback(shop, SPAM, id="1")
        release(item, by=ada, now=NOW)
        item = make_feedback(shop, f"{SPAM} now", id="1")

        assert item.held_at is None

    def test_is_held_when_words_are_edited_into_it(self, shop):
        make_feedback(shop, "Nice", id="1")

        assert make_feedback(shop, SPAM, id="1").held_at == NOW

    def test_is_not_taken_for_the_same_as_what_is_held(self, shop, ada):
        hold(make_feedback(shop, LONG), because="Spam", by=ada, now=NOW)

        assert make_feedback(shop, LONG).merged_into is None

    def test_of_a_chain_letter_is_held_once_three_sent_it(self, shop):
        letter = f"{LONG}. Now I use the online casino instead"
        for n in range(3):
            make_feedback(shop, letter, customer=f"c{n}")

        assert FeedbackItem.objects.get(held_at__isnull=False).merged.count() == 2

    @pytest.mark.parametrize(
        ("text", "extra"),
        [
            ("Hello", {"signals": {"filled_hidden_field": True}}),
            ("asdfghjkl qwertyuiop asdfghjk", {}),
            ("<a href='https://a.example'>x</a> https://b.example https://c.example", {}),
            ("Contact a hacker to recover my lost funds on telegram @goodman22", {}),
            ("Airline customer care number +1 800 555 0100", {}),
        ],
    )
    def test_is_known_by_its_marks(self, text, extra):
        assert spam_in(text, extra=extra).is_held

    @pytest.mark.parametrize(
        "text",
        [
            "https://shop.example/cart does not load",
            "Your customer care number is never answered",
            "These do not open: https://a.example https://b.example https://c.example",
            "Rechtschreibfehler werden markiert",
            "hahahahahahahahaha love it", "kkkkkkkkkkkkk muito bom", "jajajajajajajaja me encanta",
            "nonononono please", "ooooooooo yeahhhhhhhh", "wkwkwkwkwkwkwk",
            "see https://example.com/aaaaaaaaaaaa/bcdfghjklm",
            "SOOOOO GOOOOOD", "", "hmmmmm", "The link <a href='#'> in your mail is broken",
        ],
    )  # fmt: skip
    def test_is_not_what_customers_complain_about(self, text):
        assert not spam_in(text).is_held

    @pytest.mark.parametrize(
        "text", ["asdasdasdasd", "qweqweqweqwe asdasdasdasd", "sdfghjkl dfghjk"]
    )
    def test_is_keys_pressed_again_and_again(self, text):
        assert spam_in(text).is_held

    def test_is_not_a_rating_with_mashed_keys(self):
        assert is_gibberish("asdfghjkl qwertyuiop")
        assert not spam_in("asdfghjkl qwertyuiop", rating=5).is_held

    def test_is_not_what_was_sent_fast(self):
        assert not spam_in("Love it", extra={"signals": {"seconds": 0.5}}).is_held

    @pytest.mark.parametrize("signals", [None, "x", {"seconds": "1"}, {"seconds": None}])
    def test_bears_signals_of_any_shape(self, signals):
        assert spam_in("Love it", extra={"signals": signals}).score == 0
