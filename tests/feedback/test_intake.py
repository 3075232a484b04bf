from datetime import timedelta

import pytest

from feedback.intake import submit_feedback
from feedback.models import Customer, FeedbackItem
from tests.factories import NOW, make_feedback


def submit(project, *rows, now=NOW, **facts):
    return submit_feedback(project=project, rows=rows, now=now, **facts)


class TestSubmitAgain:
    def test_the_same_row_changes_nothing(self, shop):
        submit(shop, {"id": "1", "text": "Slow"})

        assert submit(shop, {"id": "1", "text": "Slow"}).unchanged == 1

    def test_a_row_that_does_not_say_when_keeps_its_first_time(self, shop):
        submit(shop, {"id": "1", "text": "Slow"})
        later = submit(shop, {"id": "1", "text": "Slow"}, now=NOW + timedelta(hours=1))

        assert later.unchanged == 1
        assert FeedbackItem.objects.get().said_at == NOW

    def test_words_that_were_edited_are_taken_over_and_linked_anew(self, shop):
        submit(shop, {"id": "1", "text": "Slow"})
        FeedbackItem.objects.update(linked_at=NOW)

        assert submit(shop, {"id": "1", "text": "It crashed"}).updated == 1
        item = FeedbackItem.objects.get()
        assert (item.text, item.theme, item.linked_at) == ("It crashed", "crash", None)

    def test_what_a_row_is_silent_about_stays(self, shop):
        submit(shop, {"id": "1", "text": "Slow", "rating": 2, "reply_text": "We are on it"})
        submit(shop, {"id": "1", "text": "Slow", "version": "1.2"})

        item = FeedbackItem.objects.get()
        assert (item.rating, item.reply_text, item.version) == (2, "We are on it", "1.2")

    def test_without_an_id_the_same_words_at_the_same_time_are_one(self, shop):
        row = {"text": "Slow", "created_at": "2026-03-01T10:00:00Z"}
        submit(shop, row)

        assert submit(shop, row).unchanged == 1

    def test_without_id_and_time_the_same_words_may_be_two_people(self, shop):
        assert submit(shop, {"text": "Slow"}, {"text": "Slow"}).created == 2

    def test_one_id_in_two_sources_is_two_things(self, shop):
        rows = [{"id": "1", "text": "Slow", "source": source} for source in ("play", "mail")]

        assert submit(shop, *rows).created == 2

    def test_a_row_named_twice_in_a_batch_is_kept_as_it_was_last(self, shop):
        report = submit(shop, {"id": "1", "text": "Slow"}, {"id": "1", "text": "Fast"})

        assert (report.created, report.unchanged) == (1, 1)
        assert FeedbackItem.objects.get().text == "Fast"


class TestRows:
    @pytest.mark.parametrize(
        ("rating", "scale", "kept"),
        [(3, None, 3), ("4.5", 5, 4.5), (10, 10, 5), (0, 10, 1), (50, 100, 3)],
    )
    def test_a_rating_is_kept_from_1_to_5(self, shop, rating, scale, kept):
        item = make_feedback(shop, rating=rating, rating_max=scale)

        assert item.rating == kept

    @pytest.mark.parametrize(
        "customer", ["c-1", {"id": "c-1", "name": "Kim"}, {"email": "c-1"}, {"name": "c-1"}]
    )
    def test_a_customer_is_known_by_the_best_that_was_said(self, shop, customer):
        assert make_feedback(shop, customer=customer).customer.external_id == "c-1"

    def test_a_customer_who_says_two_things_is_one_customer(self, shop):
        submit(shop, {"text": "A", "customer": "c-1"}, {"text": "B", "customer": "c-1"})

        assert Customer.objects.count() == 1

    def test_a_dry_run_writes_nothing(self, shop):
        report = submit(shop, {"text": "A", "customer": "c-1"}, dry_run=True)

        assert report.created == 1
        assert not FeedbackItem.objects.exists()
        assert not Customer.objects.exists()

    def test_a_customer_whose_name_is_told_later_has_it(self, shop):
        submit(shop, {"id": "1", "text": "A", "customer": "c-1"})
        submit(
            shop,
            {"id": "2", "text": "B", "customer": {"id": "c-1", "name": "Kim"}},
            {"id": "3", "text": "C", "customer": {"id": "c-1", "email": "kim@x.example"}},
            {"id": "4", "text": "D", "customer": "c-1"},
        )

        customer = Customer.objects.get()
        assert (customer.name, customer.email) == ("Kim", "kim@x.example")

    def test_a_rating_keeps_what_was_given(self, shop):
        item = make_feedback(shop, rating=9, rating_scale="nps")

        assert (item.rating, item.rating_scale, item.rating_given) == (4.6, "nps", 9)
