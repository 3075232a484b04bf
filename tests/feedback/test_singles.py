"""What programs send: the same is stored whether it comes now and then or in a rush."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from common.errors import BadInput
from feedback.intake import submit_feedback
from feedback.models import Customer, FeedbackItem
from feedback.remembering import forget, of_customer
from feedback.singles import submit_many, submit_one
from feedback.sorting import sort_waiting
from tests.factories import make_project, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_on_disk")]


@pytest.fixture
def shop():
    return make_project("Shop", owner=make_user("ada@example.com"))


@pytest.fixture(params=[False, True], ids=["now and then", "in a rush"])
def say(request):
    """Say one thing, and in a rush let it be sorted in."""

    def say(project, text, **facts):
        row = {"text": text, **facts}
        got = submit_one(project=project, row=row, now=timezone.now(), in_a_rush=request.param)
        sort_waiting(now=timezone.now())
        return got

    return say


def all_at_once(project, rows):
    """Say all of it from eight threads, half of them in a rush, and return what each got."""

    def run(numbered):
        number, row = numbered
        try:
            return submit_one(
                project=project, row=row, now=timezone.now(), in_a_rush=number % 2 == 1
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(run, enumerate(rows)))
    sort_waiting(now=timezone.now())
    return got


class TestSubmitOne:
    def test_stores_what_is_said_as_a_batch_would(self, shop, say):
        row = {"text": "It crashes when I pay", "rating": 1, "version": "2.0", "beta": True}
        one, created = say(shop, **row, customer={"id": "c1", "name": "Kim"}, id="one")
        stored = FeedbackItem.objects.get(pk=one.pk)
        submit_feedback(
            project=shop, rows=[{**row, "id": "other", "source": "x"}], now=stored.received_at
        )

        fields = [
            field.attname
            for field in FeedbackItem._meta.concrete_fields
            if field.attname not in ("id", "external_id", "source", "customer_id")
        ]
        quick, batch = FeedbackItem.objects.order_by("pk").values(*fields)
        assert created
        assert quick == batch

    def test_of_many_at_once_each_is_stored_once_under_its_own_id(self, shop):
        rows = [{"id": f"r{n % 60}", "text": f"The list is slow {n % 60}"} for n in range(120)]

        got = all_at_once(shop, rows)

        assert FeedbackItem.objects.count() == 60
        assert sum(created for _, created in got) == 60
        assert all(item.external_id == row["id"] for (item, _), row in zip(got, rows, strict=True))

    def test_of_many_at_once_every_customer_is_made_once(self, shop):
        rows = [{"text": f"Slow {n}", "customer": {"id": f"c{n % 5}"}} for n in range(60)]

        all_at_once(shop, rows)

        assert Customer.objects.count() == 5
        assert FeedbackItem.objects.filter(customer=None).count() == 0

    def test_the_answer_names_the_theme_and_the_mood(self, shop, say):
        item, _ = say(shop, "It crashes", rating=1)

        assert (item.theme, item.mood) == ("crash", "bad")

    def test_spam_is_held_back(self, shop, say):
        item, _ = say(shop, "https://a.example casino bonus, buy followers, call +1 555 123 4567")

        assert FeedbackItem.objects.get(pk=item.pk).held_at is not None

    def test_words_that_change_under_one_id_are_taken_over(self, shop, say):
        first, _ = say(shop, "It is slow", id="r1")
        again, created = say(shop, "It is fast again", id="r1")

        assert (again.pk, created) == (first.pk, False)
        assert FeedbackItem.objects.get().text == "It is fast again"

    def test_a_name_learned_later_is_kept(self, shop, say):
        say(shop, "Slow", customer={"id": "c1"})
        say(shop, "Slow still", customer={"id": "c1", "name": "Kim"})

        assert Customer.objects.get().name == "Kim"

    def test_what_was_to_be_forgotten_does_not_come_back(self, shop, say):
        row = {"text": "Slow", "customer": {"id": "c1"}}
        forget(shop, of_customer(shop, "c1", ""), now=timezone.now() + timedelta(seconds=9))

        with pytest.raises(BadInput, match="forgotten"):
            submit_one(project=shop, row=row, now=timezone.now())
        submit_one(project=shop, row=row, now=timezone.now(), in_a_rush=True)
        sort_waiting(now=timezone.now())
        assert not FeedbackItem.objects.exists()

    def test_a_card_number_is_taken_out(self, shop, say):
        item, _ = say(shop, "My card 4111 1111 1111 1111 is refused")

        assert "4111" not in FeedbackItem.objects.get(pk=item.pk).text


class TestSubmitMany:
    @pytest.mark.parametrize("in_a_rush", [False, True])
    def test_counts_what_is_new_known_changed_and_bad(self, shop, say, in_a_rush):
        say(shop, "It is slow", id="known")
        say(shop, "It is slow", id="changed")
        rows = [
            {"id": "known", "text": "It is slow"},
            {"id": "changed", "text": "It is fast"},
            {"id": "new", "text": "It crashes", "customer": {"id": "c1"}},
            {"id": "spam", "text": "casino bonus, buy followers, call +1 555 123 4567"},
            {"rating": 9},
        ]

        now = timezone.now()
        report = submit_many(project=shop, rows=rows, now=now, in_a_rush=in_a_rush)
        sort_waiting(now=timezone.now())

        assert (report.created, report.updated, report.unchanged) == (2, 1, 1)
        assert [one.index for one in report.errors] == [4]
        assert FeedbackItem.objects.get(external_id="changed").text == "It is fast"
        assert FeedbackItem.objects.get(external_id="spam").held_at is not None

    def test_two_batches_with_the_same_rows_at_once_store_each_once(self, shop):
        rows = [{"id": f"r{n}", "text": f"Slow {n}", "customer": f"c{n % 7}"} for n in range(50)]

        def run(number):
            try:
                return submit_many(
                    project=shop, rows=rows, now=timezone.now(), in_a_rush=number % 2 == 1
                )
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            reports = list(pool.map(run, range(4)))
        sort_waiting(now=timezone.now())

        assert FeedbackItem.objects.count() == 50
        assert sum(report.created for report in reports) == 50
