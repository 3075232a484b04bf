"""What a rush leaves in the journal becomes feedback: each once, whatever happens meanwhile."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from feedback import api_door, arrivals
from feedback.arrivals import has_room, put
from feedback.models import Arrival, FeedbackItem
from feedback.rows import read_feedback
from feedback.singles import submit_many, submit_one
from feedback.sorting import settle, sort_waiting
from tests.factories import make_feedback, make_key, make_project, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database_on_disk")]
LONG = (
    "Every time I open the list of my photos after the last update the whole app freezes for a "
    "minute and then closes by itself"
)


@pytest.fixture
def shop():
    return make_project("Shop", owner=make_user("ada@example.com"))


def rush(project, text="It is slow", **facts):
    row = {"text": text, **facts}
    return submit_one(project=project, row=row, now=timezone.now(), in_a_rush=True)


def put_broken(project, pk=10**6):
    said = json.dumps({"text": "It is slow", "nobody_knows": 1})
    return Arrival.objects.create(
        id=pk, project=project, source="api", external_id=f"broken-{pk}",
        received_at=timezone.now(), said=said, put_by=0,
    )  # fmt: skip


def sort(minutes=0):
    return sort_waiting(now=timezone.now() + timedelta(minutes=minutes))


class TestPut:
    def test_waits_in_the_journal_and_is_no_feedback_yet(self, shop):
        rush(shop)

        assert (Arrival.objects.count(), FeedbackItem.objects.count()) == (1, 0)

    def test_promises_ids_that_no_other_feedback_is_given(self, shop):
        promised = {rush(shop, f"Slow {n}")[0].pk for n in range(3)}
        now_and_then, _ = submit_one(project=shop, row={"text": "Fast"}, now=timezone.now())
        sort()

        assert now_and_then.pk not in promised
        assert set(FeedbackItem.objects.values_list("pk", flat=True)) == {
            *promised, now_and_then.pk,
        }  # fmt: skip

    def test_keeps_all_that_was_said(self, shop):
        row = {
            "id": "one", "text": "Langsam — “sehr” 🐌", "rating": 0, "rating_scale": "nps",
            "created_at": "2026-03-11T17:20:00.123456Z", "customer": {"email": "kim@x.example"},
            "url": "https://x.example", "reply_text": "Danke", "replied_at": "2026-03-12T08:00:00Z",
            "plan": ["a", {"b": None}],
        }  # fmt: skip
        now = timezone.now()
        one = read_feedback(row, now=now)
        submit_many(project=shop, rows=[row], now=now, in_a_rush=True)
        sort()

        item = FeedbackItem.objects.select_related("customer").get()
        assert {name: getattr(item, name) for name in one.edits()} == one.edits()
        assert (item.rating_given, item.customer.email, item.received_at) == (
            0, "kim@x.example", now,
        )  # fmt: skip

    def test_what_waits_already_is_known_and_its_new_words_are_taken_over(self, shop):
        first, _ = rush(shop, "It is slow", id="r1")
        again, created = rush(shop, "It is fast", id="r1")

        assert (again.pk, created) == (first.pk, False)
        assert FeedbackItem.objects.get().text == "It is fast"
        assert not Arrival.objects.exists()

    def test_what_is_a_feedback_already_is_known(self, shop):
        submit_one(project=shop, row={"id": "r1", "text": "Slow"}, now=timezone.now())

        assert rush(shop, "Slow", id="r1")[1] is False
        assert not Arrival.objects.exists()

    def test_projects_do_not_share_ids(self, shop):
        bakery = make_project("Bakery", owner=make_user("cleo@example.com"))
        got = [rush(project, f"At {project}", id="r1") for project in (shop, bakery)]
        sort()

        assert [created for _, created in got] == [True, True]
        assert {item.text for item in FeedbackItem.objects.all()} == {"At Shop", "At Bakery"}

    def test_there_is_room_until_more_waits_than_may(self, shop, settings):
        settings.MOST_UNSORTED_FEEDBACK = 2
        clock = iter([1e9, 1e9 + 0.5, 1e9 + 2, 1e9 + 4])
        put(shop.pk, [read_feedback({"text": "a"}, now=timezone.now())], now=timezone.now())
        looks = [has_room(clock=lambda: next(clock))]
        for text in ("b", "c"):
            put(shop.pk, [read_feedback({"text": text}, now=timezone.now())], now=timezone.now())
            looks.append(has_room(clock=lambda: next(clock)))
        sort()
        looks.append(has_room(clock=lambda: next(clock)))
        arrivals._room["asked_at"] = -1e9

        assert looks == [True, True, False, True]


class TestSortWaiting:
    def test_tells_the_language(self, shop):
        rush(shop, "Die App stürzt jedes Mal ab, wenn ich meine Fotos öffnen will")
        sort()

        assert FeedbackItem.objects.get().language == "de"

    def test_merges_what_was_said_twice(self, shop):
        for source in ("play", "app_store"):
            rush(shop, LONG, source=source)
        sort()

        assert FeedbackItem.objects.heard().count() == 1

    def test_leaves_nothing_waiting(self, shop):
        submit_many(
            project=shop, rows=[{"text": f"Slow {n}"} for n in range(450)], now=timezone.now(),
            in_a_rush=True,
        )  # fmt: skip

        assert sort() == (450, False)
        assert (Arrival.objects.count(), FeedbackItem.objects.count()) == (0, 450)

    def test_two_workers_at_once_sort_each_once(self, shop):
        rows = [{"id": f"r{n}", "text": f"Slow {n}"} for n in range(300)]
        submit_many(project=shop, rows=rows, now=timezone.now(), in_a_rush=True)

        def run(_):
            try:
                return sort()[0]
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(run, range(2)))

        assert sum(counts) == FeedbackItem.objects.count() == 300

    def test_what_is_sent_again_while_it_is_sorted_is_told_as_known(self, shop):
        rows = [{"id": f"r{n}", "text": f"Slow {n}"} for n in range(200)]
        submit_many(project=shop, rows=rows, now=timezone.now(), in_a_rush=True)

        def run(number):
            try:
                if not number:
                    return sort()[0] * 0
                return sum(rush(shop, row["text"], id=row["id"])[1] for row in rows[number::10])
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            told_as_new = list(pool.map(run, range(4)))
        sort()

        assert sum(told_as_new) == 0
        assert (Arrival.objects.count(), FeedbackItem.objects.count()) == (0, 200)

    def test_one_that_cannot_be_sorted_holds_up_no_other_and_is_kept(self, shop):
        put_broken(shop)
        rush(shop)
        sort()

        left = Arrival.objects.get()
        assert (left.external_id, left.tries, left.problem) == ("broken-1000000", 1, "TypeError")
        assert FeedbackItem.objects.count() == 1

    def test_one_that_could_not_be_sorted_is_tried_again_later(self, shop):
        broken = put_broken(shop)
        sort()
        Arrival.objects.filter(pk=broken.pk).update(said='{"text": "It is slow"}')

        assert sort()[0] == 0
        assert sort(minutes=2)[0] == 1
        assert FeedbackItem.objects.get().pk == broken.pk

    def test_what_customers_said_stays_out_of_the_log(self, shop, caplog):
        put_broken(shop)
        sort()

        assert "TypeError" in caplog.text
        assert "It is slow" not in caplog.text

    def test_what_is_left_of_a_project_that_is_gone_goes_too(self, shop):
        rush(shop)
        Arrival.objects.update(project=10**6)
        sort()

        assert not Arrival.objects.exists()

    def test_an_id_that_is_taken_does_not_lose_what_was_said(self, shop):
        promised = rush(shop, "It is slow")[0].pk
        other, _ = submit_one(project=shop, row={"text": "Taken"}, now=timezone.now())
        Arrival.objects.filter(pk=promised).update(id=other.pk)
        sort()

        assert {item.text for item in FeedbackItem.objects.all()} == {"It is slow", "Taken"}


class TestTheDoor:
    @pytest.fixture
    def send(self, shop, client, monkeypatch):
        """Send feedback by the API while a rush is on; return the answer."""
        rung = []
        monkeypatch.setattr("feedback.api_door.ring_soon", lambda: rung.append(1))
        key = make_key(shop)

        def send(body):
            with ExitStack() as others:
                for _ in range(3):
                    others.enter_context(api_door._rush)
                answer = client.post(
                    "/api/v1/feedback/", body, content_type="application/json",
                    headers={"Authorization": f"Bearer {key}"},
                )  # fmt: skip
            return answer, rung

        yield send
        api_door._rush._until = 0.0

    def test_answers_in_a_rush_as_it_always_does(self, shop, send, client):
        one = {"id": "a", "text": "It crashes, my card is 4111 1111 1111 1111", "rating": 1}
        in_a_rush, rung = send(one)
        assert Arrival.objects.count() == 1
        again, _ = send(one)

        assert (in_a_rush.status_code, again.status_code, len(rung)) == (201, 200, 2)
        assert "4111" not in in_a_rush.json()["text"]
        assert again.json() == in_a_rush.json() | {"created": False}

    def test_names_the_bad_rows_of_a_batch_in_a_rush(self, send):
        answer, _ = send({"feedback": [{"text": "Good"}, {"rating": 9}]})

        assert answer.json()["created"] == 1
        assert [error["index"] for error in answer.json()["errors"]] == [1]
        assert Arrival.objects.count() == 1

    def test_does_all_at_once_again_when_too_much_waits(self, shop, send, settings, monkeypatch):
        monkeypatch.setitem(arrivals._room, "asked_at", -1e9)
        settings.MOST_UNSORTED_FEEDBACK = -1
        send({"text": "It is slow"})
        monkeypatch.setitem(arrivals._room, "asked_at", -1e9)

        assert (Arrival.objects.count(), FeedbackItem.objects.count()) == (0, 1)

    def test_the_inbox_says_what_waits_too_long(self, shop, client):
        rush(shop)
        client.force_login(User.objects.get())
        soon = client.get("/p/shop/feedback/?all=on").content.decode()
        Arrival.objects.update(received_at=timezone.now() - timedelta(minutes=5))
        late = client.get("/p/shop/feedback/?all=on").content.decode()

        assert "to be sorted in" not in soon
        assert "1 came and waits to be sorted in" in late
        assert "Nothing is sorted in yet" in late and "Nobody has said anything" not in late

    def test_the_inbox_says_what_cannot_be_sorted(self, shop, client):
        make_feedback(shop, "It is slow")
        rush(shop)
        Arrival.objects.update(
            received_at=timezone.now() - timedelta(days=1), tries=1, due_at=timezone.now()
        )
        client.force_login(User.objects.get())
        page = client.get("/p/shop/feedback/?all=on").content.decode()

        assert "1 could not be sorted in and is tried again" in page
        assert "to be sorted in, the first since" not in page

    @pytest.mark.parametrize(("count", "said"), [(2, "2 came and wait"), (3, "More than 2 came")])
    def test_the_inbox_says_how_many_wait(self, shop, client, monkeypatch, count, said):
        monkeypatch.setattr(arrivals, "SHOWN", 2)
        for n in range(count):
            rush(shop, f"Text {n}")
        Arrival.objects.update(received_at=timezone.now() - timedelta(minutes=5))
        client.force_login(User.objects.get())

        assert said in client.get("/p/shop/feedback/?all=on").content.decode()


class TestReadingWhatWaits:
    def test_one_read_by_its_id_is_sorted_at_once(self, shop, client):
        item, _ = rush(shop, "It is slow")
        rush(shop, "Another")
        answer = client.get(
            f"/api/v1/feedback/{item.pk}/", headers={"Authorization": f"Bearer {make_key(shop)}"}
        )

        assert answer.json()["text"] == "It is slow"
        assert Arrival.objects.count() == 1

    def test_that_of_another_project_is_not_found(self, shop, client):
        item, _ = rush(shop, "It is slow")
        bakery = make_project("Bakery", owner=make_user("cleo@example.com"))
        key = make_key(bakery)
        answer = client.get(
            f"/api/v1/feedback/{item.pk}/", headers={"Authorization": f"Bearer {key}"}
        )

        assert answer.status_code == 404
        assert Arrival.objects.count() == 1

    def test_settling_a_project_leaves_those_of_others(self, shop):
        bakery = make_project("Bakery", owner=make_user("cleo@example.com"))
        for project in (shop, bakery):
            rush(project)

        assert settle(shop, now=timezone.now()) == 1
        assert Arrival.objects.get().project == bakery
