"""One thing said at a time by many at once: stored once each, and sorted in by a worker."""

from concurrent.futures import ThreadPoolExecutor

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
LONG = (
    "Every time I open the list of my photos after the last update the whole app freezes for a "
    "minute and then closes by itself"
)


@pytest.fixture
def shop():
    return make_project("Shop", owner=make_user("ada@example.com"))


def say(project, text, **facts):
    return submit_one(project=project, row={"text": text, **facts}, now=timezone.now())


def all_at_once(project, rows):
    """Say all of it from eight threads, and return what each got."""

    def run(row):
        try:
            return submit_one(project=project, row=row, now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, rows))


class TestSubmitOne:
    def test_stores_what_is_said_as_a_batch_would(self, shop):
        row = {"text": "It crashes when I pay", "rating": 1, "version": "2.0", "beta": True}
        one, created = say(shop, **row, customer={"id": "c1", "name": "Kim"}, id="one")
        submit_feedback(
            project=shop, rows=[{**row, "id": "other", "source": "x"}], now=one.received_at
        )
        sort_waiting(now=timezone.now())

        fields = [
            field.attname
            for field in FeedbackItem._meta.concrete_fields
            if field.attname not in ("id", "external_id", "source", "customer_id", "said_at")
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

    def test_the_answer_names_the_theme_and_the_mood(self, shop):
        item, _ = say(shop, "It crashes", rating=1)

        assert (item.theme, item.mood) == ("crash", "bad")

    def test_spam_is_held_back_before_the_answer(self, shop):
        item, _ = say(shop, "https://a.example casino bonus, buy followers, call +1 555 123 4567")

        assert FeedbackItem.objects.get(pk=item.pk).held_at is not None

    def test_words_that_change_under_one_id_are_taken_over(self, shop):
        first, _ = say(shop, "It is slow", id="r1")
        again, created = say(shop, "It is fast again", id="r1")

        assert (again.pk, created) == (first.pk, False)
        assert FeedbackItem.objects.get().text == "It is fast again"

    def test_a_name_learned_later_is_kept(self, shop):
        say(shop, "Slow", customer={"id": "c1"})
        say(shop, "Slow still", customer={"id": "c1", "name": "Kim"})

        assert Customer.objects.get().name == "Kim"

    def test_what_was_to_be_forgotten_does_not_come_back(self, shop):
        forget(shop, of_customer(shop, "c1", ""), now=timezone.now())

        with pytest.raises(BadInput, match="forgotten"):
            say(shop, "Slow", customer={"id": "c1"})
        assert not FeedbackItem.objects.exists()

    def test_a_card_number_is_taken_out(self, shop):
        item, _ = say(shop, "My card 4111 1111 1111 1111 is refused")

        assert "4111" not in FeedbackItem.objects.get(pk=item.pk).text


class TestSubmitMany:
    def test_counts_what_is_new_known_changed_and_bad(self, shop):
        say(shop, "It is slow", id="known")
        say(shop, "It is slow", id="changed")
        rows = [
            {"id": "known", "text": "It is slow"},
            {"id": "changed", "text": "It is fast"},
            {"id": "new", "text": "It crashes", "customer": {"id": "c1"}},
            {"id": "spam", "text": "casino bonus, buy followers, call +1 555 123 4567"},
            {"rating": 9},
        ]

        report = submit_many(project=shop, rows=rows, now=timezone.now())

        assert (report.created, report.updated, report.unchanged) == (2, 1, 1)
        assert [one.index for one in report.errors] == [4]
        assert FeedbackItem.objects.get(external_id="changed").text == "It is fast"
        assert FeedbackItem.objects.get(external_id="spam").held_at is not None

    def test_two_batches_with_the_same_rows_at_once_store_each_once(self, shop):
        rows = [{"id": f"r{n}", "text": f"Slow {n}", "customer": f"c{n % 7}"} for n in range(50)]

        def run(_):
            try:
                return submit_many(project=shop, rows=rows, now=timezone.now())
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            reports = list(pool.map(run, range(4)))

        assert FeedbackItem.objects.count() == 50
        assert sum(report.created for report in reports) == 50


class TestSortWaiting:
    def test_tells_the_language(self, shop):
        say(shop, "Die App stürzt jedes Mal ab, wenn ich meine Fotos öffnen will")
        sort_waiting(now=timezone.now())

        assert FeedbackItem.objects.get().language == "de"

    def test_merges_what_was_said_twice(self, shop):
        for source in ("play", "app_store"):
            say(shop, LONG, source=source)
        sort_waiting(now=timezone.now())

        assert FeedbackItem.objects.heard().count() == 1

    def test_merges_what_one_customer_said_twice_at_the_same_moment(self, shop):
        row = {"text": "It is so slow today", "customer": {"id": "c1"}}
        all_at_once(shop, [row] * 8)
        sort_waiting(now=timezone.now())

        assert FeedbackItem.objects.heard().count() == 1

    def test_leaves_nothing_waiting_and_is_safe_to_run_twice(self, shop):
        for n in range(3):
            say(shop, f"{LONG} {n}", source=f"s{n}")
        sort_waiting(now=timezone.now())
        before = list(FeedbackItem.objects.order_by("pk").values())
        FeedbackItem.objects.update(awaits_sorting=True)

        sort_waiting(now=timezone.now())

        assert list(FeedbackItem.objects.order_by("pk").values()) == before
